"""Questions in another script than what is found for them: the bundled encoder, of English, says nothing of those.

A few letters ("Здравствуйте" among the greetings of an English text) make no text in a script. Where a passage holds
half of the question's words it was found by these, whatever it is written in.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from ingest import Passage, content_words, stem, stems

# A text is written in every script that so many of its letters have.
LEAST_SHARE = 0.1
# A question is written in one that so many of its letters have.
QUESTION_SHARE = 0.8
_EAST_ASIAN = frozenset(("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC", "HALFWIDTH", "BOPOMOFO"))
_LATIN = "Latin"


def unread(question: str, passages: Iterable[Passage]) -> str | None:
    """The script of `question` where no passage is written in it, nor holds half of its words; else None.

    >>> unread("Какие побочные эффекты?", [Passage("a", "", None, None, 0, 13, "Side effects.")])
    'Cyrillic'
    >>> unread("Какие побочные эффекты?", [Passage("a", "", None, None, 0, 17, "Побочные явления.")])
    """
    counted = _counted(question)
    script, letters = counted.most_common(1)[0] if counted else (_LATIN, 0)
    if letters < QUESTION_SHARE * counted.total() or not letters:
        return None
    asked = {stem(word) for word in content_words(question)}
    passage = None
    for passage in passages:
        if _share(passage.text or passage.title, script) >= LEAST_SHARE or 2 * len(asked & stems(passage.text)) >= len(
            asked
        ):
            return None
    return script if passage else None


def _share(text: str, script: str) -> float:
    """The share of the letters of `text` that `script` has."""
    if text.isascii():
        return float(script == _LATIN)
    counted = _counted(text)
    return counted[script] / max(counted.total(), 1)


def _counted(text: str) -> Counter[str]:
    """How many letters of each script there are."""
    return Counter(_script(char) for char in text if char.isalpha())


@lru_cache(5_000)
def _script(letter: str) -> str:
    """The script of a letter, those of East Asia, which stand side by side, as one.

    >>> [_script(letter) for letter in "aéＢж副が"]
    ['Latin', 'Latin', 'Latin', 'Cyrillic', 'East Asian', 'East Asian']
    """
    plain = unicodedata.normalize("NFKC", letter)[0]  # "Fullwidth" is no script
    first = unicodedata.name(plain, "UNKNOWN").split()[0]
    return "East Asian" if first in _EAST_ASIAN else first.capitalize()
