"""The thing itself that a question asks for, where a sentence has exactly one of its kind.

"When was the cat born?" asks for a date; a sentence that answers and holds one date, which the question did not
name itself, gives it. No model: expressions for dates, numbers, durations, lengths and sums. Names were tried and left
out: a sentence that answers "who" names others too.
DESIGN.md, "Short answers", has the precision.
"""

import re
from collections.abc import Set

from ingest import stem, stems

MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
COUNTED = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    "eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|dozen"
)

# How much: "up to four minutes", "between two and three weeks", "2 1/2 hours", "6 ft 2 in", "less than a year".
_ABOUT = (
    r"(?:(?:up to|at (?:least|most)|no (?:more|less|fewer|longer) than|(?:more|less|fewer|longer) than|about|around"
    r"|almost|nearly|over|under|roughly|approximately|within|only|between|from) )?"
)
_FRACTION = r"(?: ?[½¼¾]|[ -]\d/\d| and (?:a half|a quarter|three quarters))?"
_WORDS = rf"(?:{COUNTED})(?:[- ](?:{COUNTED}))*"
_COUNT = rf"(?:(?:\d/\d|\d+(?:[.,]\d+)*|[½¼¾]|{_WORDS}){_FRACTION})"
_NUMBER = rf"(?:{_COUNT}|half an?|an?)"
_TO = r"(?: ?[-–] ?| to | or | and )"
_SO_MANY = rf"(?<![\w.,/-]){_ABOUT}{_NUMBER}(?:{_TO}{_NUMBER})?"
_TIME = r"(?:second|minute|hour|(?:working |business )?day|week|month|year|decade|centur(?:y|ie))s?\b"
_LENGTH = (
    r"(?:mm|cm|m|km|(?:kilo|centi|milli)?met(?:re|er)s?|miles?|feet|foot|ft|inch(?:es)?|yards?|acres?|hectares?)\b"
)
_MORE = r"(?:million|billion|trillion|thousand|bn|mn?|k)\b"
_SIGN = r"(?:(?:US|AU|CA|NZ) ?)?[$£€¥] ?"
_SUM = rf"\d+(?:[.,]\d+)*(?: ?{_MORE})?"
MONEY = (
    rf"(?:{_SIGN}{_SUM}(?:{_TO}(?:{_SIGN})?{_SUM})?"
    rf"|{_SUM}(?:{_TO}{_SUM})? (?:dollars?|euros?|pounds?|francs?|yen|EUR|USD|GBP|CHF)\b)"
)
_PERCENT = r" ?(?:%|percent\b|per cent\b)"
_SHARE = rf"\d+(?:[.,]\d+)*(?:(?:{_PERCENT})?{_TO}\d+(?:[.,]\d+)*)?{_PERCENT}"
_MANY = rf"(?<![\w.,/-]){_ABOUT}(?:[$£€]?{_COUNT}(?:{_TO}{_COUNT})?(?:{_PERCENT}| million\b| billion\b)?)(?![\w/])"
# When: days of a month, a month, a year or years, centuries; with what is said of them, and from one to another.
_WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_YEAR = r"(?:1\d|20)\d\d"
_TO_YEAR = r"(?:–\d\d|-(?:1[3-9]|[2-9]\d))?"
_SINCE = (
    r"(?i:(?:(?:from|between|before|after|until|till|by|since|about|around|early|mid|late|(?:first|second) half of"
    r"|(?:beginning|start|middle|end) of|(?:spring|summer|autumn|fall|winter)(?: of)?"
    rf"|(?:first|second|third|fourth|last) {_WEEKDAY}s? (?:in|of))(?: the(?! {_YEAR} ))?[ -])+)?"
)
_DAYS = rf"{_DAY}(?:(?: ?[-–] ?|, ?(?:and )?| and | or | to | until ){_DAY}){{0,5}}"
_MONTH = "".join(rf"(?<=\b{word} )|" for word in "in of from to by since until before after early mid late".split())
_SOME_DATE = (
    rf"(?:\d{{4}}-\d\d-\d\d|\d\d?[./]\d\d?[./](?:\d{{4}}|\d\d)"
    rf"|{_DAYS} (?:of )?(?:{MONTHS})(?: ?,? {_YEAR})?|(?:{MONTHS}) {_DAYS}(?: ?,? {_YEAR})?"
    rf"|(?:{MONTHS})(?:,? (?:of )?{_YEAR})|(?:{_MONTH[:-1]})(?:{MONTHS})"
    rf"|(?<![-./\d]){_YEAR}s?{_TO_YEAR}(?![-./]?\d)|{_DAY}(?: and {_DAY})? centur(?:y|ies))\b"
)
_WHEN = rf"\b{_SINCE}{_SOME_DATE}(?:(?: ?[-–] ?| to | until | and ){_SOME_DATE})?"
# What stands before a number, or behind it, that is a part of one.
_CUT_BEFORE = re.compile(rf"(?:[\d½¼¾]|\b(?:{COUNTED}))(?: ?[-–/×] ?| to | or | x | by | of (?:the )?)$")
_CUT_BEHIND = re.compile(rf" ?[\d½¼¾]|(?: ?[-–/×] ?| to | or | x | by )(?:{_SIGN})?(?:[\d½¼¾]|(?:{COUNTED})\b)")
# "Moved from 17 May to 24 May" tells no span of days, nor "raised from £40 to £50" one of sums.
_CHANGED = (
    r"\b(?:moved|changed|shifted|postponed|rescheduled|delayed|put (?:off|back)|brought forward|raised|lowered"
    r"|increased|reduced|cut|rose|risen|fell|fallen|grew|grown|dropped|(?:went|gone|go(?:es)?) (?:up|down))"
)
_CUT_SPAN = re.compile(rf"{_CHANGED} $", re.IGNORECASE)
_OF_YEAR = re.compile(rf",? {_YEAR}$")
_NOT = re.compile(r"\b(?:not|never)\b|n['’]t\b", re.IGNORECASE)
_UNTIL = re.compile(r"(?:until|till|before) ", re.IGNORECASE)
_NEAR = 60


def _kind(asks: str, thing: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return re.compile(asks, re.IGNORECASE), re.compile(thing, re.IGNORECASE)


# One year, and one date, as a heading states it.
YEAR = re.compile(r"\b(?:1\d|20)\d\d\b")
DATE = re.compile(
    rf"\b(?:\d{{4}}-\d\d-\d\d|\d\d?[./]\d\d?[./](?:\d{{4}}|\d\d)"
    rf"|{_DAY} (?:of )?(?:{MONTHS})(?:,? \d{{4}})?|(?:{MONTHS})(?: {_DAY}(?: ?,? \d{{4}})?|,? \d{{4}})"
    r"|(?<![-./])(?:1\d|20)\d\ds?(?![-./]\d)|\d{1,2}(?:st|nd|rd|th) centur(?:y|ies))\b"
)

# How a question asks for a thing of a kind, and what such a thing looks like.
_KINDS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    _kind(r"\b(what|which) year\b", rf"\b{_SINCE}{_YEAR}\b(?:[-–](?:\d\d)?\d\d\b)?"),
    (re.compile(r"^\W*when\b|\b(what|which) (date|day)\b", re.IGNORECASE), re.compile(_WHEN)),
    _kind(
        r"\bhow (?:long is the|tall|high|deep|far|wide)\b",
        rf"{_SO_MANY}[- ]?{_LENGTH}(?: {_COUNT} ?(?:in\b|{_LENGTH}))?",
    ),
    _kind(
        r"\bhow (?:long|soon|old)",
        rf"{_SO_MANY}[- ]{_TIME}(?: and a (?:half|quarter)\b|(?:,? and|,)? {_COUNT} {_TIME})?(?:[- ]old\b)?",
    ),
    _kind(r"\bhow much\b|\bwhat\b.{0,30} (?:cost|price|rent|fee|salary|budget)\b", rf"{_ABOUT}(?:{MONEY}|{_SHARE})"),
    _kind(
        r"\bhow many\b|\bwhat (percentage|proportion|share|number)\b",
        rf"(?!(?:1[5-9]|20)\d\d\b(?!,)){_MANY}",
    ),
)
_LONG = re.compile(r"\bhow long\b", re.IGNORECASE)
_LENGTH_OF, _DURATION = _KINDS[2][1], _KINDS[3][1]
_NUMBERS = re.compile(_MANY, re.IGNORECASE)
_COUNTS = re.compile(r"\bhow many ([^\W\d_]{3,})", re.IGNORECASE)
_SAID_OF_IT = re.compile(rf"(?:{_ABOUT}{_SINCE})*", re.IGNORECASE)


def direct_answer(question: str, sentence: str) -> str | None:
    """The one thing in `sentence` of the kind that `question` asks for, as it stands there; None if there is not one.

    >>> direct_answer("When was the cat born?", "The cat was born in May 1998.")
    'May 1998'
    >>> direct_answer("When is the fair?", "The fair is held from 3 to 7 May.")
    'from 3 to 7 May'
    >>> direct_answer("How many cats are there?", "There are two cats and 12 spoons.")
    'two'
    >>> direct_answer("When did it end?", "It ended in 1815, or in 1816.") is None
    True
    """
    if counted := _COUNTS.search(question):
        noun = f" {stem(counted[1].lower()).rstrip('ei')}"
        # Of several numbers that is told which stands before what is counted.
        if len(re.findall(noun, sentence)) == 1 and (found := _things(_NUMBERS, sentence, stems(question), noun)):
            return found[0] if len(found) == 1 else None
    for asks, thing in _KINDS:
        if asks.search(question) and (found := _things(thing, sentence, stems(question))):
            # "How long" may ask for a length, and for a time: of both none is told.
            also = thing is _LENGTH_OF and _DURATION.search(sentence) and f"{found[0]} long" not in sentence
            return found[0] if len(found) == 1 and not (also and _LONG.search(question)) else None
    return None


def is_moved(told: str, sentence: str) -> bool:
    """Whether `sentence` says that what is `told`, a date or sum, is one no more: "moved from 17 May to 24 May"."""
    was = re.escape(_OF_YEAR.sub("", told))
    weekday = rf"(?:(?:on )?{_WEEKDAY},? |on )?"
    return re.search(rf"(?:{_CHANGED} from|\binstead of) {weekday}{was}\b", sentence, re.IGNORECASE) is not None


def _things(thing: re.Pattern[str], sentence: str, named: Set[str], before: str = "") -> list[str]:
    """The different ones, not `named`, right `before` that: none where one is cut out of another, two at most."""
    found: dict[str, str] = {}
    for match in thing.finditer(sentence):
        text = match.group().rstrip(" .,;:'’-")
        above = sentence[max(0, match.start() - _NEAR) : match.start()]
        bare = _SAID_OF_IT.sub("", text, count=1)
        if stems(bare) <= named or not sentence.startswith(before, match.end()):
            continue
        cut = (
            _CUT_BEFORE.search(above)
            or _CUT_SPAN.search(above)
            or _CUT_BEHIND.match(sentence, match.start() + len(text))
        )
        # "Not until 1950" is in 1950.
        found.setdefault(bare, "" if cut else bare if _UNTIL.match(text) and _NOT.search(above) else text)
        if len(found) > 1:
            break
    return [] if "" in found.values() else list(found.values())
