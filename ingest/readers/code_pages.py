"""Which code page of Europe a text is written in, told by the letters that its languages use."""

import re
from collections import Counter
from collections.abc import Sequence

# The letters beyond ASCII of the languages that are written in each code page, the more common pages first.
_WESTERN = (
    "äöüß",  # German
    "àâæçéèêëîïôœùûüÿ",  # French
    "áéíñóúüªº",  # Spanish
    "àáâãçéêíóôõúü",  # Portuguese
    "àèéìíîòóù",  # Italian
    "àçèéíïòóúü",  # Catalan
    "åäöæøéü",  # the languages of Scandinavia, Finnish
    "áæðéíóöúýþ",  # Icelandic
    "áäèéëïíóöúü",  # Dutch
    "äåçèéëïöøü",  # names in English texts
)
_CENTRAL = (
    "ąćęłńóśźż",  # Polish
    "áčďéěíňóřšťúůýž",  # Czech
    "áäčďéíĺľňóôŕšťúýž",  # Slovak
    "áéíóöőúüű",  # Hungarian
    "âăîşţ",  # Romanian
    "ćčđšž",  # Croatian, Slovene
)
_LETTERS = {
    "cp1252": _WESTERN,
    "cp1250": _CENTRAL,
    "iso8859_2": _CENTRAL,
    "cp1254": ("âçğıiîöşûü",),  # Turkish
    "cp1257": ("ąčėęįšūųž", "āčēģīķļņšūž"),  # Lithuanian, Latvian
}
_PLAIN = re.compile(rb"[0-9A-Za-z]")
_HIGH = re.compile(r"[^\x00-\x7f]")
# What no text in the right code page has: a sign inside a word ("Wa³êsa"), and a capital behind a small letter.
_LETTER, _SIGN = "[^\\W\\d_¹²³¼½¾]", "(?:[¹²³¼½¾]|[^\\w\\s\\x00-\\x7f\u2010-\u201d\xa0\xad\xb7])"
_SIGN_INSIDE = re.compile(rf"(?<={_LETTER}{{2}}){_SIGN}(?={_LETTER})|(?<={_LETTER}){_SIGN}(?={_LETTER}{{2}})")
_CAPITAL_INSIDE = re.compile(r"(?<=[a-z\xdf-\xf6\xf8-\xff])[\xc0-\xd6\xd8-\xde\u0152\u0160\u0178\u017d]")
# In Latin text hardly any letters beyond ASCII stand three in a row; in other alphabets they do.
_RUN = re.compile(r"[^\x00-\x7f]{3,}")
# Such a share of letters that do not fit is borne: names from elsewhere.
_STRANGE = 0.05
_ODD = 0.2


def code_page(data: bytes) -> str | None:
    """The code page of Europe that `data` is written in; None if it is no text of mostly Latin letters.

    Windows-1252, unless two letters and more are no letters of a Western language in it, and (nearly) all of them are
    letters of one language in another page.
    """
    high = sum(byte > 0x7F for byte in data)
    if high > 3 * len(_PLAIN.findall(data)) + 1:
        return None
    strange = {page: _strange(data.decode(page, "replace"), languages) for page, languages in _LETTERS.items()}
    best = min(strange, key=strange.__getitem__)
    if strange["cp1252"] - strange[best] < 2:
        best = "cp1252"
    if strange[best] <= high * _STRANGE:
        return best
    text = data.decode("cp1252", "replace")
    odd = _strange(text, ["".join(_WESTERN) + "ÿšž"]) + sum(map(len, _RUN.findall(text)))
    return "cp1252" if odd <= high * _ODD else None


def _strange(text: str, languages: Sequence[str]) -> int:
    """How much in `text` does not fit the one of `languages`, each given by its letters, that it fits best."""
    found = Counter(c.lower()[0] for c in _HIGH.findall(text) if c.isalpha() or c == "\ufffd" or c < "\xa0")
    found.pop("µ", None)
    misplaced = 2 * len(_SIGN_INSIDE.findall(text)) + len(_CAPITAL_INSIDE.findall(text))
    return misplaced + min(sum(n for c, n in found.items() if c not in letters) for letters in languages)
