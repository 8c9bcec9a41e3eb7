"""Words of a question -> an expression for the lexical index (SQLite FTS5, BM25, Porter stems)."""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

# An underscore parts words in the index too.
_WORD = re.compile(r"[^\W_]+")
_COMPOUND = re.compile(r"[^\W_]+(?:[-/.+'’_][^\W_]+)+")

# Words that carry the grammar of a question, not its subject.
STOP_WORDS = frozenset(
    """a about all also am an and any are as at be been being both but by called can could did difference
    differences do does doing done
    for from get give given had happen happened happens has have having he her here him his how i if in into
    is it its itself just
    kind many may me mean means meant might more most much must my no nor not of off on once one only or other our
    out over own s same shall she should so some such t tell than that the their them then there these they this those
    through to too under until up upon us versus very vs was we were what when where which while who whom whose why will
    with would you your""".split()
)

# So many words of a long question are looked for, the rarest: the frequent ones take most of the time (DESIGN.md).
MOST_WORDS = 48

# Words that open an order and say nothing of its subject.
ORDERS = frozenset("compare define describe explain give list name outline show summarise summarize tell".split())


def words(text: str) -> list[str]:
    """The words of `text` as the index sees them before stemming: lower case, without accents.

    >>> words("Does PD-1 naïveté matter?")
    ['does', 'pd', '1', 'naivete', 'matter']
    """
    text = text.lower()
    if not text.isascii():
        text = "".join(map(_plain, unicodedata.normalize("NFC", text)))
    return _WORD.findall(text)


@lru_cache(10_000)
def _plain(char: str) -> str:
    """`char` without accents where the index takes them off too: from Latin letters, not from й, έ or 한."""
    if "\u0300" <= char <= "\u0331":
        return ""
    if char in "µς":
        return "μ" if char == "µ" else "σ"
    letter = unicodedata.normalize("NFD", char)[0]
    return letter if letter.isascii() and letter.isalpha() else char


def content_words(text: str) -> list[str]:
    """The words of `text` that carry its subject, each once, in order; all words if none does.

    >>> content_words("List the signs of a price list"), content_words("list")
    (['signs', 'price', 'list'], ['list'])
    """
    every = words(text)
    said = every[1:] if every and every[0] in ORDERS else every
    return list(dict.fromkeys(word for word in said if word not in STOP_WORDS)) or list(dict.fromkeys(every))


def rarest(text: str, frequencies: Callable[[Iterable[str]], Mapping[str, int]]) -> str:
    """`text`; of one with more than `MOST_WORDS` content words those that are rarest by the `frequencies` of stems."""
    asked = content_words(text)
    if len(asked) <= MOST_WORDS:
        return text
    held = frequencies(map(stem, asked))
    by_rarity = sorted((word for word in asked if stem(word) in held), key=lambda word: held[stem(word)])
    kept = set(by_rarity[:MOST_WORDS])
    return " ".join(word for word in asked if word in kept)


def expression(text: str) -> str:
    """The FTS5 expression that finds passages with any content word of `text`; "" if it has no word.

    A compound such as PD-1 is looked for as a phrase too.

    >>> expression("What does PD-1 do?")
    '"pd" OR "1" OR "pd 1"'
    """
    compounds = [" ".join(words(match)) for match in _COMPOUND.findall(text)]
    terms = dict.fromkeys([*content_words(text), *compounds])
    return " OR ".join(f'"{term}"' for term in terms)


# SQLite stems by Porter's later version: it adds "-logy" and "-bly", and leaves words of two letters alone.
_LATER = re.compile(r"(.*[aeiouy][^aeiouy].*)(?:(log)(?:y|ies)|(bl)y)")


@lru_cache(50_000)
def stem(word: str) -> str:
    """The Porter stem of a word in the form `words` gives, as the index stores it.

    >>> stem("tumours"), stem("immunology"), stem("ps")
    ('tumour', 'immunolog', 'ps')
    """
    if len(word) < 3:
        return word
    later = _LATER.fullmatch(word)
    if later:
        word = later[1] + (later[2] or f"{later[3]}e")
    result: str = _stemmer().stemWord(word)
    return result


def stems(text: str) -> set[str]:
    """The stems of the words of `text`.

    >>> sorted(stems("Kettles sing; the kettle sang."))
    ['kettl', 'sang', 'sing', 'the']
    """
    return {stem(word) for word in words(text)}


# Looking one term up takes FTS5 13 microseconds, reading on to the next below one. Slips of a word are many, and most
# begin as it does: of such a group, all terms from its first to its last are read.
ALIKE, MANY_ALIKE = 3, 30


def document_frequencies(db: Any, terms: Iterable[str]) -> dict[str, int]:
    """How many rows of the lexical index of `db` (a connection of apsw) hold each of the stems `terms`, if any does."""
    groups: dict[str, set[str]] = defaultdict(set)
    for term in terms:
        groups[term[:ALIKE]].add(term)
    few = [term for group in groups.values() if len(group) < MANY_ALIKE for term in group]
    held = "SELECT t.term, t.doc FROM json_each(?) asked CROSS JOIN terms t WHERE t.term = asked.value"
    found: dict[str, int] = dict(db.execute(held, (json.dumps(few),)))
    for group in groups.values():
        if len(group) >= MANY_ALIKE:
            between = db.execute("SELECT term, doc FROM terms WHERE term BETWEEN ? AND ?", (min(group), max(group)))
            found.update((term, rows) for term, rows in between if term in group)
    return found


@lru_cache(1)
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("porter", 0)
