"""Follow-ups to a question on numbered places: of another place, of another edition, or of the next."""

import re
from collections.abc import Sequence

from ingest import stems

from .answers import Turn
from .places import ALONE, ANY_DOCUMENT, NAMED, OPENERS, named_places

_OPENER = re.compile(rf"{OPENERS}+(?:(?:in|for|under) )?", re.IGNORECASE)
# "In the 2022 version", of what was last asked of that of another year.
_EDITION = re.compile(r"(?:of )?the (?P<year>(?:19|20)\d\d)\b(?P<name>[^()]*)(?: \(.*\))?")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
# Items of a list, which may be meant without their label.
_ITEM = "item|rule|step"
_ITEMS = re.compile(
    rf"\W*(?:(?:what|which) (?:are|were)|(?:give|show|tell) me|list|name) (?:all )?the (?P<label>{_ITEM})s(?P<of> .+?)"
    r"[\s?.!]*",
    re.IGNORECASE,
)
# What is asked for is the step, not a time.
_WHEN = re.compile(r"^ when(?:ever)? ", re.IGNORECASE)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NAMES = r"(?:what(?:['’]s| is| about) )?"
_ONWARD = re.compile(
    rf"\W*{OPENERS}*(?:{_NAMES}(?:{_ITEM}) (?P<number>\d{{1,3}})"
    rf"|{_NAMES}the (?P<nth>{'|'.join(_ORDINALS)})(?: (?:one|{_ITEM}))?"
    rf"|what (?:comes|follows|happens|is) (?:right |next )?after (?:(?:{_ITEM}) )?(?P<after>\d{{1,3}})"
    rf"|(?P<next>then|next|after (?:that|this)|{_NAMES}the next(?: (?:one|{_ITEM}))?"
    r"|what(?:['’]s| is| comes| happens| follows)? (?:next|then|after (?:that|this))))[\s?.!]*",
    re.IGNORECASE,
)


def resumed(question: str, history: Sequence[Turn]) -> str | None:
    """The last question of the history, for the place that is all that `question` names: "And clause 9.3?", "And 9.3?".

    So "And then?" asks of the next place. None if `question` says more, or the last one named no place.
    """
    asked = None
    for text in [*(turn.text for turn in history if turn.role == "user"), question]:
        opener = _OPENER.match(text)
        rest = text[opener.end() if opener else 0 :].strip(" ?.!")
        before = named_places(asked) if asked else []
        if asked and before and opener and (ALONE.fullmatch(rest) or NAMED.fullmatch(rest)):
            start, end = before[-1].span("numbers" if ALONE.fullmatch(rest) else 0)
            asked = f"{asked[:start]}{rest}{asked[end:]}"
        elif asked and before and opener and (put := edition(rest, asked)):
            asked = put
        else:
            asked = (_onward(text, asked) if asked else None) or text
    return asked if asked != question else None


def _onward(text: str, asked: str) -> str | None:
    """What was `asked` of one place, of the next; or of all items of a list, of the one that `text` names.

    Behind all of them, "And then?" asks for them again.

    >>> _onward("And then?", "What does clause 9.2 say?"), _onward("What is next?", "What is step 1 of the assay?")
    ('What does clause 9.3 say?', 'What is step 2 of the assay?')
    >>> _onward("And the second?", "What are the steps of the assay?")
    'What is step 2 of the assay?'
    >>> _onward("What comes after step 2?", "List the steps when a laptop is lost.")
    'What is step 3 if a laptop is lost?'
    >>> _onward("And then?", "What are the steps of the assay?"), _onward("And the second?", "What does clause 1 say?")
    ('What are the steps of the assay?', None)
    """
    found = _ONWARD.fullmatch(text)
    if not found:
        return None
    number = None
    if nth := found["nth"]:
        number = 1 + _ORDINALS.index(nth.lower())
    elif found["number"] or found["after"]:
        number = int(found["number"] or int(found["after"]) + 1)
    items, places = _ITEMS.fullmatch(asked), named_places(asked)
    if items:
        of = _WHEN.sub(" if ", items["of"])
        return f"What is {items['label'].lower()} {number}{of}?" if number else asked
    one = re.fullmatch(r"((?:\d{1,3}\.)*)(\d{1,3})", places[-1]["numbers"]) if places else None
    if not one or (number and (one[1] or not re.fullmatch(rf"(?:{_ITEM})s?", places[-1]["label"], re.IGNORECASE))):
        return None
    start, end = places[-1].span("numbers")
    return f"{asked[:start]}{one[1]}{number or int(one[2]) + 1}{asked[end:]}"


def edition(rest: str, asked: str) -> str | None:
    """What was `asked`, of the edition of another year if that is all that `rest` names: "the 2022 version"."""
    match = _EDITION.fullmatch(rest)
    known = match and stems(match["name"]) - ANY_DOCUMENT <= stems(asked)
    return _YEAR.sub(match["year"], asked, count=1) if match and known and _YEAR.search(asked) else None
