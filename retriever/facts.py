"""The facts a sentence states in letters and digits: numbers with their units, names, denials, opposites.

What a checker must not get wrong and vectors do: 12 and 21, mg and g, "is" and "is not" lie close together there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ingest import content_words, stem, words

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth"
)
_STOPS = ".!?:"
_MONTHS = "january february march april may june july august september october november december"
MONTHS: Mapping[str, str] = {name: m for m in _MONTHS.split() for name in (m, m[:3], m[:4])}
_VALUES: Mapping[str, float] = {
    **{word: float(i) for i, word in enumerate(_SMALL.split()) if word not in ("zero", "one")},
    **{word: 10.0 * i for i, word in enumerate(_TENS.split(), 2)},
    **{word: float(i) for i, word in enumerate(_ORDINALS.split(), 1) if word not in ("first", "second")},
    "thirtieth": 30.0,
    "twice": 2.0,
    "thrice": 3.0,
    "both": 2.0,
    "half": 0.5,
    "dozen": 12.0,
}
# What a verb says of a number without naming it.
_MULTIPLIED: Mapping[str, float] = {
    **dict.fromkeys("halve halves halved halving".split(), 0.5),
    **dict.fromkeys("double doubles doubled doubling".split(), 2.0),
    **dict.fromkeys("triple triples tripled tripling".split(), 3.0),
}
_ONES = frozenset(("a", "an", "one", "once"))
_FRACTIONS: Mapping[str, float] = {"¼": 0.25, "½": 0.5, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3, "⅛": 0.125}
_SCALES: Mapping[str, float] = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}

# What may stand between a number and its unit.
_BETWEEN = frozenset("- ( full whole further additional more other calendar consecutive working business".split())
_TIMES = frozenset("min h day week month year decade century".split())
_RATES = frozenset("a an per every each daily weekly monthly yearly annually".split())
# How often, or for how long each time: "daily" is "per day".
_PERIODS: Mapping[str, str] = {
    "hourly": "h",
    "daily": "day",
    "nightly": "night",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    **dict.fromkeys("yearly annual annually".split(), "year"),
}

# One spelling for each unit; a unit only counts where it follows a number.
_UNITS: Mapping[str, str] = {
    spelling: names.split()[0]
    for names in (
        "percent % percentage pct",
        "kg kilogram kilograms kilo kilos",
        "g gram grams gm",
        "mg milligram milligrams",
        "µg μg mcg microgram micrograms",
        "ng nanogram nanograms",
        "l litre litres liter liters",
        "ml millilitre millilitres milliliter milliliters",
        "dl decilitre deciliter",
        "m metre metres meter meters",
        "km kilometre kilometres kilometer kilometers",
        "cm centimetre centimetres centimeter centimeters",
        "mm millimetre millimetres millimeter millimeters",
        "mi mile miles",
        "ft foot feet",
        "inch inches",
        "yd yard yards",
        "lb lbs pound pounds",
        "oz ounce ounces",
        "s sec second seconds",
        "min mins minute minutes",
        "h hr hrs hour hours",
        "day days",
        "week weeks wk wks",
        "month months",
        "year years yr yrs",
        "decade decades",
        "century centuries",
        "$ dollar dollars usd",
        "€ euro euros eur",
        "£ sterling gbp",
        "°c celsius",
        "°f fahrenheit",
        "hectare hectares ha",
        "acre acres",
        "mph",
        "kmh km/h",
        "hz hertz",
        "khz kilohertz",
        "mhz megahertz",
        "ghz gigahertz",
        "kw kilowatt kilowatts",
        "mw megawatt megawatts",
        "w watt watts",
        "mmol millimole millimoles",
        "ton tons tonne tonnes",
        "b byte bytes",
        "kb kilobyte kilobytes",
        "mb megabyte megabytes",
        "gb gigabyte gigabytes",
        "tb terabyte terabytes",
        "bit bits",
        "kbit kbps",
        "mbit mbps",
        "gbit gbps",
        "µmol μmol micromole micromoles",
        "nmol nanomole nanomoles",
        "kcal kilocalorie kilocalories",
        "kj kilojoule kilojoules",
        "wh",
        "kwh",
        "mwh",
        "v volt volts",
        "kv kilovolt kilovolts",
        "night nights",
        "chf",
        "¥ yen jpy",
        "cent cents",
        "times",
        "people persons",
    )
    for spelling in names.split()
}
_CURRENCIES = frozenset("$ € £ ¥ usd eur gbp chf jpy".split())

_TOKEN = re.compile(
    r"\d+(?:[,.]\d+)*(?:(?:st|nd|rd|th|s)(?![^\W\d_]))?|[¼½¾⅓⅔⅛]|[^\W\d_]+(?:['’][^\W\d_]+)?(?:\d+)?|[%$€£¥]|°\s?[CF]\b"
    r"|[^\w\s]"
)
# A number is the least that there may be, or the most: in front of it, and what denies that.
_LEAST = (
    r"exceed(?:s|ed|ing)?|(?:more|later|longer|greater|higher|larger|older|heavier) than|over|above|at least|minimum"
)
_MOST = r"(?:less|fewer|earlier|shorter|lower|smaller|younger|lighter) than|under|below|at most|up to|maximum|within"
_LIMIT = re.compile(rf"(?:not|no|never|nor|cannot|\w+n['’]t) (?:be |to )?(?:{_LEAST}|{_MOST})\b")
_BOUND = re.compile(rf"((?:not|no|never|nor|cannot|n['’]t) (?:be |to )?)?\b(?:({_LEAST})|{_MOST})\b(?: \w+){{0,4}}$")
# The same behind the number: "60 kg or less".
_BEHIND = re.compile(
    r"(?:[^\s,;.:\d]+ ){0,4}?(?:or|and) (?:(more|over|above|older|later|longer|higher|greater|heavier|upwards)"
    r"|less|fewer|under|below|younger|earlier|shorter|lower|smaller|lighter)\b(?! than)"
)
_ABOUT = frozenset("about approximately around roughly circa ~ ca".split())

_DENIALS = frozenset(
    "not no never none nor neither without cannot nobody nothing nowhere hardly scarcely barely rarely fail fails "
    "failed lack lacks lacked lacking unable absence absent free".split()
)
# What denies only before one of these: "failed to", not "the disk failed".
_DENIES_BEFORE: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("fail", "fails", "failed"), frozenset(("to",))),
    "free": frozenset(("of", "from")),
}


# By stem, so that one form stands for all: a word, and what says the opposite of it.
_PAIRS = """
increase/decrease,reduce,decline,fall,fell,drop,lower,shrink rise/fall,fell,decline,drop rose/fell,decline,drop
grow/shrink,decline higher/lower high/low more/less,fewer most/least greater/smaller,less larger/smaller
longer/shorter long/short before/after earlier/later early/late above/below over/under first/last best/worst
better/worse majority/minority positive/negative major/minor maximum/minimum upper/lower inside/outside
internal/external strong/weak stronger/weaker always/never,rarely often/rarely,seldom common/rare,uncommon
likely/unlikely able/unable possible/impossible safe/unsafe,dangerous effective/ineffective significant/insignificant
active/inactive legal/illegal complete/incomplete allow/prevent,prohibit,ban permit/prohibit,ban accept/reject
begin/end start/end,stop began/ended open/close won/lost win/lose activate/inhibit,block,suppress promote/inhibit
cause/prevent improve/worsen support/oppose approve/reject,deny add/remove born/died male/female men/women man/woman
boy/girl north/south east/west northern/southern eastern/western left/right all/none every/no same/different
similar/different gain/loss success/failure hot/cold warm/cold dry/wet young/old younger/older new/old ancient/modern
public/private acute/chronic benign/malignant healthy/ill,sick include/exclude enter/leave arrive/depart buy/sell
push/pull raise/lower adult/child,children,infant,newborn cure/cause summer/winter spring/autumn written/oral,verbal
systolic/diastolic landlord/tenant lessor/lessee buyer/seller vendor/purchaser lender/borrower employer/employee
creditor/debtor licensor/licensee discloser/recipient plaintiff/defendant import/export input/output gross/net
debit/credit morning/evening day/night mother/father husband/wife son/daughter brother/sister king/queen
enable/disable enabled/disabled remain/leave,left stay/leave double/halve,half faster/slower fast/slow mild/severe
except/including,include excluding/including inner/outer cheap/expensive cheaper/dearer heavy/light heavier/lighter
wide/narrow wider/narrower thick/thin deep/shallow expand/contract encrypt/decrypt encode/decode upload/download
upstream/downstream forbid/permit,allow refuse/accept,grant confirm/deny gain/lose succeed/fail pass/fail rich/poor
guilty/innocent temporary/permanent voluntary/mandatory,compulsory,required profit/loss asset/liability front/rear
wholesale/retail domestic/foreign rural/urban senior/junior easy/difficult,hard top/bottom oldest/youngest
largest/smallest longest/shortest highest/lowest fastest/slowest earliest/latest revoke/grant follower/leader
assignor/assignee trustee/beneficiary insurer/insured retain/discard attach/detach
horizontal/vertical anterior/posterior arterial/venous optional/mandatory,required,compulsory odd/even
survive/die,end,lapse fixed/variable direct/indirect primary/secondary minimum/maximum full/empty hire/dismiss
"""


@lru_cache(1)
def opposites() -> Mapping[str, frozenset[str]]:
    """The stem of a word -> the stems of those that say the opposite.

    >>> sorted(opposites()["rise"])
    ['declin', 'drop', 'fall', 'fell']
    """
    found: dict[str, set[str]] = {}
    for pair in _PAIRS.split():
        one, others = pair.split("/")
        for other in others.split(","):
            found.setdefault(stem(one), set()).add(stem(other))
            found.setdefault(stem(other), set()).add(stem(one))
    return {word: frozenset(others) for word, others in found.items()}


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a text: its value, its unit ("" without one), and the index of its token.

    `implied`: nobody says it, as in "a month" or "doubled". `bound`: 1 where it is the least, -1 where the most, else
    0. `rate`: per what ("day" for "twice daily", "share" for "$2 per share"); "" without one. `about`: said to be near.
    """

    value: float
    unit: str
    at: int
    implied: bool = False
    bound: int = 0
    rate: str = ""
    about: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What a text states. `tokens` are its words and marks in lower case, `stems` the same stemmed.

    `names` gives the first place of each, `denials` the places of words like "not", and `undone` those
    among them of words like "unpaid" (see `undone`).
    """

    tokens: tuple[str, ...]
    stems: tuple[str, ...]
    numbers: tuple[Number, ...]
    names: Mapping[str, int]
    denials: tuple[int, ...]
    undone: tuple[int, ...] = ()


@lru_cache(2000)
def facts(text: str) -> Facts:
    """The facts of `text`.

    >>> found = facts("In 1998 Dr Chen gave 2,500 mg to twelve patients, not 30%.")
    >>> [(number.value, number.unit) for number in found.numbers]
    [(1998.0, ''), (2500.0, 'mg'), (12.0, ''), (30.0, 'percent')]
    >>> list(found.names), [found.tokens[i] for i in found.denials]
    (['dr', 'chen'], ['not'])
    >>> list(facts("Marie Curie won it. The Nobel committee met.").names)
    ['marie', 'curie', 'nobel']
    """
    raw = _TOKEN.findall(text)
    tokens = tuple(token.lower() for token in raw)
    denials = tuple(i for i, token in enumerate(tokens) if _denies(tokens, i))
    return Facts(
        tokens,
        tuple(stem(found[0]) if (found := words(token)) else token for token in tokens),
        tuple(_dated(_numbers(tokens, _clause_numbers(raw)), raw)),
        _names(raw),
        denials,
    )


# The word without it is denied: "unpaid" is "not paid". Behind in- and im- only what looks like an adjective.
_NEGATIVE = re.compile(
    r"(?:un(?!less)|non|dis(?!co[uv]|cha|play|patch|pos|miss|eas)|ir(?=r)|il(?=l)"
    r"|i[nm](?=\w{3,}(?:[ai]ble|ent|ant|ive|ct|al|ete|ate|ous|ure|ile|id)(?:ly)?$))(\w{4,})"
)


def undone(one: Facts, other: Facts) -> Facts:
    """`one` with "unpaid" taken for "not paid" where `other` has "paid", and not "unpaid".

    >>> found = undone(facts("The rent was unpaid."), facts("He paid the rent."))
    >>> found.stems[3], found.denials
    ('paid', (3,))
    """
    stems, found = list(one.stems), []
    for i, token in enumerate(one.tokens):
        match = _NEGATIVE.fullmatch(token) if stems[i] not in other.stems else None
        if match and stem(match[1]) in other.stems:
            stems[i] = stem(match[1])
            found.append(i)
    denials = sorted({*one.denials, *found})
    return replace(one, stems=tuple(stems), denials=tuple(denials), undone=tuple(found)) if found else one


def _denies(tokens: Sequence[str], at: int) -> bool:
    """Whether the word there denies something; "with or without" and "no more than" do not."""
    if tokens[at] in ("without", "not") and at and tokens[at - 1] == "or":
        return False
    if _LIMIT.match(" ".join(tokens[at : at + 4])):
        return False
    if tokens[at] in _DENIES_BEFORE and not set(tokens[at + 1 : at + 2]) & _DENIES_BEFORE[tokens[at]]:
        return False
    return tokens[at] in _DENIALS or tokens[at].endswith(("n't", "n’t"))


@lru_cache(20000)
def carries(token: str) -> bool:
    """Whether a token is a word that carries meaning, no mark, number or small word."""
    return token[0].isalpha() and len(content_words(f"{token} x")) == 2


def _clause_numbers(raw: Sequence[str]) -> frozenset[int]:
    """Where a sentence begins with the number of a clause, as in "4.3 The Tenant ..." or "2. The Tenant ..."."""
    found = set()
    for i, token in enumerate(raw[:-1]):
        opens = not i or raw[i - 1] in _STOPS
        after = i + 1 + (raw[i + 1] in ".)")
        dotted = after > i + 1 or re.fullmatch(r"\d{1,2}(\.\d{1,2})+", token)
        if opens and dotted and token[0].isdigit() and after < len(raw) and raw[after][0].isupper():
            found.add(i)
    return frozenset(found)


def _numbers(tokens: Sequence[str], aside: frozenset[int]) -> list[Number]:
    """The numbers among the tokens, those at the places `aside` left out."""
    found = []
    i = 0
    while i < len(tokens):
        if tokens[i] in _MULTIPLIED:
            found.append(Number(_MULTIPLIED[tokens[i]], "", i, implied=True))
        value = _value(tokens[i]) if tokens[i] not in _ONES else _one(tokens, i)
        if value is None or i in aside:
            i += 1
            continue
        at = i
        i += 1
        if tokens[at] in _TENS.split() and i + 1 < len(tokens) and tokens[i] == "-" and tokens[i + 1] in _VALUES:
            value += _VALUES[tokens[i + 1]]
            i += 2
        if i < len(tokens) and tokens[at][0].isdigit() and tokens[i] in _FRACTIONS:
            value += _FRACTIONS[tokens[i]]
            i += 1
        while i < len(tokens) and tokens[i] in _SCALES:
            value *= _SCALES[tokens[i]]
            i += 1
        start = at - (at > 0 and tokens[at - 1] in _CURRENCIES)
        unit = _UNITS[tokens[start]] if start < at else _unit_behind(tokens, i)
        if tokens[at] in ("once", "twice", "thrice"):
            unit = "times"
        if not unit and tokens[max(0, at - 2) : at] == (")", ":"):  # a label: "Weight (kg): 3.4"
            unit = _UNITS.get(tokens[at - 3], "")
        found.append(
            Number(
                value,
                unit,
                at,
                tokens[at] in ("a", "an") and value == 1,
                _bound(tokens[max(0, start - 8) : start], tokens[i : i + 8]),
                _rate(tokens, start, i),
                start > 0 and tokens[start - 1] in _ABOUT,
            )
        )
    return found


def _dated(numbers: Sequence[Number], raw: Sequence[str]) -> Iterator[Number]:
    """`numbers`, a day of a month with the month as its unit: "3 May", "May 3rd", "the third of May"."""
    for number in numbers:
        beside = [i for i in (number.at + 1, number.at - 1) if 0 <= i < len(raw)]
        if raw[number.at + 1 : number.at + 2] == ["of"] and number.at + 2 < len(raw):
            beside = [number.at + 2]
        month = next((m for i in beside if raw[i][0].isupper() and (m := MONTHS.get(raw[i].lower()))), "")
        dated = month and not number.unit and number.value in range(1, 32)
        yield replace(number, unit=month) if dated else number


def _rate(tokens: Sequence[str], start: int, end: int) -> str:
    """Per what the number from `start` to `end` is: "a day" or "daily" behind it, "a monthly rent of" before it."""
    for word, after in zip(tokens[end : end + 4], [*tokens[end + 1 : end + 5], ""], strict=False):
        if word in _PERIODS:
            return _PERIODS[word]
        unit = _UNITS.get(after, after)
        if word == "per" or (word in ("a", "an", "each", "every") and unit in (*_TIMES, "night")):
            return unit
        if not word[0].isalpha() and word != "%":
            break
    before = tokens[max(0, start - 3) : start]
    return next((_PERIODS[t] for t in before if t in _PERIODS), "") if before and before[-1] in ("of", "is") else ""


def _unit_behind(tokens: Sequence[str], i: int) -> str:
    """The unit that the tokens from `i` on begin with; "" without one."""
    after = next((t for t in tokens[i : i + 3] if t not in _BETWEEN), "")
    return _UNITS.get(re.sub(r" |['’]s$", "", after), "")


def _bound(before: Sequence[str], behind: Sequence[str]) -> int:
    """Whether the words around a number make it the least (1) or the most (-1) that there may be; else 0."""
    if found := _BEHIND.match(" ".join(behind)):
        return 1 if found[1] else -1
    found = _BOUND.search(" ".join(before))
    return (1 if found[2] else -1) * (-1 if found[1] else 1) if found else 0


def _one(tokens: Sequence[str], at: int) -> float | None:
    """1 where the word there counts: "one month", "once a day", "a million"; else None."""
    after = tokens[at + 1] if at + 1 < len(tokens) else ""
    if tokens[at] == "once":
        return 1.0 if after in _RATES else None
    return 1.0 if after in _SCALES or _unit_behind(tokens, at + 1) in _TIMES else None


def _value(token: str) -> float | None:
    if token in _VALUES or token in _FRACTIONS:
        return _VALUES.get(token) or _FRACTIONS[token]
    if not token[0].isdigit():
        return None
    digits = re.sub(r"(st|nd|rd|th|s)$", "", token).replace(",", "")
    try:
        return float(digits)
    except ValueError:  # a version, a date with dots
        return float(int.from_bytes(digits.encode()[:7], "big"))


def _names(raw: Sequence[str]) -> dict[str, int]:
    """Words with a capital that does not come from opening a sentence, months and abbreviations among them."""
    found: dict[str, int] = {}
    opening = True
    for i, token in enumerate(raw):
        if not token[0].isalnum():
            opening = opening or token in _STOPS
            continue
        named_on = i + 1 < len(raw) and raw[i + 1][0].isupper() and len(content_words(f"{token} x")) == 2
        capital = token[0].isupper() and (not opening or named_on or any(c.isupper() for c in token[1:]))
        if (capital and len(token) > 1) or (token.lower() in _MONTHS.split() and token[0].isupper()):
            found.setdefault(re.sub(r"['’]s$", "", token.lower()), i)
        opening = False
    return found
