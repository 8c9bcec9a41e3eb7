"""A question in the library's words: slips of the pen mended, initials of titles spelled out.

Both only where the library leaves no doubt what was meant. Of slips only a longer word in small letters is looked at
of which neither the library nor the encoder's vocabulary holds any form, and only words one slip away (Damerau, 1964: a
letter too many, too few, wrong, or two in the wrong order) between the first letter and the last.
"""

import re
from collections.abc import Iterator

from ingest import Library, stem

from .naming import KINDS, titles

# Short words have too many neighbours.
LEAST_LETTERS = 6
# "NDA", by which a lawyer means the non-disclosure agreement.
_INITIALS = re.compile(r"(?<![\w.-])[A-Z]{3,6}(?![\w.-])")
# Their last word is a kind of document: people call documents so, and seldom other things that a title names.
SPELLED_OUT = KINDS.union(
    "code guide guidelines plan policy procedure procedures protocol regulation regulations rules".split()
)
# What may stand between two words that initials count.
_SMALL = r"(?:an?|and|by|for|from|in|of|on|the|to|with)"
_BETWEEN = rf"(?:['’]\w+)?[^\w\n]+(?:{_SMALL}[^\w\n]+)*"
# A phrase that a title goes on with another word is only a part of one.
_ENDS = rf"\b(?![ \t]+(?!{_SMALL}\b|between\b)[^\W\d_])"
# What the stem of a word goes on with in its other forms: "invent" is a word, for there are inventions.
_ENDINGS = ("", *"e s y ed er es al or ly ion ing ity ive able ment ness ance ation".split())
# What words are made with: "subnet", "loader".
_PREFIXES = ("", *"de inter mis non out over pre re sub un under up".split())
_SUFFIXES = ("", *"able age ed er ers ing less ly ness s".split())
LEAST_PART = 3
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# No part of a file's name ("nda-falcon.md").
_WORD = re.compile(rf"(?<![^\W_])[a-z]{{{LEAST_LETTERS},}}(?![^\W_]|[\w-]*\.[a-z])")


def mend(library: Library, question: str) -> str:
    """`question` with mistyped words as the library writes them; inside `library.reading()`."""
    written = list(dict.fromkeys(_WORD.findall(question)))
    in_parts = library.encoder.token_spans_of(written)
    rare = [word for word, parts in zip(written, in_parts, strict=True) if len(parts) > 1]
    rare = [word for word in rare if not _is_known_otherwise(library, word)]
    return _WORD.sub(lambda found: _nearest(library, found[0]) if found[0] in rare else found[0], question)


def _is_known_otherwise(library: Library, word: str) -> bool:
    """Whether the encoder's vocabulary holds another form of `word`, or the word that it is made of."""
    root = stem(word)
    roots = {root, root.removesuffix("i") + "y", word}
    forms = {form for r in roots for end in _ENDINGS if stem(form := r + end) == root}
    for prefix in filter(word.startswith, _PREFIXES):
        rest = word.removeprefix(prefix)
        forms.update(rest.removesuffix(end) for end in _SUFFIXES)
    known = sorted(form for form in forms - {word} if len(form) >= LEAST_PART)
    return any(len(parts) == 1 for parts in library.encoder.token_spans_of(known))


def spell_out(library: Library, question: str) -> str:
    """`question` with what initials of titles stand for behind them, where no passage holds them; inside `reading()`.

    "Who may end the NDA?" is about the one "Mutual Non-Disclosure Agreement" that there is.
    """
    initials = {found for found in _INITIALS.findall(question) if not question.isupper()}
    unheld = {word for word in initials if not library.document_frequencies({stem(word.lower())})}
    for word in sorted(unheld):
        phrases = initialled(titles(library), word)
        meant = {phrase.lower(): phrase for phrase in phrases if phrase.split()[-1].lower() in SPELLED_OUT}
        if len(meant) == 1:
            question = question.replace(word, f"{word} ({meant.popitem()[1]})", 1)
    return question


def initialled(lines: str, initials: str) -> list[str]:
    """The words in a row in `lines`, a title each, that `initials` are the first letters of; "and" may be uncounted.

    At most one of them is such a small word, and the phrase ends there.

    >>> initialled("Terms of Use\\nMutual Non-Disclosure Agreement (draft)", "NDA")
    ['Non-Disclosure Agreement']
    >>> initialled("Terms of Use", "TOU"), initialled("Terms of Use", "TU"), initialled("Terms", "TU")
    (['Terms of Use'], ['Terms of Use'], [])
    >>> initialled("A System in a Multiprogramming Environment", "SIAM"), initialled("Master Services Agreement", "MS")
    ([], [])
    """
    counted = _BETWEEN.join(rf"\b({letter}[^\W\d_]*)" for letter in initials) + _ENDS
    found = re.finditer(counted, lines, re.IGNORECASE)
    return [m[0] for m in found if sum(bool(re.fullmatch(_SMALL, word, re.IGNORECASE)) for word in m.groups()) < 2]


def _nearest(library: Library, word: str) -> str:
    """The library's word one slip away from `word` that most passages hold; `word` if one holds that, or none is.

    Another form of a word that is held is no slip: "reducers", where the library has "reduces".
    """
    store = library.store
    if store.holds_word(word):
        return word
    near = {other: stem(other) for other in dict.fromkeys(slips(word))}
    held = library.document_frequencies(set(near.values()))
    # A stem stands for words that nobody writes too: what was meant is written so somewhere.
    for other in sorted((o for o in near if near[o] in held), key=lambda o: -held[near[o]]):
        if store.holds_word(other):
            return word if near[other] == stem(word) else other
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
