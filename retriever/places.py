"""Questions that name a place by its number ("What does clause 9.2 say?"), and where in the documents that place is.

A number says nothing to an encoder, so such a place is looked up: a heading, paragraph or item that begins with the
number, behind its label ("Clause 9.2", "§ 7") or without one ("9.2 The Customer may", "4. Term"). Both sides are
strict. A number that goes with a noun names no place ("Section 8 housing"), nor does one that nothing begins with, or
that stands alone there, without the one before it or after it: such a question is searched for as any other is.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, pairwise

from ingest import STOP_WORDS, Document, Library, Passage, content_words, paragraphs, stem, stems, words

from .topics import is_topic
from .whole import ITEM, MAX_LIST_WORDS, ROW, headings_of, looks_like_heading

# How likely the library answers where the words of a place are asked for that is there, and that is in more documents
# than are quoted.
READ = 0.95
READ_AMONG_MANY = 0.6

# So many places are told at most, and a number is looked for in so many passages: those of the best BM25.
MAX_PLACES = 3
LOOKED_INTO = 1000

ELSEWHERE = "More documents have such a place: name one to be told of it there."

# How labels are written. The first are often left out where such a place begins, the others never.
_MAY_LACK: Mapping[str, str] = {
    "clause": r"clauses?",
    "section": r"sections?|secs?\.|§{1,2}",
    "article": r"articles?|arts?\.",
    "paragraph": r"paragraphs?|paras?\b\.?",
    "step": r"steps?",
    "rule": r"rules?",
    "chapter": r"chapters?",
    "item": r"items?",
    "question": r"questions?",
}
_LABELS: Mapping[str, str] = {
    **_MAY_LACK,
    "part": r"parts?",
    "schedule": r"schedules?",
    "annex": r"annex(?:es)?",
    "appendix": r"append(?:ix|ices)",
    "table": r"tables?",
}
_LABEL = rf"(?i:{'|'.join(_LABELS.values())})"
# How questions abbreviate them besides: "s. 5", "cl 9.1". "S1" names no section.
_ABBREVIATED: Mapping[str, str] = {
    "clause": r"cll?\.|(?-i:cll?)\b",
    "section": r"ss?\.|(?-i:ss?)\b|secs?\b",
    "article": r"arts?\b",
    "schedule": r"sch(?:ed)?s?\b\.?",
}
_ASKED = rf"(?:{_LABEL}|(?i:{'|'.join(_ABBREVIATED.values())}))"
# Only these are counted by letters and Roman numerals too.
_LETTERED = frozenset(("article", "chapter", "part", "schedule", "annex", "appendix", "table"))
# What one contract calls a clause another calls a section: where the one is not there the other is meant.
_PROVISIONS = ("clause", "section", "article")
# Items of a list: no headings, and none is left out. Beside them these may be mere paragraphs; sections have headings.
_LISTED = frozenset(("step", "item"))
_UNMARKED = _LISTED | {"clause", "paragraph", "rule", "question"}
_NUMBER = r"(?:\d{1,4}[A-Za-z]?(?:[.-]\d{1,3}[A-Za-z]?)*|[IVXL]{1,6}|[A-Z](?:\.?\d{1,2})?)"
_BELOW = r"(?: ?\((?:\d{1,3}|[a-z]{1,4})\))*"
# "Paragraph 2 of": Article 33.
_PART = r"(?i:(?:sub-?)?(?:paragraph|section|clause)|para\.?|point|item) \(?(?P<part>\w{1,4})\)? (?:of|in) (?:the )?"
_NUMBERS = rf"{_NUMBER}{_BELOW}(?:(?:,| and| or|, and|, or) {_NUMBER}{_BELOW})*"
# "What does 6.2 say?" names a clause, or what a text calls otherwise.
_DOTTED = rf"\d{{1,3}}(?:\.\d{{1,3}})+{_BELOW}"
_UNLABELLED = (
    rf"(?<=\bwhat does )(?={_DOTTED} (?:say|state|provide|require)\b)"
    rf"|(?:(?<=\bwhat is in )|(?<=\bwhat['’]s in ))(?={_DOTTED}\W*$)"
)
NAMED = re.compile(
    rf"(?<![\w'’.-])(?:(?:{_PART})?(?P<label>{_ASKED})\s{{0,2}}|(?i:{_UNLABELLED}))"
    rf"(?P<numbers>{_NUMBERS})(?![\w%-]|[.,]\d| ?%| to \d)"
)
_ONE = re.compile(rf"{_NUMBER}{_BELOW}")
_LABELLED = re.compile(_LABEL)
# "And 9.3?", but not "And 2022?".
ALONE = re.compile(rf"\d{{1,3}}(?:\.\d{{1,3}})*{_BELOW}")
# A line that begins with any number, and the end of one that goes on behind it: "in accordance with clause".
_COUNTED = re.compile(
    rf"^(?P<label>{_LABEL}\s?)?(?P<number>{_NUMBER})(?![.-]?\d|\w)(?:[.):]+\s|\s+[\"“'‘(]?[A-Z])", re.MULTILINE
)
_GOES_ON = re.compile(rf"(?:\b{_LABEL}|[^.;:!?]\b(?:and|as|by|in|of|or|the|to|under|with)|,)\n$")
# A line of a table of contents: "4. Fees ..... 12".
_CONTENTS = re.compile(r"[.…]{3,}\s*\d+\s*$|[.…]{6}")
# How a follow-up begins.
OPENERS = r"(?:(?:and|but|or|so|then|now|what about|how about)\b[ ,]*)"
# "Of the lease", but not "in an emergency".
_OF = re.compile(
    r"\s(?:of (?!an?\b)|(?:in|from|under) (?=[A-Z\d]|(?:her|his|my|our|that|the|their|this|your) "
    r"(?!absence|case|course|event)))([^,;:?!]+)"
)
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_ENDS = re.compile(r"[.;:,!?]\W*$")
_JOINING = frozenset("her his my of on our that the their this your".split())
# So do these within a name: "the Health and Safety Act".
_WITHIN_NAME = re.compile(rf"(?:and|at|for|to) (?!{_LABEL})(?=[A-Z])")
ANY_DOCUMENT = stems("agreement book contract document edition file manual one paper report text version")
# What provisions do, beside the verbs that everything does.
_DOES = stems(
    """address ban cite concern define demand detail entail entitle exclude exempt explain forbid govern grant
    guarantee impose limit mention oblige outline permit prescribe prohibit protect provide quote regulate relate
    restrict specify state stipulate summarise summarize"""
)
_KIND = re.compile(r"\b(?:who|whom|whose|when|where|why|how)\b", re.IGNORECASE)
# What asks for the words of a place, and for no more.
_READS = _DOES | stems(
    """allow apply between compare contain content contents cover describe exact exactly full give go information
    look please print read recite require say see show stand text verbatim whole wording words"""
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A place as a question names it: "Article 12(3)" is `text`, "article", "12" and below it "3"."""

    text: str
    label: str
    number: str
    below: tuple[str, ...] = ()
    # The stems of what it is said to be of: "clause 9.2 of the lease".
    owner: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a place is: `start:end` of a document, in passages `ids`; up to `quoted` in `passage` and `further`."""

    mention: Mention
    passage: Passage
    further: tuple[Passage, ...]
    ids: tuple[int, ...]
    start: int
    quoted: int
    end: int

    @property
    def quotes(self) -> list[tuple[Passage, int, int]]:
        """What is quoted, in each passage that it lies in, without the white space at its end."""
        spans = [(p, max(self.start, p.start), min(self.quoted, p.end)) for p in (self.passage, *self.further)]
        return [(p, s, s + len(p.text[s - p.start : e - p.start].rstrip())) for p, s, e in spans]

    def touches(self, document: str, start: int, end: int) -> bool:
        """Whether `start:end` of a document has a part in it."""
        return document == self.passage.document and start < self.end and self.start < end


@dataclass(frozen=True, slots=True)
class _Beginning:
    """Where a place may begin: how, and how many words of the question are in title, name and headings there."""

    passage: Passage
    start: int
    labelled: bool
    heading: bool
    named: int


def mentions(question: str) -> list[Mention]:
    """The places that `question` names.

    >>> [(m.label, m.number, m.below) for m in mentions("What do clauses 9.2 and 9.3(a) say?")]
    [('clause', '9.2', ()), ('clause', '9.3', ('a',))]
    >>> [(m.label, m.number, m.below, sorted(m.owner)) for m in mentions("What is in s 5(1) of the by-laws?")]
    [('section', '5', ('1',), ['bylaw'])]
    >>> [(m.label, m.number) for m in mentions("What does 6.2 say?")], mentions("What does 6.2 cost?")
    ([('clause', '6.2')], [])
    >>> mentions("How long is Section 8 housing assistance paid?"), mentions("Which phase 3 trial?")
    ([], [])
    """
    return [mention for match in named_places(question) for mention in _mentions(match)]


def reads(question: str, places: Sequence[Place] = ()) -> bool:
    """Whether `question` asks for the words of a place, those of `places`, and for nothing more.

    >>> reads("What does clause 9.2 say?"), reads("What notice does clause 9.2 require?"), reads("Who is a tenant?")
    (True, False, False)
    """
    held = set[str]().union(*(_naming(place.passage) for place in places))
    return bool(mentions(question)) and not _KIND.search(question) and not _beside(question) - held


def find(library: Library, question: str, within: Collection[str] | None) -> tuple[list[Place], bool]:
    """The places that `question` names, the likeliest first, and whether more documents have such; in `reading`.

    One in each document, of those whose title, name or heading the question's other words name best; none unless each
    place that is named is there.
    """
    named = mentions(question)
    if not named:
        return [], False
    ids = None if within is None else library.store.passage_ids(within)
    most = max(1, MAX_PLACES // len(named))
    found = [list(islice(_anywhere(library, mention, question, ids), most + 1)) for mention in named]
    if not all(found):
        return [], False
    return [place for places in found for place in places[:most]], any(len(places) > most for places in found)


def _anywhere(library: Library, mention: Mention, question: str, ids: Collection[int] | None) -> Iterator[Place]:
    """The places that `mention` may mean by the label it gives, or else by one that they bear themselves."""
    found = False
    for place in _found(library, mention, question, ids):
        found = True
        yield place
    for label in _PROVISIONS if not found and mention.label in _PROVISIONS else ():
        if label != mention.label:
            others = _found(library, replace(mention, label=label), question, ids)
            yield from (p for p in others if _LABELLED.match(p.passage.text, p.start - p.passage.start))


def absent(question: str, passages: Sequence[Passage]) -> list[str]:
    """The places that `question` names and none of `passages` tells of."""

    def tells(passage: Passage, mention: Mention) -> bool:
        said = _naming(passage) | stems(passage.text)
        return _written(mention).search(passage.text) is not None and _is_of(mention, said)

    return [m.text for m in mentions(question) if not any(tells(passage, m) for passage in passages)]


def _written(mention: Mention) -> re.Pattern[str]:
    """How a text tells of a place: "section 3", of one below it "section 3(2)" or "paragraph 2 of section 3"."""
    place = rf"(?i:{_LABELS[mention.label]})\s?{re.escape(mention.number)}(?!\.?\d|\w)"
    if not mention.below:
        return re.compile(rf"(?<!\w){place}")
    below = re.escape(mention.below[0])
    return re.compile(rf"(?<!\w)(?:{place} ?\({below}\)|\(?{below}\)? (?:of|in) (?:the )?{place})")


def asking_of_it(question: str) -> str:
    """`question` with "it" for the places that it names, which are looked up: their numbers are noise to an encoder.

    >>> asking_of_it("What notice does clause 9.2 of the 2024 MSA require?")
    'What notice does it require?'
    """
    for match in reversed(named_places(question)):
        question = f"{question[: match.start()]}it{question[_owner(question, match.end())[1] :]}"
    return question


def named_places(question: str) -> list[re.Match[str]]:
    """Where `question` names places: not where the number goes with a noun."""
    return [m for m in NAMED.finditer(question) if not _goes_with_noun(question[m.end() :]) and any(_mentions(m))]


def _goes_with_noun(rest: str) -> bool:
    word = re.match(r"\s([^\W\d_]+)", rest)
    return (
        word is not None
        and is_topic(word[1])
        and word[1].lower() not in STOP_WORDS
        and stem(word[1].lower()) not in _DOES
    )


def _mentions(match: re.Match[str]) -> Iterator[Mention]:
    owner = frozenset(_owner(match.string, match.end())[0])
    known = (*_LABELS.items(), *_ABBREVIATED.items())
    said = match["label"] or "clause"
    label = next(name for name, written in known if re.fullmatch(written, said, re.IGNORECASE))
    for one in _ONE.finditer(match["numbers"]):
        number, *below = re.findall(r"[^\s()]+", one.group())
        lettered = label in _LETTERED and not (number == "I" and said.islower())
        if number[0].isdigit() or lettered:
            text = match.group() if one.group() == match["numbers"] else f"{said} {one.group()}"
            yield Mention(text, label, number, (*below, *filter(None, [match["part"]])), owner)


def _beside(question: str) -> set[str]:
    """The stems of what `question` says beside the places it names and that it wants to read them."""
    said = {word for word in words(asking_of_it(question)) if word not in STOP_WORDS}
    return set(map(stem, said)) - _READS - ANY_DOCUMENT


def _owner(question: str, at: int) -> tuple[set[str], int]:
    """The stems of what the place that is named up to `at` is said to be of, "the 2024 MSA", and where that ends."""
    said = _OF.match(question, at)
    name: list[str] = []
    determined = False
    for word in _WORD.finditer(question, *said.span(1)) if said else ():
        if word[0].lower() in _JOINING or (name and _WITHIN_NAME.match(question, word.start())):
            determined = True
            continue
        is_noun = is_topic(word[0]) or word[0].istitle() or (determined and word[0].lower() == "will")
        if not is_noun or stem(word[0].lower()) in _DOES:
            break
        name.append(word[0].replace("-", ""))
        at, determined = word.end(), False
    return stems(" ".join(name)) - ANY_DOCUMENT, at


def _is_of(mention: Mention, said: Collection[str]) -> bool:
    """Whether most of what a place is said to be of is among the stems `said` of a document."""
    return 2 * len(mention.owner.intersection(said)) >= len(mention.owner)


def _naming(passage: Passage) -> frozenset[str]:
    return _named(f"{passage.document} {passage.title} {passage.heading or ''}")


@lru_cache(10_000)
def _named(name: str) -> frozenset[str]:
    """The stems of a name, and of its words in pairs: "by-laws" are bylaws."""
    said = words(name)
    return frozenset(map(stem, (*said, *map("".join, pairwise(said)))))


def _found(library: Library, mention: Mention, question: str, ids: Collection[int] | None) -> Iterator[Place]:
    """The places that `mention` may mean, the likeliest first, one in each document."""
    beginnings = list(_beginnings(library, mention, question, ids))
    most = max((b.named for b in beginnings), default=0)
    told: set[str] = set()
    calls = _calling(library, mention, {b.passage.document for b in beginnings})
    for beginning in sorted(beginnings, key=lambda b: (not b.labelled, not b.heading, b.passage.document not in calls)):
        if beginning.named < most or beginning.passage.document in told:
            continue
        if place := _place(library, mention, beginning):
            quoted = place.passage.text[place.start - place.passage.start : place.quoted - place.passage.start]
            edition = f"{place.passage.title}: {' '.join(words(quoted))}"
            if edition not in told:  # the same text in another format says nothing new
                yield place
            told |= {beginning.passage.document, edition}


def _calling(library: Library, mention: Mention, documents: Collection[str]) -> set[str]:
    """Those of `documents`, if several, that give their own numbers the label asked for: "except section 7"."""
    if len(documents) < 2 or mention.label not in _PROVISIONS:
        return set()
    said = library.store.search_words(f'"{mention.label}"', LOOKED_INTO, library.store.passage_ids(documents))
    passages = [passage for passage, _ in library.store.passages([id for id, _ in said]).values()]
    return {p.document for p in passages if re.search(rf"(?i:{_LABELS[mention.label]})\s?\d", p.text)}


def _beginnings(library: Library, mention: Mention, question: str, ids: Collection[int] | None) -> Iterator[_Beginning]:
    """Where the place may begin, passages of better BM25 first."""
    number = " ".join(words(mention.number))
    others = [f'"{word}"' for word in (f"{mention.label} {number}", *content_words(question))]
    looked_into = library.store.search_words(f'"{number}" AND ({" OR ".join(others)})', LOOKED_INTO, ids)
    passages = library.store.passages([id for id, _ in looked_into])
    naming_words = mention.owner | _beside(question)
    line = _line(mention)
    for id, _ in looked_into:
        passage = passages[id][0]
        naming = _naming(passage)
        named = len(naming_words & naming)
        for match in line.finditer(passage.text) if _is_of(mention, naming) else ():
            marked = match.group().strip() in headings_of(passage)
            heading = marked or looks_like_heading(passage.text, *match.span())
            if _opens(passage.text, match.start()) and _is_one(mention, match, marked, heading):
                yield _Beginning(passage, passage.start + match.start(), bool(match["own"]), heading, named)


def _line(mention: Mention) -> re.Pattern[str]:
    """A line that begins with the number of a place."""
    label = f"(?i:{_LABELS[mention.label]})"
    return re.compile(
        rf"^(?:(?P<own>{label})(?:(?<=[§.])|[^\S\n]+))?{re.escape(mention.number)}(?![.-]?\d|\w)(?P<mark>[.):]*)(?P<rest>[^\n]*)$",
        re.MULTILINE,
    )


def _opens(text: str, at: int) -> bool:
    """Whether a line of `text` that starts `at` opens something, and goes on with no sentence."""
    before = text[:at].rstrip(" \t")
    return not before.strip() or before.endswith("\n\n") or not _GOES_ON.search(before)


def _is_one(mention: Mention, match: re.Match[str], marked: bool, heading: bool) -> bool:
    """Whether a line that begins with the number does so as such a place does; `marked` headings look like one too."""
    rest = match["rest"]
    first = re.search(r"[^\W_]", rest)
    sets_off = bool(match["mark"]) or not rest.strip() or re.match(r"\s*[-–—|]", rest) is not None
    capital = first is not None and not first[0].islower()
    if _CONTENTS.search(rest):
        return False
    if match["own"]:
        return sets_off or capital
    if mention.label not in _MAY_LACK or (marked and mention.label in _LISTED):
        return False
    if not first or not rest[0].isspace() or len(mention.number.split(".")[0]) > 3:
        return False
    if heading or "." in mention.number:
        return bool(match["mark"]) or capital
    return bool(match["mark"]) and mention.label in _UNMARKED


def _place(library: Library, mention: Mention, beginning: _Beginning) -> Place | None:
    """The place that begins there; None if its number stands alone, or what is below it is missing."""
    document = library.store.document(beginning.passage.document)
    text, start = document.text, beginning.start
    if not (beginning.labelled or _is_counted(text, start, mention)):
        return None
    end = _end(document, mention, start, beginning.labelled)
    # Behind the last item of a list no number tells where that ends: what follows its paragraph is none of it.
    ends_list = not (beginning.heading or _COUNTED.match(text, end))
    for mark in mention.below:
        below = _item(text, start, end, mark)
        if below is None:
            return None
        start, end = below
    end = start + len(text[start:end].rstrip())
    ids = library.store.passage_ids([document.id])
    lies_in = {id: p for id, (p, _) in library.store.passages(sorted(ids)).items() if p.start < end and start < p.end}
    passage, *others = sorted(lies_in.values(), key=lambda p: p.start)
    quoted = _quoted(document, mention, start, end)
    if mention.label in _LISTED and ends_list:
        end = quoted
    if quoted < end or len(text[start:end].split()) > MAX_LIST_WORDS:  # of what is too long no more than a passage
        quoted = _quoted(document, mention, start, min(end, passage.end))
    return Place(mention, passage, tuple(p for p in others if p.start < quoted), tuple(lies_in), start, quoted, end)


def _is_counted(text: str, start: int, mention: Mention) -> bool:
    """Whether the number before this one, or above it, begins an earlier line, or the next one a later line."""
    above, dot, last = mention.number.rpartition(".")
    if not last.isdigit():
        return True
    earlier = [f"{above}{dot}{int(last) - 1}", *([above] if above else [])]
    later = [f"{above}{dot}{int(last) + 1}"]
    further = (last == "1" or mention.label not in _LISTED) and _begun(later).search(text, start) is not None
    return further or _begun(earlier).search(text, 0, start) is not None


def _begun(numbers: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"^(?:{'|'.join(map(re.escape, numbers))})[.):]*\s", re.MULTILINE)


def _end(document: Document, mention: Mention, start: int, labelled: bool) -> int:
    """Where the place ends that starts at `start`: at the next heading or number that is not below it."""
    below = re.compile(rf"(?:{_LABEL})?\s?{re.escape(mention.number)}[.-]\d")
    sections = [s for s in document.sections if s.path]
    level = next((len(s.path) for s in sections if s.start == start), None)
    following = (s for s in sections if s.start > start and not below.match(s.path[-1]))
    end = next((s.start for s in following if level is None or len(s.path) <= level), len(document.text))
    for match in _COUNTED.finditer(document.text, start + 1, end) if level is None else ():
        other = match["label"] if labelled else _count(match["number"]) > _count(mention.number)
        if other and not below.match(match.group()) and _opens(document.text, match.start()):
            return match.start()
    return end


def _count(number: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", number)))


def _item(text: str, start: int, end: int, mark: str) -> tuple[int, int] | None:
    """The span of the item marked "(a)", "a)" or "1." in `text[start:end]`; None if there is none."""
    letters = "[ivx]+" if re.fullmatch("[ivx]+", mark) else chr(ord(mark[-1]) + 1)
    further = r"\d{1,3}" if mark.isdigit() else letters
    opens = r"(?:^[^\S\n]*|(?<=[;:,.] )|(?<=\band )|(?<=\bor ))"
    closes = r"(?:\)|\.(?=\s))\s"
    found = re.compile(rf"{opens}(?P<item>\(?{re.escape(mark)}{closes})", re.MULTILINE).search(text, start + 1, end)
    if found is None:
        return None
    following = re.compile(rf"{opens}\(?(?:{further}){closes}", re.MULTILINE).search(text, found.end(), end)
    return found.start("item"), following.start() if following else end


def _quoted(document: Document, mention: Mention, start: int, end: int) -> int:
    """Where to stop quoting what begins at `start`: a paragraph with its items, of a heading the first paragraphs."""
    text = document.text
    blocks = [(start + s, start + e) for s, e in paragraphs(text[start:end])]
    stop = blocks[0][1]
    first = text[start:stop]
    whole = mention.label not in _LISTED and not _ENDS.search(first)
    whole |= any(s.start == start for s in document.sections)
    for number, (s, e) in enumerate(blocks[1:]):
        goes_with = whole or text[:stop].endswith(":") or ITEM.match(text[s:e]) or ROW.search(text[s:e])
        if not goes_with or (number and len(text[start:e].split()) > MAX_LIST_WORDS):
            break
        stop = e
    return stop
