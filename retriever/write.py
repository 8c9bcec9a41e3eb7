"""Chosen sentences -> the text of an answer with its citations. Extractive: every word is a source's own.

A quote is one sentence, or up to three of a paragraph where the likelihood is spread over neighbours: a
window of sentences is worth the likelihood that it holds, less `PRICE_OF_A_WORD` for each of its words.
It begins where a thought begins, and ends with what it announces (`whole.py`); rows of tables come last.
The best window comes first, then the best of what is left, until enough is told. So a sure answer is one
sentence, and an unsure one holds what probably answers (table in DESIGN.md).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import islice

import numpy as np

from ingest import Document, Passage, content_words, is_code, paragraphs, sentences, stem, stems, words

from .answers import Citation
from .below import below_what_is_asked
from .cells import cell_values, direct_cell
from .choose import Sentence
from .direct import COUNTED, MONTHS, direct_answer, is_moved
from .headed import headed
from .places import Place
from .reasons import asks_why, reason_behind
from .rows import MOST_ROWS, rows_asked
from .sides import named, sides, untold
from .whole import ITEM, ROW, announces_nothing, asks_for_a_list, goes_on, leans, opens_late, whole
from .withheld import withheld

# The quote with the likeliest sentence stands first unless another is so much likelier as a whole.
LEAD = 0.7
# At most so many quotes, each this likely at least, and the likelihood of all together no further than this;
# a window holds at most so many sentences and words.
MAX_QUOTES = 3
LEAST_LIKELY = 0.10
ENOUGH_LIKELY = 0.75
PRICE_OF_A_WORD = 0.003
MAX_SENTENCES = 3
MAX_WORDS = 80
# A short answer is given only from a sentence this likely: DESIGN.md has the precision.
SURE = 0.6
# Sentences sharing more than this share of their words say the same, or of their content words, if no number is new.
SAME_WORDS = 0.75
SAME_TOPICS = 0.6
# A row of a table is read with more effort than a sentence, and what announces something elsewhere says little: either
# has to be so much likelier.
PRICE_OF_NO_SENTENCE = 0.08

NOT_IN_LIBRARY = "Not in your documents"

_NOTE = re.compile(r"(?<!\w)[^\S\n]*\[\d{1,4}\]")
_INDEX = re.compile(r"\[(?=\d{1,4}\])")
# A name may end in a number: ZUMA-1.
_NAME = re.compile(r"[^\W\d_]+-?\d+\w*|\d+-?[^\W\d_]\w*|[A-Z]\w+")
# "One" counts nothing in "one of them".
_NUMBER = re.compile(rf"\d+(?:[.,]\d+)*|\b(?!one\b)(?:{COUNTED})\b", re.IGNORECASE)
_DATE = re.compile(rf"\b(?:\d{{1,2}} (?:{MONTHS})|(?:{MONTHS}) \d{{1,4}})\b(?:,? \d{{4}}\b)?")
# Days by their names, and months alone.
_CALENDAR = re.compile(rf"\b(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|{MONTHS})\b")
# Of so many of the best sentences it is seen whether they answer otherwise.
LOOKED_AT = 12
# An edition of a sentence changes at most so many words of it.
MOST_CHANGED = 2


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """Sentences that follow one another in a paragraph, in order, and how likely one of them answers."""

    sentences: tuple[Sentence, ...]
    likely: float

    @property
    def words(self) -> int:
        return sum(len(s.text.split()) for s in self.sentences)

    @property
    def burden(self) -> float:
        """What reading it costs beside its words: something where it is no sentence."""
        last = self.sentences[-1]
        of = last.candidate.passage
        lacking = announces_nothing(of.text, last.end - of.start)
        return PRICE_OF_NO_SENTENCE if lacking or ROW.search(self.sentences[0].text) else 0.0


def write(
    question: str,
    ranked: Sequence[Sentence],
    page_at: Callable[[Passage, int], int | None],
    document: Callable[[str], Document] | None = None,
) -> tuple[str, tuple[Citation, ...]]:
    """The answer to `question` made of the best of `ranked` sentences (best first, not empty), and its citations.

    `page_at` tells the page of an offset in a passage's document. With `document`, which gives the document of a name,
    the heading is quoted that alone tells what is asked for.
    """
    spans: list[tuple[Passage, int, int]] = []
    for window in _pick(ranked):
        of = window.sentences[0].candidate.passage
        if span := whole(of, window.sentences[0].start, window.sentences[-1].end, question, bool(spans)):
            _add(spans, of, *span)
        reason = reason_behind(*spans[0], question) if len(spans) == 1 and asks_why(question) else None
        if reason and (span := whole(spans[0][0], *reason, question, True)):
            _add(spans, spans[0][0], *span)
        if len(spans) == 1 and not reason and (below := below_what_is_asked(*spans[0], question)):
            spans = [(spans[0][0], *below)]
    spans = spans[:MAX_QUOTES]
    if (otherwise := _otherwise(ranked, question)) and (span := _whole_of(otherwise, question)):
        _add(spans, otherwise.candidate.passage, *span)
    spans = _of_each_side(spans, ranked, question)
    rows = rows_asked(question, ranked)
    if rows:
        spans = _lines(rows[:MOST_ROWS])
    listed = asks_for_a_list(question) and (len(rows) > 1 or "\n" in _text(*spans[0]))
    cell = None if listed else _cell(question, ranked)
    if cell:
        spans = [span for i, span in enumerate(spans) if not (i and ROW.search(_text(*span)))]
    above = headed(question, ranked[0], document) if document and _holds(spans[0], ranked[0]) else None
    if above and above[1].end <= spans[0][1]:
        spans = [(above[1], above[1].start, above[1].end), *spans[: MAX_QUOTES - 1]]
    cut = [len(rows) > MOST_ROWS and i + 1 == len(spans) for i in range(len(spans))] if rows else None
    text, citations = _told(spans, page_at, cut)
    differing = [c.number for c in citations if any(_contradict(c, other, question) for other in citations)]
    sure = _likelihoods(ranked)[0] >= SURE
    short = (above[0] if above else _short(question, ranked)) if sure else None
    short = cell or (None if differing else short)
    quote = citations[0].quote
    if short and short in quote and (len(quote.split()) > 2 * len(short.split()) or (above and short != quote)):
        text = f"{short} [1]\n\n{text}"
    if differing:
        text += f"\n\nThe sources differ: compare {' and '.join(f'[{number}]' for number in differing)}."
    return text, citations


def _lines(rows: Sequence[Sentence]) -> list[tuple[Passage, int, int]]:
    """The spans of rows, in order; those that follow one another in a passage are one."""
    spans: list[tuple[Passage, int, int]] = []
    for row in rows:
        of, start = row.candidate.passage, row.start
        if spans and spans[-1][0] == of and not _text(of, spans[-1][2], start).strip():
            start = spans.pop()[1]
        spans.append((of, start, row.end))
    return spans


def _short(question: str, ranked: Sequence[Sentence]) -> str | None:
    """The one thing in the best sentence that `question` asks for, unless it may be another's."""
    short = direct_answer(question, ranked[0].text)
    return short if short and not withheld(question, ranked, short) else None


def _cell(question: str, ranked: Sequence[Sentence]) -> str | None:
    """The cell that the best sentence, a row, holds of what is asked, where no other row has another."""
    cells = [direct_cell(question, s.text, s.candidate.passage.context) for s in ranked[:LOOKED_AT]]
    return cells[0] if len({cell for cell in cells if cell}) == 1 else None


def _otherwise(ranked: Sequence[Sentence], question: str) -> Sentence | None:
    """The first of the next best sentences that contradicts the best, in another document, or says that its date is
    moved; None if there is none."""
    told = direct_answer(question, ranked[0].text) or ""
    others = ranked[1:LOOKED_AT]
    return next((s for s in others if _disagree(ranked[0], s, question) or (told and is_moved(told, s.text))), None)


def _of_each_side(
    spans: list[tuple[Passage, int, int]], ranked: Sequence[Sentence], question: str
) -> list[tuple[Passage, int, int]]:
    """`spans`, with the best sentence that names it for each thing that the question compares and they do not tell of.

    It takes the place of the last of them, where they are as many as an answer quotes.
    """
    compared = sides(question)
    further: list[tuple[Passage, int, int]] = []
    for side in untold(compared, ((of, _text(of, start, end)) for of, start, end in spans)):
        naming = (s for s in ranked if side in named(compared, s.candidate.passage, s.text))
        quotes = ((s.candidate.passage, *span) for s in naming if (span := _whole_of(s, question)))
        further += islice(quotes, 1)
    told = spans[: max(1, MAX_QUOTES - len(further))] if further else spans
    for quote in further:
        _add(told, *quote)
    return told


def _whole_of(sentence: Sentence, question: str) -> tuple[int, int] | None:
    return whole(sentence.candidate.passage, sentence.start, sentence.end, question, True)


def _holds(span: tuple[Passage, int, int], sentence: Sentence) -> bool:
    of, start, end = span
    return of.document == sentence.candidate.passage.document and start < sentence.end and sentence.start < end


def _text(of: Passage, start: int, end: int) -> str:
    return of.text[start - of.start : end - of.start]


def recite(places: Sequence[Place], page_at: Callable[[Passage, int], int | None]) -> tuple[str, tuple[Citation, ...]]:
    """What stands at `places`, which a question asks to read, with its citations."""
    quotes = [(quote, place) for place in places for quote in place.quotes]
    cut = [of is place.quotes[-1][0] and place.quoted < place.end for (of, _, _), place in quotes]
    return _told([quote for quote, _ in quotes], page_at, cut)


def declined(missing: Sequence[str], script: str | None = None) -> str:
    """What is said where the library does not answer: the words, or the script, of the question that nothing has."""
    if script:
        return (
            f"{NOT_IN_LIBRARY}: no document in {script} script was found, and the bundled encoder reads English only."
        )
    return f"{NOT_IN_LIBRARY}: nothing found on {_quoted(missing)}." if missing else f"{NOT_IN_LIBRARY}."


def unfound(missing: Sequence[str]) -> str | None:
    """A note on an answer to a question with such words: it may be about another drug, or another year.

    >>> unfound(["rivaroxaban"])
    'Nothing found on “rivaroxaban”: this may answer something else.'
    """
    return f"Nothing found on {_quoted(missing)}: this may answer something else." if missing else None


def _quoted(phrases: Sequence[str]) -> str:
    return ", ".join(f"“{phrase}”" for phrase in phrases)


# What is asked for here is more than a quote.
_BEYOND = re.compile(
    r"^\W*((please|can you|could you|would you|give me|write|i need|make) )*(me )?(an? |the )?((brief|short|quick) )?"
    r"(summar(y|i[sz]e)|compare|comparison|translat(e|ion)|calculate|draft|rewrite|rephrase|paraphrase|tl;?dr)\b",
    re.IGNORECASE,
)


# What only a look at all rows of a table tells.
_MOST = re.compile(
    r"\b(?:most|least|fewest|(?:bigg|cheap|earli|fast|great|heavi|high|larg|light|long|low|new|old|short|slow|small|tall|wid)est)\b",
    re.IGNORECASE,
)


def beyond(question: str, quotes: Sequence[str] = ()) -> str | None:
    """A note where `question` asks for what quoting cannot give, or of rows that are `quotes` one; else None.

    >>> beyond("Could you summarise the report?"), beyond("Who wrote the summary?")
    ('Pincite quotes what it finds; it does not summarise, compare, translate or calculate.', None)
    """
    if not _BEYOND.search(question):
        rows = len([quote for quote in quotes if cell_values(quote)]) > 1
        return "Pincite quotes rows; it does not compare them." if rows and _MOST.search(question) else None
    return "Pincite quotes what it finds; it does not summarise, compare, translate or calculate."


def _told(
    spans: Sequence[tuple[Passage, int, int]],
    page_at: Callable[[Passage, int], int | None],
    cut: Sequence[bool] | None = None,
) -> tuple[str, tuple[Citation, ...]]:
    """The text that quotes `spans`, each with its mark, and its citations.

    `cut` tells which of them go on behind what is quoted, each then a paragraph of its own; else lists and code do,
    and what is left out before them is told likewise.
    """
    citations = tuple(
        Citation(number, of, start, end, of.text[start - of.start : end - of.start], page_at(of, start))
        for number, (of, start, end) in enumerate(spans, 1)
    )
    more = cut or [goes_on(c.passage, c.start, c.end) for c in citations]
    late = [not cut and opens_late(c.passage, c.start, c.end) for c in citations]
    parts = ["…\n" * late[i] + f"{_shown(c.quote)}{' …' * more[i]} [{c.number}]" for i, c in enumerate(citations)]
    apart = cut or any("\n" in part or ROW.search(part) for part in parts)
    return ("\n\n" if apart else " ").join(parts), citations


def _add(spans: list[tuple[Passage, int, int]], of: Passage, start: int, end: int) -> None:
    """Adds a span to quote; with one that it overlaps or follows it becomes one."""
    for i, (other, s, e) in enumerate(spans):
        between = of.text[min(e, end) - of.start : max(s, start) - of.start]
        apart = bool(ROW.search(of.text[start - of.start : end - of.start])) and (e <= start or end <= s)
        if other == of and not (between.strip() or "\n\n" in between or apart):
            spans[i] = (of, min(start, s), max(end, e))
            return
    spans.append((of, start, end))


def _likelihoods(ranked: Sequence[Sentence]) -> list[float]:
    """How likely each sentence is the one that answers, if one does: the softmax of their scores."""
    scores = np.array([s.score for s in ranked], np.float64)
    likely = np.exp(scores - scores.max())
    return [float(value) for value in likely / likely.sum()]


def _pick(ranked: Sequence[Sentence]) -> list[_Window]:
    """The windows that make the answer, best first: few, likely, and saying different things."""
    likely = dict(zip(ranked, _likelihoods(ranked), strict=True))
    worth = {w: w.likely - PRICE_OF_A_WORD * w.words - w.burden for w in _windows(ranked, likely)}
    picked: list[_Window] = []
    quoted: set[Sentence] = set()
    told: set[Sentence] = set()  # quoted, or said by what is quoted
    for window in sorted(worth, key=lambda w: -worth[w]):
        if picked and (sum(likely[s] for s in told) >= ENOUGH_LIKELY or len(picked) == MAX_QUOTES):
            break
        known = {s for s in window.sentences if s in told or any(_same(s.text, other.text) for other in quoted)}
        gain = sum(likely[s] for s in window.sentences if s not in known)
        if not picked or (told.isdisjoint(window.sentences) and gain >= LEAST_LIKELY + window.burden):
            picked.append(window)
            quoted.update(window.sentences)
            known.update(window.sentences)
        told |= known
    return sorted(picked, key=lambda w: not (likely[ranked[0]] >= LEAD * picked[0].likely and _is_led_by(w, ranked[0])))


def _is_led_by(window: _Window, best: Sentence) -> bool:
    return best in window.sentences and not window.burden


def _windows(ranked: Sequence[Sentence], likely: Mapping[Sentence, float]) -> Iterator[_Window]:
    """Every run of up to `MAX_SENTENCES` sentences of one paragraph, of `MAX_WORDS` words unless it is one sentence.

    None begins with a sentence that leans on the one before it.
    """
    placed = sorted(ranked, key=lambda s: (s.candidate.passage.document, s.start))
    for first, sentence in enumerate(placed):
        if first and leans(sentence.text) and _adjoin(placed[first - 1], sentence):
            continue
        run = [sentence]
        yield _Window((sentence,), likely[sentence])
        for following in placed[first + 1 : first + MAX_SENTENCES]:
            if not _adjoin(run[-1], following):
                break
            run.append(following)
            window = _Window(tuple(run), sum(likely[s] for s in run))
            if window.words > MAX_WORDS and not (len(run) == 2 and leans(following.text)):
                break
            yield window


def _adjoin(one: Sentence, following: Sentence) -> bool:
    """Whether nothing but space, and no end of a paragraph, stands between two sentences."""
    of = one.candidate.passage
    between = of.text[one.end - of.start : following.start - of.start]
    rows = ROW.search(one.text) or ROW.search(following.text)
    return following.candidate.passage == of and not (between.strip() or "\n\n" in between or rows)


def _same(one: str, other: str) -> bool:
    """Whether `one` says what `other` does: in mostly the same words, numbers included, or with nothing of its own."""
    return not _amended(one, other) and ((_alike(one, other) and not _differ(one, other)) or _within(one, other))


def _changed(own: Sequence[str], its: Sequence[str]) -> list[tuple[Sequence[str], Sequence[str]]]:
    """The stretches that differ between two texts: the words of the one, and those of the other in their place."""
    edits = SequenceMatcher(None, own, its, autojunk=False).get_opcodes()
    return [(own[i:j], its[k:m]) for tag, i, j, k, m in edits if tag != "equal"]


def _amended(one: str, other: str) -> bool:
    """Whether `one` is `other` but for a word or two, as in another version: "shall belong to the Customer"."""
    own, its = _content(one), _content(other)
    if max(len(set(own) - set(its)), len(set(its) - set(own))) > MOST_CHANGED:
        return False  # for most pairs that is enough, in a twentieth of the time
    changed = _changed(own, its)
    counts = (sum(len(words) for words, _ in changed), sum(len(words) for _, words in changed))
    if not all(0 < count <= MOST_CHANGED for count in counts):
        return False
    return all(a and b and not (set(a) & set(its) or set(b) & set(own)) for a, b in changed)


def _within(one: str, other: str) -> bool:
    """Whether the content words of `one` are mostly in `other`, and all of its numbers."""
    own, its = set(_content(one)), set(_content(other))
    return len(own & its) > SAME_TOPICS * len(own) and set(_NUMBER.findall(one)) <= set(_NUMBER.findall(other))


@lru_cache(256)
def _words(text: str) -> frozenset[str]:
    return frozenset(words(text))


@lru_cache(256)
def _content(text: str) -> tuple[str, ...]:
    """The content words of `text`, stemmed, in order."""
    return tuple(stem(word) for word in content_words(text))


def _alike(one: str, other: str) -> bool:
    a, b = _words(one), _words(other)
    return len(a & b) > SAME_WORDS * min(len(a), len(b))


def _differ(one: str, other: str) -> bool:
    """Whether two texts say the same but for their numbers: one measures, or dates, the thing differently."""
    a, b = ({*_NUMBER.findall(text), *_CALENDAR.findall(text)} for text in (one, other))
    bare = _undated(one), _undated(other)
    return bool(a - b and b - a) and _alike(*bare) and _alike(*reversed(bare))


def _undated(text: str) -> str:
    """`text` without its numbers, and without days and months."""
    return _NUMBER.sub("", _CALENDAR.sub("", _DATE.sub("", text)))


def _contradict(one: Citation, other: Citation, question: str) -> bool:
    """Whether sentences of two documents say the same of the same thing, but what is asked for: a number, or a name."""
    pairs = ((one.quote[s:e], other.quote[b:f]) for s, e in sentences(one.quote) for b, f in sentences(other.quote))
    return any(_state_otherwise(one.passage, a, other.passage, b, question) for a, b in pairs)


def _disagree(one: Sentence, other: Sentence, question: str) -> bool:
    """Whether two sentences contradict one another so."""
    return _state_otherwise(one.candidate.passage, one.text, other.candidate.passage, other.text, question)


def _state_otherwise(one: Passage, own: str, other: Passage, its: str, question: str) -> bool:
    """Whether `own`, a sentence of a passage, and `its` of another document's, are the same but for what
    is asked for."""
    if one.document == other.document:
        return False
    if _VALUE.search(question) and _differ(own, its):
        said, given = _subject(own), _subject(its)
        # What the title or heading names need not be named again.
        if said - given <= _subject(other.context) and given - said <= _subject(one.context):
            return True
    return _WHOSE.search(question) is not None and _names_another(own, its)


def _names_another(one: str, other: str) -> bool:
    """Whether two sentences that begin alike are the same but for one name, each the other's in its place."""
    own, its = _content(one), _content(other)
    if own[:1] != its[:1] or len(changed := _changed(own, its)) != 1 or not _amended(one, other):
        return False
    return all(
        set(part) <= stems(" ".join(_NAME.findall(text))) for part, text in zip(changed[0], (one, other), strict=True)
    )


def _subject(text: str) -> set[str]:
    """What a sentence speaks of: its content words and names, numbers left out."""
    text = _CALENDAR.sub("", _DATE.sub("", text))
    return {stem(word) for word in content_words(text) if not _NUMBER.fullmatch(word)} | set(_NAME.findall(text))


# A question that asks for a number or a date, of which there is one.
_VALUE = re.compile(
    r"\bhow (many|much|long|often|old|large|big|far|high|fast|soon|common)\b|\bwhen\b|\b(rate|dose|share|percentage"
    r"|number|proportion|price|cost|age|year|date|size|duration|length|limit|threshold|risk|mortality|survival"
    r"|amount|cap|deadline|deposit|fees?|fine|interest|notice|penalty|period|rent|salary|term)\b",
    re.IGNORECASE,
)


# A question that asks for a name.
_WHOSE = re.compile(r"\b(?:who|whom|whose|which|where)\b", re.IGNORECASE)


def _shown(quote: str) -> str:
    """A quote in running text: line breaks inside a sentence become spaces, those of lists and code stay.

    What an announcement announces begins a line of its own. The source's own notes ("late.[2]") are left out, for in
    an answer such a mark names a citation; what may be an index ("row[2]") stays, with an invisible character that
    keeps it from being taken for one.
    """
    quote = _INDEX.sub("[\u2060", _NOTE.sub("", quote))
    shown = ""
    for block in (quote[s:e] for s, e in paragraphs(quote)):
        lines = [" ".join(line.split()) for line in block.split("\n") if line.strip()]
        listed = ROW.search(block) or any(ITEM.match(line) for line in lines[1:])
        text = block if is_code(block) else ("\n" if listed else " ").join(lines)
        goes_with = ITEM.match(block) or ROW.search(block)
        shown += (("\n" if goes_with else "\n\n") if shown else "") + text
    return shown
