"""Which words belong to which of several numbers of one kind.

"Of the boys 12 % were ill, and 5 % of the girls" holds every word of "5 % of the boys were ill". Its clauses, one
for each number, tell them apart: that of 5 % speaks of girls, and the claim only of what that of 12 % speaks of.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ingest import content_words

from .facts import Facts, Number

# Where a text may be cut between two numbers, the likeliest places first.
_CUTS = (
    frozenset(".!?"),
    frozenset(";|"),
    frozenset(
        "but while whereas versus vs compared against than unlike because although though since which who when".split()
    ),
    frozenset(("and", "or")),
    frozenset(",(:"),
)
# Behind these, and before what they end, a claim speaks of something besides.
_ASIDE = _CUTS[2]
_YEARS = range(1000, 2100)


def misplaced(number: Number, said: Facts, given: Facts) -> bool:
    """Whether the claim `said` says of its `number` what the source `given` says of another one of the same kind.

    >>> from retriever.facts import facts
    >>> source, claim = facts("Of the boys 12% were ill, and 5% of the girls."), facts("5% of the boys were ill.")
    >>> misplaced(claim.numbers[0], claim, source)
    True
    """
    clauses = [(n, set(_words(given, *span))) for n, span in _clauses(given, number)]
    own = [words for n, words in clauses if _same(n, number)]
    rivals = [words for n, words in clauses if not _same(n, number)]
    if not own or not rivals:
        return False
    span = next(span for n, span in _clauses(said, number) if n == number)
    claim = set(_words(said, *_without_asides(said, number, span)))
    return all(_taken(claim, words, rivals) for words in own)


def _taken(claim: set[str], own: set[str], rivals: Sequence[set[str]]) -> bool:
    """Whether the words of a `claim` are those of a rival's clause, rather than of its number's `own`.

    They are where it says nothing that only its own does, or all that only the rival does and not all of its own.
    """
    mine = own.difference(*rivals)
    return any(
        mine and theirs and ((theirs & claim and not mine & claim) or (theirs <= claim and mine - claim))
        for theirs in (rival - own for rival in rivals)
    )


def _clauses(of: Facts, like: Number) -> Iterator[tuple[Number, tuple[int, int]]]:
    """The numbers of the same kind as `like`, each with the tokens of its clause; those of "5 to 10" share one."""
    alike = [n for n in of.numbers if _kind(n) == _kind(like)]
    start, together = 0, alike[:1]
    for number, after in pairwise(alike):
        if any(_words(of, number.at + 1, after.at)):
            end = _cut(of, number.at + 1, after.at)
            yield from ((n, (start, end)) for n in together)
            start, together = end, []
        together.append(after)
    yield from ((n, (start, len(of.tokens))) for n in together)


def _cut(of: Facts, start: int, end: int) -> int:
    """Where the tokens from `start` to `end`, those between two numbers, are best cut."""
    for marks in _CUTS:
        for i in range(start, end):
            if of.tokens[i] in marks:
                return i
    return end


def _without_asides(said: Facts, number: Number, span: tuple[int, int]) -> tuple[int, int]:
    """`span` up to where the claim begins to compare; after it, if the number comes there."""
    start, end = span
    for i in range(start, end):
        if said.tokens[i] in _ASIDE:
            if i > number.at:
                return start, i
            if said.tokens[i] != "than":
                start = next((j for j in range(i, number.at) if said.tokens[j] == ","), i)
    return start, end


def _words(of: Facts, start: int, end: int) -> Iterator[str]:
    """The stems of the content words among the tokens from `start` to `end`, units aside."""
    aside = {at for n in of.numbers for at in (n.at, n.at + 1) if at == n.at or n.unit}
    for i in range(start, end):
        token = of.tokens[i]
        if i in aside or len(token) == 1 or not token[0].isalpha() or any(token in marks for marks in _CUTS):
            continue
        if len(content_words(f"{token} x")) == 2:
            yield of.stems[i]


def _same(one: Number, other: Number) -> bool:
    return math.isclose(one.value, other.value, rel_tol=1e-9)


def _kind(number: Number) -> str:
    """Numbers of one kind may be taken for each other: those with the same unit, and years."""
    return number.unit or ("a year" if number.value in _YEARS else "")
