"""A question in the library's words: slips of the pen mended, initials of titles spelled out.

Both only where the library leaves no doubt what was meant. Of slips only a longer word in small letters is looked at
that neither the library nor the encoder's vocabulary holds, and only words one slip away (Damerau, 1964: a letter too
many, too few, wrong, or two in the wrong order) between the first letter and the last.
"""

import re
from collections.abc import Iterator

from ingest import Library, stem

# Short words have too many neighbours.
LEAST_LETTERS = 6
# "NDA", by which a lawyer means the non-disclosure agreement.
_INITIALS = re.compile(r"(?<![\w.-])[A-Z]{3,6}(?![\w.-])")
_TITLE_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_UNCOUNTED = frozenset("a an and for in of on the to".split())
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WORD = re.compile(rf"(?<![^\W_])[a-z]{{{LEAST_LETTERS},}}(?![^\W_])")


def mend(library: Library, question: str) -> str:
    """`question` with mistyped words as the library writes them; inside `library.reading()`."""
    return _WORD.sub(lambda found: _nearest(library, found.group()), question)


def spell_out(library: Library, question: str) -> str:
    """`question` with what initials of titles stand for behind them, where no passage holds them; inside `reading()`.

    "Who may end the NDA?" is about the one "Mutual Non-Disclosure Agreement" that there is.
    """
    initials = {found for found in _INITIALS.findall(question) if not question.isupper()}
    unheld = {word for word in initials if not library.document_frequencies({stem(word.lower())})}
    titles = {info.title for info in library.store.documents()} if unheld else set()
    for word in sorted(unheld):
        meant = {phrase.lower(): phrase for title in titles for phrase in initialled(title, word)}
        if len(meant) == 1:
            question = re.sub(rf"\b{word}\b", rf"{word} ({meant.popitem()[1]})", question, count=1)
    return question


def initialled(title: str, initials: str) -> Iterator[str]:
    """The words of `title`, in a row, that `initials` are the first letters of, "and" and its like uncounted.

    >>> list(initialled("Mutual Non-Disclosure Agreement (draft)", "NDA")), list(initialled("Terms of Use", "TOU"))
    (['Non-Disclosure Agreement'], [])
    """
    counted = [word for word in _TITLE_WORD.finditer(title) if word[0].lower() not in _UNCOUNTED]
    first_letters = "".join(word[0][0].upper() for word in counted)
    for at in range(len(counted) - len(initials) + 1):
        if first_letters[at : at + len(initials)] == initials:
            yield title[counted[at].start() : counted[at + len(initials) - 1].end()]


def _nearest(library: Library, word: str) -> str:
    """The library's word one slip away from `word` that most passages hold; `word` if that is a word, or none is."""
    store = library.store
    if len(library.encoder.token_spans(word)) < 2 or store.holds_word(word):
        return word
    near = {other: stem(other) for other in dict.fromkeys(slips(word))}
    held = library.document_frequencies(set(near.values()))
    # A stem stands for words that nobody writes too: what was meant is written so somewhere.
    for other in sorted((o for o in near if near[o] in held), key=lambda o: -held[near[o]]):
        if store.holds_word(other):
            return other
    return word


def slips(word: str) -> Iterator[str]:
    """Every word one slip away from `word` that begins and ends as it does.

    >>> {"inflammation", "iflamation", "ifnlamation", "imflamation"} <= set(slips("inflamation"))
    True
    """
    for i in range(1, len(word)):
        before, after = word[:i], word[i:]
        yield from (before + letter + after for letter in _LETTERS)
        if len(after) > 1:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in _LETTERS)
        if len(after) > 2:
            yield before + after[1] + after[0] + after[2:]
