"""Who did what to whom, what came first and how many of them: what the same words say in another order.

"The Buyer pays the Seller", "A because B" and "more than" are read from both texts, each as two groups of words in
an order of meaning ("by" and "because" turn it), and compared where the texts have the same relation.
"""

from collections.abc import Iterator, Sequence

from ingest import stem

from .facts import Facts, carries

Relation = tuple[str, frozenset[str], frozenset[str]]
# A connective -> what it relates, and whether the cause, the earlier or the greater stands behind it.
_CONNECTIVES = {
    "because": ("cause", True),
    "due": ("cause", True),
    "owing": ("cause", True),
    "causes": ("cause", False),
    "caused": ("cause", False),
    "causing": ("cause", False),
    "before": ("time", False),
    "after": ("time", True),
    "than": ("than", False),
}
_ENDS = frozenset(".!?;:|")
_BREAKS = frozenset(",()") | _ENDS | frozenset("and or but while whereas which who that when if unless than".split())
_PREPOSITIONS = frozenset("of to in on at for with from into as about against over under between during".split())
# Who meets whom is met by them.
_MUTUAL = frozenset(stem(w) for w in "met meets married marries equal differs resembles joined shared played".split())
_SIDE = 4  # so many words of either side of a verb

_PAST = frozenset(
    "won beat led wrote made gave took bought sold paid sent held kept left built found taught hit".split()
)
_AUXILIARIES = frozenset("shall may must will can should would could has have had is was are were not also".split())

_RANKS = {
    **dict.fromkeys(("all", "every", "each"), 3),
    **dict.fromkeys(("most", "majority"), 2),
    **dict.fromkeys("some several many few certain half".split(), 1),
}
_ONLY = frozenset("only solely exclusively alone sole just except unless limited single".split())
_REACH = 5  # tokens between a quantifier and what it counts


def turned(said: Facts, given: Facts) -> bool:
    """Whether the claim `said` has the two sides of a relation of the source `given` the other way round.

    >>> from retriever.facts import facts
    >>> source = facts("The boiler failed because the pump leaked.")
    >>> turned(facts("The pump leaked because the boiler failed."), source)
    True
    >>> turned(facts("Because the pump leaked, the boiler failed."), source)
    False
    """
    theirs = list(_relations(given))
    return any(_is_turned(mine, [r for r in theirs if r[0] == mine[0]]) for mine in _relations(said))


def overstated(said: Facts, given: Facts) -> bool:
    """Whether the claim says "all" or "most" of what the source says less of, or "only" where it does not.

    >>> from retriever.facts import facts
    >>> overstated(facts("All members voted."), facts("Some members voted."))
    True
    >>> overstated(facts("Not all members voted."), facts("Some members voted."))
    False
    >>> overstated(facts("All members voted."), facts("All honorary members voted."))
    True
    """
    only = (i for i, word in enumerate(said.tokens) if word == "only" and not _counts(said, i + 1))
    if any(True for _ in only) and not _ONLY & set(given.tokens):
        return True
    return any(_RANKS.get(t, 0) > 1 and _more(said, i, given) for i, t in enumerate(said.tokens))


def _more(said: Facts, at: int, given: Facts) -> bool:
    """Whether the quantifier of the claim at `at` says more of its word than each of the source's that have it."""
    rank = _RANKS[said.tokens[at]]
    if at and said.tokens[at - 1] in ("not", *("at", "the") * (rank == 2)):
        return False
    word = next(
        (said.stems[i] for i in range(at + 1, min(at + _REACH, len(said.stems))) if carries(said.tokens[i])), ""
    )
    found = [_less(rank, given, i, said) for i, other in enumerate(given.stems) if other == word]
    known = [less for less in found if less is not None]
    return bool(known) and all(known)


def _less(rank: int, given: Facts, at: int, said: Facts) -> bool | None:
    """Whether the source says less than `rank` of its word at `at`; None where it does not say of how many."""
    numbers = {n.at for n in given.numbers}
    for i in range(at - 1, max(-1, at - 1 - _REACH), -1):
        mark = given.tokens[i]
        if mark in _ENDS or mark == ",":
            return None
        if mark in _RANKS:
            between = [given.stems[j] for j in range(i + 1, at) if carries(given.tokens[j]) and j not in numbers]
            denied = given.tokens[i - 1 : i] == ("not",)
            return denied or _RANKS[mark] < rank or any(word not in said.stems for word in between)
        if i in numbers and (given.tokens[i + 1] in ("of", "%") and given.tokens[i - 1 : i] != ("of",)):
            return rank == 3
    return None


def _counts(of: Facts, at: int) -> bool:
    return any(at <= n.at <= at + 2 for n in of.numbers)


def _is_turned(mine: Relation, theirs: Sequence[Relation]) -> bool:
    """Whether `mine` is one of `theirs` with its sides exchanged, and none of them as it stands."""
    if mine in theirs:
        return False
    found = False
    for _, first, second in theirs:
        if mine[1] & first - second and mine[2] & second - first:
            return False
        found = found or bool(mine[1] & second - first and mine[2] & first - second)
    return found


def alike(kind: str, said: Facts, given: Facts) -> bool:
    """Whether the claim has a relation of the source as it stands there: "time" (before, after) or "than".

    >>> from retriever.facts import facts
    >>> alike("time", facts("Eat after you swim."), facts("You swim before you eat."))
    True
    """
    theirs = [r for r in _relations(given) if r[0] == kind]
    return any(
        mine[1] & first - second and mine[2] & second - first
        for mine in _relations(said)
        if mine[0] == kind
        for _, first, second in theirs
    )


def _relations(of: Facts) -> Iterator[Relation]:
    """The relations of a text, each with its two groups of stems in their order of meaning."""
    for at, token in enumerate(of.tokens):
        if token in _CONNECTIVES:
            yield from _connected(of, at)
        elif _acts(of, at) and of.stems[at] not in _MUTUAL:
            yield from _done(of, at)


def _connected(of: Facts, at: int) -> Iterator[Relation]:
    kind, back = _CONNECTIVES[of.tokens[at]]
    start = next((i + 1 for i in range(at - 1, -1, -1) if of.tokens[i] in _ENDS), 0)
    end = next((i for i in range(at + 1, len(of.tokens)) if of.tokens[i] in _ENDS), len(of.tokens))
    if of.tokens[at + 1 : at + 2] == ("by",):
        back = not back
    before, behind = _words(of, start, at), _words(of, at + 1, end)
    if not before and "," in of.tokens[at:end]:  # "Because B, A"
        comma = of.tokens.index(",", at)
        before, behind = _words(of, comma, end), _words(of, at + 1, comma)
    if kind == "than":
        compared = next((of.tokens[i] for i in range(at - 1, max(start, at - 4) - 1, -1) if _compares(of, i)), "")
        back = compared in _LESSER
    if before and behind:
        yield (kind, behind, before) if back else (kind, before, behind)


_LESSER = frozenset(
    "less fewer lower smaller shorter younger slower weaker lighter cheaper earlier rarer worse".split()
)


def _compares(of: Facts, at: int) -> bool:
    return of.tokens[at].endswith("er") or of.tokens[at] in ("more", "less", "worse")


def _done(of: Facts, at: int) -> Iterator[Relation]:
    """What the word at `at` says of those before it and those behind it, if it is a verb; "by" turns them."""
    first = next((i + 1 for i in range(at - 1, -1, -1) if of.tokens[i] in _BREAKS), 0)
    end = next((i for i in range(at + 1, len(of.tokens)) if of.tokens[i] in _BREAKS), len(of.tokens))
    before = _words(of, first, at, last=_SIDE)
    link = next((t for t in of.tokens[at + 1 : min(at + 3, end)] if t == "by" or t in _PREPOSITIONS), "")
    behind = _words(of, at + 1, end, most=_SIDE)
    if before and behind and link in ("", "by"):
        yield (of.stems[at], behind, before) if link else (of.stems[at], before, behind)


def _acts(of: Facts, at: int) -> bool:
    """Whether the word may be a verb with an object, by its ending or the word before it."""
    token = of.tokens[at]
    verbal = token.endswith(("ed", "s")) or token in _PAST or of.tokens[max(0, at - 1)] in _AUXILIARIES
    return verbal and carries(token)


def _words(of: Facts, start: int, end: int, most: int | None = None, last: int = 0) -> frozenset[str]:
    """The stems of the content words from token `start` to `end`: the first `most` or the `last` of them."""
    found = [of.stems[i] for i in range(start, end) if carries(of.tokens[i])]
    return frozenset(found[-last:] if last else found[:most])


def exchanged(said: Facts, given: Facts) -> bool:
    """Whether the claim has one party do what the source has another of its parties do.

    >>> from retriever.facts import facts
    >>> source = facts("The stairs are cleaned by Ann Lee. Then Bo Berg keeps the key, and Ann Lee shall wash the car.")
    >>> exchanged(facts("Bo Berg shall wash the car."), source)
    True
    """
    theirs = list(_subjects(given))
    names = _names(given)
    for verb, mine in _subjects(said):
        others = [subject for other, subject in theirs if other == verb]
        if mine <= names and others and not any(mine & other for other in others):
            return True
    return False


def _names(of: Facts) -> set[str]:
    return {of.stems[at] for at in of.names.values()}


def _subjects(of: Facts) -> Iterator[tuple[str, frozenset[str]]]:
    """The words that stand behind a name, small words like "shall" between them, each with that name."""
    names = _names(of)
    for at, token in enumerate(of.tokens):
        if not carries(token) or of.stems[at] in names or "by" in of.tokens[at + 1 : at + 3]:
            continue
        last = at - 1
        while last >= 0 and of.tokens[last] in _AUXILIARIES:
            last -= 1
        first = last
        while first >= 0 and of.stems[first] in names:
            first -= 1
        if first < last:
            yield of.stems[at], frozenset(of.stems[first + 1 : last + 1])
