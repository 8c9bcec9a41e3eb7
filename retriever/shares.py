"""Which words belong to which of several numbers of one kind.

"Of the boys 12 % were ill, and 5 % of the girls" holds every word of "5 % of the boys were ill". Its clauses, one
for each number, tell them apart: that of 5 % speaks of girls, and the claim only of what that of 12 % speaks of.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from .facts import MONTHS, Facts, Number, carries

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
_BYTES = frozenset("b kb mb gb tb".split())
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


def reordered(said: Facts, given: Facts) -> bool:
    """Whether the claim has two numbers of the source the other way round, or a number with another one's year.

    >>> from retriever.facts import facts
    >>> source = facts("Sales rose from $5 million in 2001 to $7 million in 2002. Of 90 shops 12 of 40 in Bonn lost.")
    >>> [reordered(facts(c), source) for c in ("Sales rose to $5 million in 2002.", "40 of 12 shops lost.")]
    [True, True]
    >>> reordered(facts("In 2002 sales were $7 million, and $5 million in 2001."), source)
    False
    """
    theirs = set(_joined(given))
    if any((y, link, x) in theirs and (x, link, y) not in theirs for x, link, y in _joined(said)):
        return True
    years = _years(given)
    for value, year in _years(said):
        of_value, of_year = {y for v, y in years if v == value}, {v for v, y in years if y == year}
        if of_value and of_year and year not in of_value:
            return True
    return False


def _joined(of: Facts) -> Iterator[tuple[float, str, float]]:
    """The values of two numbers of one kind, and whether "to" or "of" stands between them: "12 of 40"."""
    for number in of.numbers:
        other = next((n for n in of.numbers if n.at > number.at and _kind(n) == _kind(number)), None)
        between = of.tokens[number.at + 1 : other.at] if other else ()
        link = next((t for t in between if t in ("to", "of")), "")
        if other and link and len(between) <= 6 and not any(t in marks for t in between for marks in _CUTS):
            yield number.value, link, other.value


def _years(of: Facts) -> set[tuple[float, float]]:
    """The values of numbers with a unit, each with the nearest year of its clause."""
    years = [n for n in of.numbers if _kind(n) == "a year"]
    found = set()
    for number in of.numbers:
        if number.unit and years:
            nearest = min(years, key=lambda year: (abs(year.at - number.at), year.at < number.at))
            low, high = sorted((nearest.at, number.at))
            if not any(token in marks for token in of.tokens[low:high] for marks in _CUTS):
                found.add((number.value, nearest.value))
    return found


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
        if carries(token):
            yield of.stems[i]


def _same(one: Number, other: Number) -> bool:
    return math.isclose(one.value, other.value, rel_tol=1e-9)


def _kind(number: Number) -> str:
    """Numbers of one kind may be taken for each other: the same unit, sizes of files, days of months, years."""
    if number.unit in _BYTES:
        return "bytes"
    if number.unit in MONTHS:
        return "a date"
    return number.unit or ("a year" if number.value in _YEARS else "")
