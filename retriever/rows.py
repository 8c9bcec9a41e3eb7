"""The rows of a table that a question asks to list by what one of their cells is: "List the open matters"."""

from collections.abc import Sequence

from ingest import content_words, stem, stems

from .cells import CELL
from .choose import Sentence
from .topics import is_topic
from .whole import asks_for_a_list

# So many rows are listed at most.
MOST_ROWS = 20

_Cell = tuple[str, frozenset[str]]


def rows_asked(question: str, ranked: Sequence[Sentence]) -> list[Sentence]:
    """Of the table that the best of `ranked` sentences is a row of, the rows that the question asks for, in order.

    Words of the question are all that one of their cells says, where other rows say something else; what else it names
    stands in the title, the heading or the names of columns. Nothing where it asks for no such rows.
    """
    best = ranked[0]
    if not asks_for_a_list(question) or len(columns := [column for column, _ in _cells(best)]) < 2:
        return []
    of = best.candidate.passage
    table = {s: dict(_cells(s)) for s in ranked if _is_of(s, best) and [c for c, _ in _cells(s)] == columns}
    asked = _stems(question)
    # By the columns that say it, those that the question names if it names any: "with high likelihood".
    said: dict[frozenset[str], set[frozenset[str]]] = {}
    for value in {value for row in table.values() for value in row.values() if value and value <= asked}:
        where = {column for row in table.values() for column, other in row.items() if other == value}
        named = {column for column in where if stems(column) & (asked - value)}
        said.setdefault(frozenset(named or where), set()).add(value)
    rest = {stem(word) for word in content_words(question) if is_topic(word)}
    rest -= frozenset[str]().union(*(value for values in said.values() for value in values))
    if not said or not rest <= stems(" ".join([of.document, of.context, *columns])):
        return []
    holding = [s for s, row in table.items() if all(any(row[c] in said[cs] for c in cs) for cs in said)]
    return sorted(holding, key=lambda s: s.start) if len(holding) < len(table) else []


def _is_of(one: Sentence, other: Sentence) -> bool:
    """Whether both stand below one heading of a document."""
    a, b = one.candidate.passage, other.candidate.passage
    return (a.document, a.heading) == (b.document, b.heading)


def _cells(row: Sentence) -> list[_Cell]:
    return [(match["column"], _stems(match["value"])) for match in CELL.finditer(row.text)]


def _stems(text: str) -> frozenset[str]:
    return frozenset(map(stem, content_words(text)))
