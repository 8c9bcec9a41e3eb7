"""The cell of a table's row that a question asks for: by the name of its column, or by the word that asks.

"What is the price of the saw?" names the column; "Who teaches Excel?" asks for a trainer or a teacher, "Where is the
saw?" for a site or a room. Rows are as the readers write them: "Drug: Avelumab | Target: PD-L1".
"""

import re
from collections.abc import Set

from ingest import content_words, stem, stems

CELL = re.compile(r"(?:^| \| )(?P<column>[^:|\n]{1,40}): (?P<value>[^|\n]*[^|\s])(?= \||$)")
# A phone's number is in the column "Phone".
_SAYS_NOTHING = stems("number name value")
# What a column's name may end with that nobody says: "Power kW".
_COUNTED_IN = frozenset(
    "% € £ $ eur usd gbp chf kw w kwh v a bar kg g mg t km m cm mm l ml h hrs min s ms rpm °c".split()
)
_BEFORE = re.compile(r"\s+(?:at|by|for|from|in|of|on|per|to|with)\b.*")
# What a column asks for whose name ends so: "Bought at" where, "Bought on" when.
_ASKS_SO = {"at": "where", "in": "where", "on": "when", "by": "who"}
# What is no answer to when, or to how many or how much.
_FITS = tuple(
    (re.compile(asks, re.IGNORECASE), re.compile(form, re.IGNORECASE))
    for asks, form in (
        (
            r"\bwhen\b|\bwhat time\b",
            r"\d|day\b|\b(?:mon|tue|wed|thu|fri|sat|sun|dawn|dusk|noon|midnight|spring|summer|autumn|winter)",
        ),
        (r"\bhow (?:many|much)\b", r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|none|no|free)\b"),
    )
)
_ASIDE = re.compile(r"\([^()]*\)")

_LEADER = "leader lead led head chair manager organiser organizer owner contact responsible"
_PRICE = stems("price cost fee charge rate")
_TEACHER = "teacher taught trainer tutor instructor lecturer"
# What asks, what the column may be called, and words of the question that such a column says.
_ASKED = tuple(
    (re.compile(asks, re.IGNORECASE), stems(columns), stems(f"{columns} {said}"))
    for asks, columns, said in (
        (r"\bhow (?:many|much)\b.*\b(?:left|in stock|available)\b", "stock quantity available left remaining", ""),
        (r"\bhow much\b|\bwhat do(?:es)?\b.*\bcost\b", "price cost fee charge rate", "pay"),
        # Not what a thing has: "How many bits does the drill have?"
        (r"\bhow many\b(?!.*\bdo(?:es)? (?!we\b|you\b|they\b))", "stock quantity count", ""),
        (r"\bwho (?:teach|train|instruct|gives?\b)", _TEACHER, "teach teaches train trains give gives"),
        (
            r"\bwho (?:leads?|runs?|chairs?|manages?|organi[sz]es?)\b",
            f"{_LEADER} {_TEACHER}",
            "run runs manage organise",
        ),
        (r"\bwho\b.*\b(?:in charge|responsible)\b", _LEADER, ""),
        (r"\bwho (?:wrote|has written)\b", "author writer written", "wrote"),
        (r"\bwho (?:built|has built)\b", "builder built", ""),
        (r"\bwho\b", "name person contact holder", ""),
        (r"\bwhere\b", "place site location room venue address", "take held find kept"),
        (r"\bwhen\b|\bwhat time\b", "date day time hour", "take place held open start"),
    )
)


def direct_cell(question: str, row: str, context: str = "") -> str | None:
    """The cell of `row` that `question` asks for, with its column; None if there is not one.

    The question names that column, or asks with a word that goes with it, and says another cell, or a part of it, and
    nothing that neither the row nor its `context` (title and heading) says.

    >>> direct_cell("What is the price of the saw?", "Product: Osprey saw | Price (EUR): 149 | Stock: 12")
    'Price (EUR): 149'
    >>> direct_cell("How many saws are left?", "Product: Osprey saw | Price (EUR): 149 | Stock: 12")
    'Stock: 12'
    >>> direct_cell("What is the price of the drill?", "Product: Osprey saw | Price (EUR): 149 | Stock: 12") is None
    True
    """
    cells = [(_plain(m["column"]), m["value"], m.group().removeprefix(" | ")) for m in CELL.finditer(row)]
    if len(cells) < 2:
        return None
    asked, said = set(map(stem, content_words(question))) - _SAYS_NOTHING, stems(f"{row} {context}")
    columns, needless = next(((c, s) for asks, c, s in _ASKED if asks.search(question)), (set(), set()))
    names = [stems(column) for column, _, _ in cells]
    keys = set[str]().union(*(stems(value) for _, value, _ in cells)) & asked - set[str]().union(*names)
    if not keys:
        return None
    forms = [form for asks, form in _FITS if asks.search(question)]
    others = [
        (cell, name, _head(column, question))
        for (column, value, cell), name in zip(cells, names, strict=True)
        if name and not stems(value) & asked and all(form.search(value) for form in forms)
    ]
    if not stems(cells[0][1]) & keys:  # the price of a part is not that of what it fits
        others = [(cell, name, head) for cell, name, head in others if not name & _PRICE]
    now = stems(question.partition(" (about: ")[0])
    found = [cell for cell, name, _ in others if name <= now] if asked <= said else []
    if not found and asked <= said and stems(cells[0][1]) & keys:  # "Adult dose", of what the row is about
        found = [cell for cell, _, head in others if head and head <= now]
    # "Bought at" is what "When was it bought?" is about, and the date of its service is not.
    about = [name for (_, value, _), name in zip(cells, names, strict=True) if not stems(value) & asked]
    elsewhere = any((name & now) - columns - needless for name in about)
    if not found and not elsewhere and asked - needless <= said:
        found = [cell for cell, name, _ in others if name & columns]
    found = found or [cell for cell, name, _ in others if asked <= said and name <= asked]  # carried over
    return found[0] if len(found) == 1 else None


def cell_values(row: str) -> Set[str]:
    """The stems of what the cells of `row` hold, without the names of columns; none if it is no row."""
    found = [m["value"] for m in CELL.finditer(row)]
    return stems(" ".join(found)) if len(found) > 1 else frozenset()


def _head(column: str, question: str) -> Set[str]:
    """The stem of the word that a column's name says what it is by: of "Price per dose" the price, of "Adult dose".

    None where what the name ends with asks for something else than the question.
    """
    last = column.split()[-1].lower()
    if last in _ASKS_SO and _ASKS_SO[last] not in question.lower().split():
        return frozenset()
    return stems(_BEFORE.split(column)[0].split()[-1])


def _plain(column: str) -> str:
    """A column's name without what it counts in: "Price (EUR)", "Power kW"."""
    words = _ASIDE.sub("", column).split()
    while len(words) > 1 and words[-1].lower() in _COUNTED_IN:
        words.pop()
    return " ".join(words)
