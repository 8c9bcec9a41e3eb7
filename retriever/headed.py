"""The date or version that a heading states of what stands below it: "## 3.1.0 - 2024-05-01" above "- TLS 1.3".

The sentence that answers "When was TLS 1.3 added?" then states no date. Only what happened is asked for so, and only a
heading that says little else tells when: "Meeting of 9 April 2024", not "What was planned in 2023".
"""

import re
from collections.abc import Callable, Sequence, Set

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
# Or that it was some other day, or is not yet.
_ANOTHER_DAY = re.compile(
    r"(?i:\b(?:yesterday|ago|earlier|previously)\b|\b(?:last|next|this|previous|coming|on|at|over|before|since)"
    r" (?:the )?(?:spring|summer|autumn|fall|winter|weekend|week|month|year|night|christmas|easter|new year|\w+day)\b)"
    rf"|(?<=\w )(?:{MONTHS})\b"
)
_DECIDED = r"(?:agree|decide|resolve|vote|approve|propose|promise|plan|want|hope)(?:s|e?d|ned)?"
_PENDING = re.compile(rf"\b(?:will|shall|(?:is|are) to|{_DECIDED} (?:to|that))\b", re.IGNORECASE)
_ASKS_PENDING = re.compile(rf"\b(?:will|{_DECIDED})\b", re.IGNORECASE)
# What an entry's label, or the heading below, says of it; one of the last line did not happen at all.
_LABELS = [
    frozenset(stems(line))
    for line in (
        "added add new introduced introduce brought bring features",
        "fixed fix fixes mended mend solved solve resolved corrected bugs",
        "removed remove dropped drop deleted delete withdrawn",
        "deprecated deprecate planned plan proposed upcoming rejected postponed known",
    )
]
_LABEL = re.compile(r"\W*([^\W\d_]+)(?: \w+)?:")
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
    if thing is not _VERSION and (thing.search(sentence.text) or _ANOTHER_DAY.search(sentence.text)):
        return None
    if _PENDING.search(sentence.text) and not _ASKS_PENDING.search(question):
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
            asked = stems(question)
            right = _is_labelled(asked, [*path[depth:], *(m[1] for m in [_LABEL.match(sentence.text)] if m)])
            return (told, heading) if there and right and not stems(told) <= asked else None
    return None


def _is_labelled(asked: Set[str], labels: Sequence[str]) -> bool:
    """Whether no label says that something else happened than is `asked`: "Fixed" where it asks what was added."""
    for said in map(stems, labels):
        line = next((line for line in _LABELS if line & said), None)
        others = any(other & asked for other in _LABELS if other is not line)
        if line and not line & asked and (others or line is _LABELS[-1]):
            return False
    return True


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
