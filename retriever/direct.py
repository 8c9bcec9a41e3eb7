"""The thing itself that a question asks for, where a sentence has exactly one of its kind.

"When was the cat born?" asks for a date; a sentence that answers and holds one date, which the question did not
name itself, gives it. So does a row of a table whose column the question names. No model: expressions for dates,
numbers, durations, lengths and sums. Names were tried and left out: a sentence that answers "who" names others too.
DESIGN.md, "Short answers", has the precision.
"""

import re

from ingest import content_words, stem, stems

MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
COUNTED = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    "eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|dozen"
)

# How much: "up to four minutes", "two to three weeks", "less than a year".
_ABOUT = (
    r"(?:(?:up to|at (?:least|most)|no (?:more|less) than|(?:more|less|fewer) than|about|around|almost|nearly|over"
    r"|under|roughly|approximately|within|only) )?"
)
_NUMBER = rf"(?:\d+(?:[.,]\d+)*|(?:{COUNTED})(?:[- ](?:{COUNTED}))*|half an?|an?)"
_SO_MANY = rf"(?<![\w.,-]){_ABOUT}{_NUMBER}(?:(?: ?[–-] ?| to | or | and ){_NUMBER})?"
_TIME = r"(?:second|minute|hour|(?:working |business )?day|week|month|year|decade|centur(?:y|ie))s?"
_LENGTH = r"(?:mm|cm|m|km|(?:kilo|centi|milli)?met(?:re|er)s?|miles?|feet|foot|ft|inch(?:es)?|yards?|acres?|hectares?)"
_MONEY = (
    r"(?:(?:(?:US|AU|CA|NZ) ?)?[$£€¥] ?\d+(?:[.,]\d+)*(?: (?:million|billion|trillion|thousand))?"
    r"|\d+(?:[.,]\d+)*(?: (?:million|billion|trillion|thousand))?"
    r" (?:dollars?|euros?|pounds?|francs?|yen|EUR|USD|GBP|CHF))"
)
_SHARE = r"\d+(?:[.,]\d+)* ?(?:%|percent|per cent)"

YEAR = re.compile(r"\b(?:1\d|20)\d\d\b")
DATE = re.compile(
    rf"\b(?:\d{{4}}-\d\d-\d\d|\d\d?[./]\d\d?[./](?:\d{{4}}|\d\d)"
    rf"|{_DAY} (?:of )?(?:{MONTHS})(?:,? \d{{4}})?|(?:{MONTHS})(?: {_DAY}(?: ?,? \d{{4}})?|,? \d{{4}})"
    r"|(?<![-./])(?:1\d|20)\d\ds?(?![-./]\d)|\d{1,2}(?:st|nd|rd|th) centur(?:y|ies))\b"
)

# How a question asks for a thing of a kind, and what such a thing looks like.
_KINDS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (re.compile(r"\b(what|which) year\b", re.IGNORECASE), YEAR),
    (re.compile(r"^\W*when\b|\b(what|which) (date|day)\b", re.IGNORECASE), DATE),
    (
        re.compile(r"\bhow (?:long is the|tall|high|deep|far|wide)\b", re.IGNORECASE),
        re.compile(rf"{_SO_MANY}[- ]?{_LENGTH}\b", re.IGNORECASE),
    ),
    (
        re.compile(r"\bhow (?:long|soon|old)", re.IGNORECASE),
        re.compile(rf"{_SO_MANY}[- ]{_TIME}\b(?:[- ]old\b)?", re.IGNORECASE),
    ),
    (
        re.compile(r"\bhow much\b|\bwhat\b.{0,30} (?:cost|price|rent|fee|salary|budget)\b", re.IGNORECASE),
        re.compile(rf"{_ABOUT}(?:{_MONEY}|{_SHARE})", re.IGNORECASE),
    ),
    (
        re.compile(r"\bhow many\b|\bwhat (percentage|proportion|share|number)\b", re.IGNORECASE),
        re.compile(
            r"(?<![\w.,-])[$£€]?\d+(?:[.,]\d+)*(?: ?(?:%|percent|per cent|million|billion))?"
            rf"|\b(?:{COUNTED})(?:[- ](?:{COUNTED}))*(?: (?:million|billion))?\b",
            re.IGNORECASE,
        ),
    ),
)


def direct_answer(question: str, sentence: str) -> str | None:
    """The one thing in `sentence` of the kind that `question` asks for, as it stands there; None if there is not one.

    >>> direct_answer("When was the cat born?", "The cat was born in May 1998.")
    'May 1998'
    >>> direct_answer("How many cats are there?", "There are two cats and 12 spoons.") is None
    True
    """
    named = stems(question)
    for asks, thing in _KINDS:
        if asks.search(question):
            found = {match.rstrip(" .,;:'’-") for match in thing.findall(sentence)}
            new = [text for text in found if not stems(text) <= named]
            # "How long" may ask for a length, and for a time.
            if new:
                return new[0] if len(new) == 1 else None
    return None


_CELL = re.compile(r"(?:^| \| )(?P<column>[^:|\n]{1,40}): (?P<value>[^|\n]*[^|\s])(?= \||$)")
# A phone's number is in the column "Phone".
_SAYS_NOTHING = stems("number name value")
_ASIDE = re.compile(r"\([^()]*\)")


def direct_cell(question: str, row: str, context: str = "") -> str | None:
    """The cell of `row` ("Drug: Avelumab | Target: PD-L1") that `question` asks for, with its column; None if not one.

    The question names that column and says another cell, or a part of it, and nothing that neither the row nor its
    `context` (title and heading) says.

    >>> direct_cell("What is the price of the saw?", "Product: Osprey saw | Price (EUR): 149 | Stock: 12")
    'Price (EUR): 149'
    >>> direct_cell("What is the price of the drill?", "Product: Osprey saw | Price (EUR): 149 | Stock: 12") is None
    True
    """
    asked = set(map(stem, content_words(question))) - _SAYS_NOTHING
    cells = [(_ASIDE.sub("", m["column"]), m["value"], m.group().removeprefix(" | ")) for m in _CELL.finditer(row)]
    if len(cells) < 2 or not asked <= stems(f"{row} {context}"):
        return None
    names = [stems(column) for column, _, _ in cells]
    keys = set[str]().union(*(stems(value) for _, value, _ in cells)) & asked - set[str]().union(*names)
    found = [
        cell
        for (_, value, cell), name in zip(cells, names, strict=True)
        if name and name <= asked and not stems(value) & asked
    ]
    return found[0] if keys and len(found) == 1 else None
