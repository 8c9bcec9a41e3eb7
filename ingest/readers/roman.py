"""Roman numerals."""

_WORTHS = (
    ("m", 1000), ("cm", 900), ("d", 500), ("cd", 400), ("c", 100), ("xc", 90), ("l", 50), ("xl", 40), ("x", 10),
    ("ix", 9), ("v", 5), ("iv", 4), ("i", 1),
)  # fmt: skip


def roman(count: int) -> str:
    """A number in small Roman numerals; "" where they do not reach, from 1 to 3999.

    >>> roman(4), roman(1994), roman(0), roman(-1), roman(4000)
    ('iv', 'mcmxciv', '', '', '')
    """
    written = ""
    for digits, worth in _WORTHS if 0 < count < 4000 else ():
        written += digits * (count // worth)
        count %= worth
    return written
