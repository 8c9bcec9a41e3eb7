"""Chosen sentences -> the text of an answer with its citations. Extractive: every word is a source's own.

A quote is one sentence, or up to three of a paragraph where the likelihood is spread over neighbours: a
window of sentences is worth the likelihood that it holds, less `PRICE_OF_A_WORD` for each of its words.
It begins where a thought begins. Lists are whole where they are asked for, and rows of tables come last.
The best window comes first, then the best of what is left, until enough is told. So a sure answer is one
sentence, and an unsure one holds what probably answers (table in DESIGN.md).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ingest import Passage, content_words, paragraphs, sentences, stem, words

from .answers import Citation
from .choose import Sentence
from .direct import direct_answer

# The quote with the likeliest sentence stands first unless another is so much likelier as a whole.
LEAD = 0.7
# At most so many quotes, each this likely at least, and the likelihood of all together no further than this;
# a window holds at most so many sentences and words.
MAX_QUOTES = 3
LEAST_LIKELY = 0.12
ENOUGH_LIKELY = 0.70
PRICE_OF_A_WORD = 0.003
MAX_SENTENCES = 3
MAX_WORDS = 60
# A short answer is given only from a sentence this likely: DESIGN.md has the precision.
SURE = 0.6
# Sentences sharing more than this share of their words say the same, or of their content words, if no number is new.
SAME_WORDS = 0.75
SAME_TOPICS = 0.6
# A row of a table is read with more effort than a sentence, and what announces anything but a list says little: either
# has to be so much likelier.
PRICE_OF_NO_SENTENCE = 0.08
# A list is quoted whole up to so many words; where it is not what was asked for, up to fewer.
MAX_LIST_WORDS = 130
MAX_ASIDE_WORDS = 50

NOT_IN_LIBRARY = "Not in your documents"

# A sentence that opens like this leans on the one before it.
_LEANING = re.compile(
    r"^(it|its|they|their|them|he|his|him|she|her|this|these|those|that|such|here|however|therefore|thus|hence|but|and|"
    r"or|nor|so|then|yet|both|also|moreover|furthermore|besides|instead|otherwise|likewise|similarly|conversely|"
    r"meanwhile|consequently|accordingly|nevertheless|nonetheless|still,|(in|by) contrast|in addition|in other words|"
    r"on the other hand|as a result|the (former|latter|other|others|same|second|third)|in turn|"
    r"(in|for|at|after|before|of|because of|one of|some of|most of|all of|each of) (this|that|these|those|them)|"
    r"(\S+ ){1,4}(consequently|therefore|thus|however|nevertheless))(?!\w)",
    re.IGNORECASE,
)
_ITEM = re.compile(r"^\s*(?:[-*•]|\(?\d{1,3}[.)])\s+")
# A row of a table, as the readers write it ("Drug: Avelumab | Target: PD-L1"), or fields line by line.
_ROW = re.compile(r" \| |\t|(?:^|\n)[A-Z][\w-]{2,}: [^\n]*\n[A-Z][\w-]{2,}: ")
_NOTE = re.compile(r"(?<!\w)[^\S\n]*\[\d{1,4}\]")
_NEXT_ITEM = re.compile(r"\n\s*(?:[-*•]|\(?\d{1,3}[.)])\s")
_INDEX = re.compile(r"\[(?=\d{1,4}\])")
# A name may end in a number: ZUMA-1.
_NAME = re.compile(r"[^\W\d_]+-?\d+\w*|\d+-?[^\W\d_]\w*|[A-Z]\w+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


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
        announces = last.text.endswith(":") and not _ITEM.match(of.text[last.end - of.start :])
        return PRICE_OF_NO_SENTENCE if announces or _ROW.search(self.sentences[0].text) else 0.0


def write(
    question: str, ranked: Sequence[Sentence], page_at: Callable[[Passage, int], int | None]
) -> tuple[str, tuple[Citation, ...]]:
    """The answer to `question` made of the best of `ranked` sentences (best first, not empty), and its citations.

    `page_at` tells the page of an offset in a passage's document.
    """
    picked = _pick(ranked)
    spans: list[tuple[Passage, int, int]] = []
    for window in picked:
        whole = _whole(window, question, bool(spans))
        if whole:
            _add(spans, window.sentences[0].candidate.passage, *whole)
    citations = tuple(
        Citation(number, of, start, end, of.text[start - of.start : end - of.start], page_at(of, start))
        for number, (of, start, end) in enumerate(spans, 1)
    )
    parts = [f"{_shown(c.quote)} [{c.number}]" for c in citations]
    text = ("\n\n" if any("\n" in part for part in parts) else " ").join(parts)
    short = direct_answer(question, ranked[0].text) if _likelihoods(ranked)[0] >= SURE else None
    if short and short in citations[0].quote and len(citations[0].quote.split()) > 2 * len(short.split()):
        text = f"{short} [1]\n\n{text}"
    differing = [c.number for c in citations if any(_contradict(c, other) for other in citations)]
    if differing and _VALUE.search(question):
        text += f"\n\nThe sources differ: compare {' and '.join(f'[{number}]' for number in differing)}."
    return text, citations


def declined(missing: Sequence[str]) -> str:
    """What is said where the library does not answer, with the words of the question that nothing matched."""
    if not missing:
        return f"{NOT_IN_LIBRARY}."
    return f"{NOT_IN_LIBRARY}: nothing found on {', '.join(f'“{phrase}”' for phrase in missing)}."


def _add(spans: list[tuple[Passage, int, int]], of: Passage, start: int, end: int) -> None:
    """Adds a span to quote; with one that it overlaps or follows it becomes one."""
    for i, (other, s, e) in enumerate(spans):
        between = of.text[min(e, end) - of.start : max(s, start) - of.start]
        apart = bool(_ROW.search(of.text[start - of.start : end - of.start])) and (e <= start or end <= s)
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
        if first and _leans(sentence.text) and _adjoin(placed[first - 1], sentence):
            continue
        run = [sentence]
        yield _Window((sentence,), likely[sentence])
        for following in placed[first + 1 : first + MAX_SENTENCES]:
            if not _adjoin(run[-1], following):
                break
            run.append(following)
            window = _Window(tuple(run), sum(likely[s] for s in run))
            if window.words > MAX_WORDS and not (len(run) == 2 and _leans(following.text)):
                break
            yield window


def _adjoin(one: Sentence, following: Sentence) -> bool:
    """Whether nothing but space, and no end of a paragraph, stands between two sentences."""
    of = one.candidate.passage
    between = of.text[one.end - of.start : following.start - of.start]
    rows = _ROW.search(one.text) or _ROW.search(following.text)
    return following.candidate.passage == of and not (between.strip() or "\n\n" in between or rows)


def _leans(text: str) -> bool:
    """Whether a sentence is not understood without the one before it."""
    return _LEANING.match(text) is not None


def _same(one: str, other: str) -> bool:
    """Whether `one` says what `other` does: in mostly the same words, numbers included, or with nothing of its own."""
    return (_alike(one, other) and not _differ(one, other)) or _within(one, other)


def _within(one: str, other: str) -> bool:
    """Whether the content words of `one` are mostly in `other`, and all of its numbers."""
    own, its = ({stem(word) for word in content_words(text)} for text in (one, other))
    return len(own & its) > SAME_TOPICS * len(own) and set(_NUMBER.findall(one)) <= set(_NUMBER.findall(other))


def _alike(one: str, other: str) -> bool:
    a, b = set(words(one)), set(words(other))
    return len(a & b) > SAME_WORDS * min(len(a), len(b))


def _differ(one: str, other: str) -> bool:
    """Whether two texts say the same but for their numbers: one measures, or dates, the thing differently."""
    a, b = set(_NUMBER.findall(one)), set(_NUMBER.findall(other))
    bare = _NUMBER.sub("", one), _NUMBER.sub("", other)
    return bool(a - b and b - a) and _alike(*bare) and _alike(*reversed(bare))


def _contradict(one: Citation, other: Citation) -> bool:
    """Whether sentences of two documents say the same of the same thing, but with another number."""
    if one.passage.document == other.passage.document:
        return False
    pairs = ((one.quote[s:e], other.quote[b:f]) for s, e in sentences(one.quote) for b, f in sentences(other.quote))
    return any(_differ(a, b) and _subject(a) == _subject(b) for a, b in pairs)


def _subject(text: str) -> set[str]:
    """What a sentence speaks of: its content words and names, numbers left out."""
    return {stem(word) for word in content_words(text) if not word.isdigit()} | set(_NAME.findall(text))


def _whole(window: _Window, question: str, aside: bool) -> tuple[int, int] | None:
    """The span to quote: with the sentence before where the first one leans on it, and a list with its items.

    An item alone is quoted without its mark, unless the question asks for such a list: then all of it, if it is short.
    So it is where an item is no sentence. Such an item of a long list is not quoted `aside`, nor what only announces
    something: then None.
    """
    passage = window.sentences[0].candidate.passage
    start, end = window.sentences[0].start - passage.start, window.sentences[-1].end - passage.start
    text = passage.text
    if _leans(text[start:end]):
        start = _sentence_before(text, start)
    fragment = (mark := _ITEM.match(text[start:end])) is not None and text[start + mark.end()].islower()
    around = _list_around(text, start, end)
    listed = around and asks_for_a_list(question) and _of_one_subject(question, passage, around[0])
    part = fragment or text[:end].endswith(":")
    if listed or part:
        if around and len(text[slice(*around)].split()) <= (MAX_ASIDE_WORDS if aside else MAX_LIST_WORDS):
            return passage.start + min(start, around[0]), passage.start + max(end, around[1])
        if aside and part:
            return None
    if mark and not _NEXT_ITEM.search(text[start:end]):
        start += mark.end()
    return passage.start + start, passage.start + end


def _of_one_subject(question: str, passage: Passage, start: int) -> bool:
    """Whether the first line of a list, at `start` of the passage's text, or the heading shares a word with it."""
    introduction = passage.text[start:].partition("\n")[0]
    heading = (passage.heading or "").split(" > ")[-1]
    asked, said = ({stem(word) for word in content_words(text)} for text in (question, f"{introduction} {heading}"))
    return not asked.isdisjoint(said)


def _sentence_before(text: str, start: int) -> int:
    """Where the sentence before `start` begins, in the same paragraph; `start` itself if there is none."""
    block = next((s for s, e in paragraphs(text) if s <= start < e), start)
    before = list(sentences(text[block:start]))
    return block + before[-1][0] if before else start


def _list_around(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The list that `start:end` introduces or is part of, from its introduction on; None if there is none."""
    units = list(sentences(text))
    items = [bool(_ITEM.match(text[s:e])) for s, e in units]
    within = [i for i, (s, e) in enumerate(units) if s < end and start < e]
    if not within:
        return None
    first = last = within[0]
    if not items[first] and text[: units[within[-1]][1]].endswith(":"):
        first = last = within[-1] + 1
    if first >= len(units) or not items[first]:
        return None
    # What follows an item on its line belongs to it.
    while last + 1 < len(units) and (items[last + 1] or "\n" not in text[units[last][1] : units[last + 1][0]]):
        last += 1
    while first and (items[first - 1] or (first > 1 and "\n" not in text[units[first - 1][1] : units[first][0]])):
        first -= 1
    if first and text[: units[first - 1][1]].endswith(":"):
        first -= 1
    return units[first][0], units[last][1]


# A question that asks for a number or a date, of which there is one.
_VALUE = re.compile(
    r"\bhow (many|much|long|often|old|large|big|far|high|fast|soon|common)\b|\bwhen\b|\b(rate|dose|share|percentage"
    r"|number|proportion|price|cost|age|year|date|size|duration|length|limit|threshold|risk|mortality|survival)\b",
    re.IGNORECASE,
)
_LISTING = re.compile(
    r"^\W*((and|so|but|then|please) )?(list|name|enumerate|(what|which)\b(?=[^.?!]*\b(are|were|include|steps|stages"
    r"|types|kinds|forms|side effects|symptoms|signs|complications|ways|reasons|examples|criteria|advantages|"
    r"disadvantages|differences|situations|conditions|options|components|features|rules)\b))",
    re.IGNORECASE,
)


def asks_for_a_list(question: str) -> bool:
    """Whether several things are asked for.

    >>> asks_for_a_list("What are the side effects?"), asks_for_a_list("Is rash a side effect?")
    (True, False)
    """
    return _LISTING.search(question) is not None


def _shown(quote: str) -> str:
    """A quote in running text: line breaks inside a sentence become spaces, those of lists stay.

    The source's own notes ("late.[2]") are left out, for in an answer such a mark names a citation; what may be an
    index ("row[2]") stays, with an invisible character that keeps it from being taken for one.
    """
    quote = _INDEX.sub("[\u2060", _NOTE.sub("", quote))
    lines = [" ".join(line.split()) for line in quote.split("\n") if line.strip()]
    listed = _ROW.search(quote) or any(_ITEM.match(line) for line in lines[1:])
    return "\n".join(lines) if listed else " ".join(lines)
