"""How the cells of Excel show their numbers."""

import datetime
import re
from dataclasses import dataclass
from functools import lru_cache

# Number formats that every workbook knows without writing them down (ECMA-376, part 1, 18.8.30); their dates follow.
_BUILT_IN = {
    **dict.fromkeys((1,), "0"),
    **dict.fromkeys((2,), "0.00"),
    **dict.fromkeys((3, 5, 6, 37, 38, 41, 42), "#,##0"),
    **dict.fromkeys((4, 7, 8, 39, 40, 43, 44), "#,##0.00"),
    **dict.fromkeys((9, 10), "0%"),
    **dict.fromkeys((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)), "yyyy-mm-dd"),
    46: "[h]:mm:ss",
}
# What a format is made of: texts in quotes or behind a backslash, gaps, currencies, other things in brackets, the end
# of the format for positive numbers, the digits, and whatever else.
_PIECE = re.compile(
    r'"([^"]*)"?|\\(.)|[_*].|\[\$([^\]-]*)[^\]]*\]|\[([^\]]*)\]|(;)|(general|\.?[#0?][#0?.,]*)|(.)', re.IGNORECASE
)


@dataclass(frozen=True)
class _Format:
    kind: str = ""  # "date", "elapsed", "percent", "number", or "" for one that is shown as a plain number
    before: str = ""
    digits: str = ""
    after: str = ""


def built_in(number: int) -> str:
    """The format code that a number stands for, "" where it is that of a plain number."""
    return _BUILT_IN.get(number, "")


def shown_number(text: str, code: str, since_1904: bool = False) -> str:
    """A stored number as its cell shows it by its format code, but never rounded, and dates as 2024-03-31.

    >>> shown_number("45382", "dd/mm/yy"), shown_number("0.4", "0%"), shown_number("0.30000000000000004", "")
    ('2024-03-31', '40%', '0.3')
    >>> shown_number("1234.5", '"$"#,##0.00'), shown_number("50", '0" mg"'), shown_number("1.5", "[h]:mm")
    ('$1,234.50', '50 mg', '36:00')
    """
    try:
        number = float(text)
    except ValueError:
        return text
    format_ = _parsed(code)
    if format_.kind == "date" and 0 <= number < 2_958_466:  # the year 9999
        if number < 1:
            return str((datetime.datetime.min + datetime.timedelta(seconds=round(number * 86_400))).time())
        day = datetime.datetime(1904, 1, 1) if since_1904 else datetime.datetime(1899, 12, 30)
        moment = day + datetime.timedelta(seconds=round(number * 86_400))
        return str(moment.date()) if not moment.hour + moment.minute + moment.second else str(moment)
    if format_.kind == "elapsed" and abs(number) < 2_958_466:
        return _elapsed(number, format_.digits)
    if format_.kind == "percent":
        return f"{number * 100:.12g}%"
    if format_.kind == "number":
        shown = format_.before + _digits(abs(number), format_.digits) + format_.after
        return ("-" if number < 0 else "") + shown.strip()
    return _plain(number) or text


def _plain(number: float) -> str:
    """Its digits, "" if it is too large to have them all."""
    if abs(number) < 1e15:
        return f"{number:.15g}"
    return f"{number:.0f}" if number.is_integer() and abs(number) < 1e20 else ""


def _digits(number: float, digits: str) -> str:
    """A number with the zeros and the commas that the digits of a format ("#,##0.00") ask for."""
    scale = len(digits) - len(digits.rstrip(","))  # each comma at the end stands for a division by a thousand
    plain = _plain(number / 1000**scale)
    whole, _, fraction = plain.partition(".")
    if not whole.isdecimal():
        return plain or repr(number)
    wanted_whole, _, wanted_fraction = digits.rstrip(",").partition(".")
    whole = f"{int(whole):,}" if "," in wanted_whole else whole.zfill(wanted_whole.count("0"))
    fraction = fraction.ljust(wanted_fraction.count("0"), "0")
    return f"{whole}.{fraction}" if fraction else whole


def _elapsed(number: float, code: str) -> str:
    """A span of days in the units of its format: hours, minutes or seconds first, as many as there are."""
    seconds = round(abs(number) * 86_400)
    parts = [seconds // 3600, seconds // 60 % 60, seconds % 60]
    if code.startswith("m"):
        parts = [seconds // 60, seconds % 60]
    elif code.startswith("s"):
        parts = [seconds]
    elif "s" not in code:
        parts.pop()
    return ("-" if number < 0 else "") + ":".join([str(parts[0]), *(f"{part:02}" for part in parts[1:])])


@lru_cache(maxsize=1_000)
def _parsed(code: str) -> _Format:
    texts = [""]
    digits: list[str] = []
    others = elapsed = ""
    for quoted, escaped, currency, bracket, end, run, other in _PIECE.findall(code):
        if end:
            break
        if run:
            digits.append(run.lower())
            texts.append("")
        if bracket.lower().strip("hms") == "":
            elapsed += bracket.lower()
        elif bracket[0] in "<>=":
            return _Format()  # holds for some numbers only
        texts[-1] += quoted + escaped + currency + (other if not other.isalpha() else "")
        others += other.lower()
    if elapsed:
        return _Format("elapsed", digits=elapsed + others)
    if re.search("[ymdhs]", others):
        return _Format("date")
    if "%" in others:
        return _Format("percent")
    if len(digits) != 1 or re.search("[a-z@/]", others) or digits[0].count(".") > 1:
        return _Format()
    return _Format("number", texts[0], digits[0].replace("general", ""), texts[1])
