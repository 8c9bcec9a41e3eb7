"""When no short answer is given, though the best sentence holds one thing of the kind asked for: it may be another's.

A bare "25 December" for "When is the library open?" is false where the sentence says that it is closed then. So it is
where the sentence denies or excepts it, tells of another event, dimension or year, or of another thing of the name;
where another sentence tells of what is asked; and where another document says otherwise. What is quoted stays.
"""

import re
from collections.abc import Sequence
from functools import cached_property

from ingest import STOP_WORDS, content_words, sentences, stem, stems, words

from .choose import Sentence
from .direct import COUNTED, DATE, direct_answer, is_moved
from .facts import facts, opposites
from .whole import leans

# What happens to a thing: a sentence that says one of a line, and not the one that the question does, tells of that.
_EVENTS = [
    [stems(event) for event in line.split(" | ")]
    for line in (
        "born birth | die died death dead kill murder assassinate execute | marry married wed wedding divorce",
        "build built construct erect found establish create open opening start begin began begun launch"
        " | renovate renovation restore restoration refurbish repair rebuild rebuilt modernise"
        " | close closed closure shut demolish destroy abandon abolish dissolve end ended finish stop",
        "buy bought purchase acquire | sell sold sale",
    )
]
_DIMENSIONS = [stems(words) for words in ("wide width broad breadth", "deep depth", "high height tall", "long length")]
_ASKS_DIMENSION = re.compile(r"\bhow (wide|broad|deep|high|tall|long)\b", re.IGNORECASE)
_DIMENSION = re.compile(r"[- ](wide|broad|deep|high|tall|long)\b")
_IS_LENGTH = re.compile(r"\d ?(?:[kcm]?m|in)$|(?:met(?:re|er)s?|miles?|f(?:ee|oo)?t|inch(?:es)?|yards?)$")
# These words of a question say nothing of its subject.
_ASKS = re.compile(
    r"\bhow (?:long|many|much|soon|old|far)\b|\b(?:what|which) (?:year|date|day|number)\b"
    r"|\b(?:come|get|happen|last|take|there)\b",
    re.IGNORECASE,
)
_ASKS_WHEN = re.compile(r"\bwhen\b|\b(?:what|which) (?:year|date|day)\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:1\d|20)\d\d\b")
_DENIES = re.compile(
    r"\b(?!no (?:more|less|fewer|later|longer) than|not only)(?:not|no|never|none|nor|neither|nobody|without|cannot)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
_DENIED = 60
_UNTIL = re.compile(r"\b(?:until|till|before)\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[,;:()–]|\b(?:but|although|though|while|whereas)\b")
_OTHER_CLAUSE = re.compile(r";|, (?:and|but|while|whereas|though|although)\b")
# Where a part of a sentence ends that may tell of its own share: "12 were sheared; 34 are still waiting".
_PART = re.compile(r"[,;:](?= )|[()]| [–-] |\b(?:and|but|while|whereas|though|although)\b", re.IGNORECASE)
_SHARE = re.compile(rf"\d|\b(?:{COUNTED}|half|double|twice|none|nothing|free|rest|others?)\b", re.IGNORECASE)
_FREE = re.compile(r"\b(?:free|nothing|no charge)\b", re.IGNORECASE)
_HOW_MUCH = re.compile(r"\bhow much\b|\bcosts?\b|\bprices?\b|\bfees?\b", re.IGNORECASE)
_EXCEPTS = re.compile(
    r"\b(?:but|except(?:ing)?(?: for)?|apart from|other than|excluding|exception of)(?: on| in)?(?: the)? $"
)
# "Freezer 2", "the Esk bridge", "Its towers", "How long is probation?", "during probation".
_NUMBERED = re.compile(r"\b([^\W\d_]{3,}) (\d+|[A-Z])\b")
_CALLED = re.compile(r"\b[Tt]he ([^\W\d_]+) ([^\W\d_]+)")
_NAMED = re.compile(r"(?<!^)\b[A-Z]\w+")
_ITS = re.compile(r"(?:Its|Their|His|Her) ((?:\w+ )?\w+)")
_POINTS = re.compile(r" ?(?:and |but )?(?:it|they|this|these|he|she)\b", re.IGNORECASE)
# What a mere month, or the end of what begins elsewhere, is not the whole of.
_TIMES = re.compile(r"\b\d\d?[.:]\d\d\b(?![./])|\b\d\d? ?[ap]\.?m\b|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day")
_TO = re.compile(r"\bto(?: the)? $")
_HOW_MANY = re.compile(r"\bhow many\b", re.IGNORECASE)
_LASTS = re.compile(r"\bhow long (?:is|was|are|were|will) (?:the |my |our |your |an? )?(\w+)", re.IGNORECASE)
_DURING = re.compile(
    r"\b(?:during|in|on|after|before|within|throughout|until|since)(?: the| your| an?)? $", re.IGNORECASE
)
# Of so many of the best sentences it is seen whether they say otherwise, and which share of the subject they hold.
LOOKED_AT = 12
OF_THE_SUBJECT = 0.5
# So many letters tell a name, in any form of it.
_SAME_NAME = 5


def withheld(question: str, ranked: Sequence[Sentence], short: str) -> bool:
    """Whether `short`, the only thing of its kind in the best of `ranked` (best first), may not answer `question`."""
    told = _Told(question, ranked[0], short)
    return (
        told.is_denied
        or told.is_of_another_event
        or told.is_of_another_dimension
        or told.is_of_another_year
        or told.is_a_part
        or told.is_of_another_clause
        or told.is_of_another_share
        or told.is_of_another_name(told.best)
        or told.is_named_elsewhere
        or any(told.is_contradicted(other) for other in ranked[1:LOOKED_AT])
    )


class _Told:
    """A short answer with the sentence that it is from, and what that says of the subject of a question."""

    def __init__(self, question: str, best: Sentence, short: str) -> None:
        self.question = question
        self.short = short
        self.best = best
        self.of = best.candidate.passage
        self.text = best.text
        self.start = max(0, best.text.find(short))
        self.end = self.start + len(short)
        subject = _ASKS.sub("", question)
        self.asked = stems(subject)
        self.subject = {stem(word) for word in content_words(subject)}
        self.said = stems(best.text)

    @cached_property
    def known(self) -> frozenset[str]:
        """The stems of the sentence, its title and headings, and the sentence before it if it leans on that."""
        before = self.of.text[: self.best.start - self.of.start]
        *_, last = "", *(before[s:e] for s, e in sentences(before))
        return frozenset(self.said | stems(f"{self.of.context} {last if leans(self.text) else ''}"))

    @property
    def is_denied(self) -> bool:
        """Whether the sentence denies or excepts it, or what the question says: "no children but two dogs"."""
        if _EXCEPTS.search(self.text, 0, self.start):
            return True
        if any(opposites().get(word, frozenset()) & self.said for word in self.asked - self.known):
            return True
        if _DENIES.search(self.question):
            return False
        return any(self._reaches(denial.end()) for denial in _DENIES.finditer(self.text))

    def _reaches(self, end: int) -> bool:
        """Whether the denial that ends there is one of the short answer, or of the question's subject."""
        between = self.text[end : self.start]
        if _UNTIL.search(between) or (end <= self.start and _UNTIL.match(self.short)):
            return False
        denied = content_words(self.text[end : end + _DENIED])[:2]
        return (end <= self.start and not _CLAUSE.search(between)) or not self.subject.isdisjoint(map(stem, denied))

    @property
    def is_of_another_event(self) -> bool:
        for line in _EVENTS:
            asked = [event for event in line if event & self.asked]
            if asked and not any(event & self.said for event in asked) and any(event & self.said for event in line):
                return True
        return False

    @property
    def is_of_another_dimension(self) -> bool:
        asks = _ASKS_DIMENSION.search(self.question)
        if not asks or not _IS_LENGTH.search(self.short):
            return False
        own = _ITS.match(self.text)
        if own and stems(own[1]).isdisjoint(self.asked):
            return True
        asked = next(each for each in _DIMENSIONS if stem(asks[1].lower()) in each)
        if told := _DIMENSION.match(self.text, self.end):
            return stem(told[1]) not in asked
        return asked.isdisjoint(self.said) and any(each & self.said for each in _DIMENSIONS)

    @property
    def is_of_another_year(self) -> bool:
        asked, told = ({*_YEAR.findall(text)} for text in (self.question, self.text))
        other = bool(asked and told) and asked.isdisjoint(told | {*_YEAR.findall(self.of.context)})
        return other and not _ASKS_WHEN.search(self.question)

    @property
    def is_a_part(self) -> bool:
        """Whether it is the end of a period, a month beside hours or weekdays, or one number of several places."""
        rest = f"{self.text[: self.start]} {self.text[self.end :]}"
        if _ASKS_WHEN.search(self.question):
            mere = not any(map(str.isdigit, self.short)) and _TIMES.search(rest)
            return bool(_TO.search(self.text, 0, self.start) or mere)
        several = _HOW_MANY.search(self.question) and len(facts(self.text).numbers) > 1
        return bool(several and self._names - self.known)

    @cached_property
    def _names(self) -> frozenset[str]:
        """The stems of the names in the question."""
        return frozenset({stem(word.lower()) for word in _NAMED.findall(self.question)} & self.subject)

    @property
    def is_of_another_clause(self) -> bool:
        """Whether only another clause tells of the subject, or something lasts only during it."""
        if lasts := _LASTS.search(self.question):
            before = [
                self.text[: m.start()] for m in re.finditer(rf"\b{re.escape(lasts[1])}\b", self.text, re.IGNORECASE)
            ]
            if before and all(_DURING.search(text) for text in before):
                return True
        start = max((m.end() for m in _OTHER_CLAUSE.finditer(self.text, 0, self.start)), default=0)
        behind = _OTHER_CLAUSE.search(self.text, self.end)
        own = self.text[start : behind.start() if behind else None]
        return bool(self.subject & self.said) and self.subject.isdisjoint(stems(own)) and not _POINTS.match(own)

    @property
    def is_of_another_share(self) -> bool:
        """Whether another part of the sentence, with a number of its own, tells of what is asked: "41 are missing".

        In front of it only what is free is looked at. A date that is inserted is of what it is inserted with, whatever
        stands behind: "The lease, signed on 3 May, ended".
        """
        ends = [m.span() for m in _PART.finditer(self.text) if m.end() <= self.start or m.start() >= self.end]
        bounds = [0, *(at for span in ends for at in span), len(self.text)]
        parts = list(zip(bounds[::2], bounds[1::2], strict=True))
        at = next(i for i, (_, end) in enumerate(parts) if self.end <= end)
        own = self.text[slice(*parts[at])]
        before, behind = ([self.text[slice(*part)] for part in some] for some in (parts[:at], parts[at + 1 :]))
        lacking = self.subject - stems(f"{own} {' '.join(DATE.findall(self.question))}")
        if _ASKS_WHEN.search(self.question):
            led = not STOP_WORDS.issuperset(words(self.text[parts[at][0] : self.start]))
            return bool(before and led and lacking >= self.subject and lacking & stems(" ".join(behind)))
        if _HOW_MUCH.search(self.question) and _FREE.search(own):
            return True
        return any(lacking & stems(part) for part in before if _FREE.search(part)) or any(
            lacking & stems(part) for part in behind if _SHARE.search(part)
        )

    def is_of_another_name(self, sentence: Sentence) -> bool:
        """Whether it tells of another thing of the kind: "freezer 1" for "freezer 2", "the Tarn bridge"."""
        text = f"{sentence.candidate.passage.context}: {sentence.text}"
        told = {(m[1].lower(), m[2]) for m in _NUMBERED.finditer(text)}
        for m in _NUMBERED.finditer(self.question):
            kind = m[1].lower()
            if kind not in STOP_WORDS and (kind, m[2]) not in told and any(kind == other for other, _ in told):
                return True
        said = stems(text)
        called = {
            (stem(name.lower()), stem(kind.lower()))
            for name, kind in _CALLED.findall(text)
            if name[0].isupper() and name.lower() not in STOP_WORDS
        }
        return any(
            any(kind == stem(its.lower()) and other not in self.asked for other, kind in called)
            for name, its in _CALLED.findall(self.question)
            if name.lower() not in STOP_WORDS and stem(name.lower()) not in said
        )

    @property
    def is_named_elsewhere(self) -> bool:
        """Whether a name or number of the question stands in no sentence of the passage, or only further down."""
        lacking = self._names - self.known
        held, before = stems(self.of.text), stems(self.of.text[: self.best.start - self.of.start])
        return any(
            name in held - before or not any(other.startswith(name[:_SAME_NAME]) for other in held) for name in lacking
        )

    def is_contradicted(self, other: Sentence) -> bool:
        """Whether another document, or a sentence of the passage that tells more of the subject, has another value."""
        if is_moved(self.short, other.text):
            return True
        found = direct_answer(self.question, other.text)
        if not found or {n.value for n in facts(found).numbers} & {n.value for n in facts(self.short).numbers}:
            return False
        told = stems(f"{other.text} {other.candidate.passage.context}") & self.subject
        own = self.subject & self.known
        if other.candidate.passage.document == self.of.document:
            same = self.subject & self.said
            alike = bool(same) and same <= stems(other.text) and not self.subject <= self.known
            return alike and other.candidate.id == self.best.candidate.id
        if not own or self.is_of_another_name(other):
            return False
        if _ASKS_WHEN.search(self.question):
            return own <= told
        return self._has_unit(found, other.text) and (own <= told or len(told) >= OF_THE_SUBJECT * len(self.subject))

    def _has_unit(self, found: str, text: str) -> bool:
        """Whether what is `found` in `text` is counted, or measured, in the unit of the short answer."""
        return _unit(found, text) == _unit(self.short, self.text) != ""


def _unit(short: str, text: str) -> str:
    units = [n.unit for n in facts(short).numbers if n.unit]
    behind = content_words(text[text.find(short) + len(short) :])[:1]
    return units[0] if units else stem(behind[0]) if behind else ""
