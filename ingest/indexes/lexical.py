"""Words of a question -> an expression for the lexical index (SQLite FTS5, BM25, Porter stems)."""

import re
import unicodedata
from functools import lru_cache
from typing import Any

_WORD = re.compile(r"\w+")
_COMPOUND = re.compile(r"\w+(?:[-/.+'’]\w+)+")

# Words that carry the grammar of a question, not its subject.
STOP_WORDS = frozenset(
    """a about all also am an and any are as at be been being both but by can could did do does doing done
    for from get give given had has have having he her here him his how i if in into is it its itself just
    kind many may me might more most much must my no nor not of off on once one only or other our out over own
    s same shall she should so some such t tell than that the their them then there these they this those
    through to too under until up upon us very was we were what when where which while who whom whose why will
    with would you your""".split()
)


def words(text: str) -> list[str]:
    """The words of `text` as the index sees them before stemming: lower case, without accents.

    >>> words("Does PD-1 naïveté matter?")
    ['does', 'pd', '1', 'naivete', 'matter']
    """
    plain = unicodedata.normalize("NFKD", text.lower())
    return _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)))


def content_words(text: str) -> list[str]:
    """The words of `text` that carry its subject, each once, in order; all words if none does."""
    every = list(dict.fromkeys(words(text)))
    return [word for word in every if word not in STOP_WORDS] or every


def expression(text: str) -> str:
    """The FTS5 expression that finds passages with any content word of `text`; "" if it has no word.

    A compound such as PD-1 is looked for as a phrase too.

    >>> expression("What does PD-1 do?")
    '"pd" OR "1" OR "pd 1"'
    """
    compounds = [" ".join(words(match)) for match in _COMPOUND.findall(text)]
    terms = dict.fromkeys([*content_words(text), *compounds])
    return " OR ".join(f'"{term}"' for term in terms)


def stem(word: str) -> str:
    """The Porter stem of a word in the form `words` gives, as the index stores it."""
    result: str = _stemmer().stemWord(word)
    return result


@lru_cache(1)
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("porter", 0)
