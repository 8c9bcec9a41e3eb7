"""Document -> Passages: exact spans, cut on headings, then paragraphs, then sentences.

The passages of a document tile its text: white space belongs to the passage before it. A passage holds
whole paragraphs of one section, at most `MAX_TOKENS` tokens, and one that ends with a colon stands with what it
announces; a paragraph longer than that is cut between sentences into parts of about equal length, and a sentence longer
than that between words.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from .documents import Document, Passage
from .sentences import Span, paragraphs, sentences

# MiniLM reads 256 tokens; two are special, and title and heading path stand in front (at most 40).
MAX_TOKENS = 210
CONTEXT_TOKENS = 40
# So many characters count as a token at least: the tokenizer takes letters without a space for one, however many.
CHARS_PER_TOKEN = 20
# Paragraphs are joined until a passage has this many tokens. Not tuned yet: DESIGN.md.
JOIN_TOKENS = 120

TokenSpans = Callable[[str], Sequence[Span]]


def split(document: Document, token_spans: TokenSpans, max_tokens: int = 256) -> list[Passage]:
    """The passages of `document`, in order; of white space only one, if it has a title to be found by, else none.

    `token_spans` tells where the encoder's tokens stand in a text; `max_tokens` is what it reads at once,
    special tokens and context included.
    """
    text = document.text
    tokens = [start for start, _ in token_spans(text)]
    budget = max(16, min(MAX_TOKENS, max_tokens - CONTEXT_TOKENS - 2))

    def count(start: int, end: int) -> int:
        return max(bisect_left(tokens, end) - bisect_left(tokens, start), (end - start) // CHARS_PER_TOKEN)

    starts = [cut for s, e in _sections(document) for cut in _cuts(text, s, e, count, budget, tokens)]
    if not starts:
        return [_passage(document, 0, len(text))] if document.title.strip() else []
    bounds = [0, *starts[1:], len(text)]
    return [_passage(document, s, e) for s, e in pairwise(bounds)]


def _passage(document: Document, start: int, end: int) -> Passage:
    # A heading without text of its own leads the passage of the section below it: the innermost counts.
    text = document.text[start:end]
    last = start + len(text.rstrip()) - 1
    first = end - len(text.lstrip())
    return Passage(
        document=document.id,
        title=document.title,
        heading=document.heading_at(last),
        page=document.page_at(first),
        start=start,
        end=end,
        text=text,
    )


def _sections(document: Document) -> Iterator[Span]:
    """Spans between headings; a heading with nothing below it is joined to what follows."""
    text = document.text
    headings = {s.start: s.path[-1] for s in document.sections if s.path and s.start < len(text)}
    marks = sorted({0, *headings})
    begin = 0
    for start, end in zip(marks, [*marks[1:], len(text)], strict=True):
        alone = text[start:end].strip() in ("", headings.get(start))
        if not alone or end == len(text):
            yield begin, end
            begin = end


def _cuts(
    text: str, start: int, end: int, count: Callable[[int, int], int], budget: int, tokens: Sequence[int]
) -> Iterator[int]:
    """Where the passages of one section start."""
    begin: int | None = None
    announcing: int | None = None  # where the paragraph before starts, if it ends with a colon
    for s, e in paragraphs(text[start:end]):
        s, e = s + start, e + start
        if begin is not None and (count(begin, e) > budget or count(begin, s) >= JOIN_TOKENS):
            yield begin
            begin = announcing if announcing and announcing > begin and count(announcing, e) <= budget else None
        announcing = s if text[e - 1] == ":" else None
        if begin is None:
            begin = s
        if count(begin, e) > budget:  # this paragraph alone is too long
            *closed, begin = _parts(text, begin, e, count, budget, tokens)
            yield from closed
    if begin is not None:
        yield begin


def _parts(
    text: str, start: int, end: int, count: Callable[[int, int], int], budget: int, tokens: Sequence[int]
) -> list[int]:
    """Where the parts of one long paragraph start: about equal lengths, none above the budget."""
    units: list[Span] = []
    for s, e in sentences(text[start:end]):
        s, e = s + start, e + start
        while count(s, e) > budget:  # one sentence alone is too long
            last = bisect_left(tokens, s) + budget
            cut = min(tokens[last] if last < len(tokens) else e, s + budget * CHARS_PER_TOKEN)
            # Code is parted between lines.
            line = text.rfind("\n", s + (cut - s) // 2, cut + 1) + 1
            cut = line or max(text.rfind(" ", s + 1, cut + 1), text.rfind("\n", s + 1, cut + 1)) + 1 or cut
            while not line and cut < e and text[cut].isspace():
                cut += 1
            units.append((s, cut))
            s = cut
        if s < e:
            units.append((s, e))
    total = count(start, end)
    target = total / -(-total // budget)
    starts = [units[0][0]]
    for s, e in units[1:]:
        if count(starts[-1], e) > budget or count(starts[-1], s) >= target:
            starts.append(s)
    return starts
