"""The date or version that a heading states of what stands below it: "## 3.1.0 - 2024-05-01" above "- TLS 1.3".

The sentence that answers "When was TLS 1.3 added?" then states no date. Only what happened is asked for so, and only a
heading that says little else tells when: "Meeting of 9 April 2024", not "What was planned in 2023".
"""

import re
from collections.abc import Callable

from ingest import Document, Passage, content_words, stems

from .choose import Sentence
from .direct import DATE, MONTHS, YEAR

_VERSION = re.compile(r"(?<![\w.-])v?\d+(?:\.\d+)+(?:-[a-z]+[.\d]*)?(?![\w-]|\.\d)")
_HAPPENED = r"\b(?:was|were|did|has|have|had)\b"
# How a question asks for such a thing, and what it looks like.
_KINDS = (
    (re.compile(rf"\b(?:what|which) year\b.*{_HAPPENED}", re.IGNORECASE), YEAR),
    (re.compile(rf"(?:^\W*(?:since )?when\b|\b(?:what|which) (?:date|day)\b).*{_HAPPENED}", re.IGNORECASE), DATE),
    (
        re.compile(
            r"\b(?:by|from|in|since|with) (?:what|which) (?:version|release)\b"
            r"|\b(?:what|which) (?:version|release) (?:first )?(?:\w+ed|brought|got|has|made)\b",
            re.IGNORECASE,
        ),
        _VERSION,
    ),
)
# A sentence that says so itself: "deprecated since 2.8".
_OF_ITS_OWN = re.compile(r"\b(?:after|as of|before|by|from|in|since|until) (?:v|version |release )?\d", re.IGNORECASE)
# A heading says so many other words at most, and none beside a mere month or year.
FEW_WORDS = 3
_PART = re.compile(rf"\d+|{MONTHS}")
_DAY = 3
_LONG = re.compile(rf"\d{{4}}|\d\d[a-z]{{2}} cent|{MONTHS}")


def headed(question: str, sentence: Sentence, document: Callable[[str], Document]) -> tuple[str, Passage] | None:
    """The date or version that `question` asks for, and the line of the heading above `sentence` that alone states it.

    None where the sentence states one itself, or the nearest heading with any is not of one alone. `document` gives the
    document of a name.
    """
    of = sentence.candidate.passage
    thing = next((thing for asks, thing in _KINDS if asks.search(question)), None)
    if not (thing and of.heading and thing.search(of.heading)) or _OF_ITS_OWN.search(sentence.text):
        return None
    if thing is not _VERSION and thing.search(sentence.text):
        return None
    source = document(of.document)
    above = [section for section in source.sections if section.start <= sentence.start and section.path]
    path = above[-1].path if above else ()
    for depth in range(len(path), 0, -1):
        line = path[depth - 1]
        if found := _states(line, thing):
            start = next(section.start for section in reversed(above) if section.path == path[:depth])
            told = found.pop()
            there = source.text.startswith(line, start) and not found and _says_little_else(line, told)
            heading = Passage(of.document, of.title, " > ".join(path[:depth]), None, start, start + len(line), line)
            return (told, heading) if there and not stems(told) <= stems(question) else None
    return None


def _states(heading: str, thing: re.Pattern[str]) -> set[str]:
    """What looks like `thing` in a heading: 3.1.12 is a version there, and 3.1.2012 a date."""
    found = {match.group() for match in thing.finditer(heading)}
    if thing is YEAR:
        return found
    return {text for text in found if (thing is DATE) == bool(DATE.fullmatch(text) and _LONG.search(text))}


def _says_little_else(line: str, told: str) -> bool:
    """Whether a heading is of the date or version `told`, and not only mentions it."""
    others = content_words(_VERSION.sub(" ", DATE.sub(" ", line)))
    exact = _VERSION.fullmatch(told) or len(_PART.findall(next(iter(DATE.findall(line)), told))) >= _DAY
    return len(others) <= (FEW_WORDS if exact else 0)
