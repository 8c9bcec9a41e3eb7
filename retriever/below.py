"""A line that says what is asked and no more, as a manual names what may go wrong: what stands below it is quoted.

"The pump is loud." is nearest to "Why is the pump loud?", but what helps is the rest of its paragraph, all of it:
"There is air in the system. Fill the tank." Readers leave such a line, which may have been in bold, at the head of its
paragraph; a marked heading stands in a paragraph of its own above.
"""

import re
from collections.abc import Set

from ingest import STOP_WORDS, Passage, content_words, is_code, paragraphs, stem

from .whole import headings_of

# So many words are quoted at most, and so many has such a line.
MOST_BELOW = 80
MOST_ABOVE = 12

# A name, a date, a number, a definition, or yes or no, is asked for, or why something happened: a sentence tells that.
_ONE_THING = re.compile(
    r"\W*(?:who\w*|when|where|which|what(?:['’]s| (?:is|are|was|were|does|do(?! \w+ do\b)|did|year|date|time))"
    r"|how (?:many|much|long|often|old|large|big|far|high|fast)|is|are|was|were|does|do|did|has|have|can|could|may|must"
    r"|should|will|why (?:was|were|did|had))\b",
    re.IGNORECASE,
)
# What is explained is told by the sentences that answer, also below a heading that asks the same.
_EXPLAINED = re.compile(r"\W*how\b", re.IGNORECASE)
# Where such a line may end: behind a stop, or, where it has none, before what begins a sentence.
_ENDS = re.compile(r"(?P<stop>[.!:])?\s+(?=[A-Z])")
_SENTENCE = re.compile(r"\b(?:is|are|was|were|has|have|does|do|cannot|can|will|won['’]t)\b|n['’]t\b")
_LISTED = re.compile(r"(?:^|\n)\s*(?:[-*•]|\(?\w{1,3}[.)])\s| \| |\t")


def below_what_is_asked(passage: Passage, start: int, end: int, question: str) -> tuple[int, int] | None:
    """What stands below a line that says what `question` says, where `start:end` of its document is in it or there.

    It is the rest of a short paragraph, or the whole one below a heading; None where it is long or set in items, rows
    or code, or where one thing is asked for.
    """
    text, headings = passage.text, headings_of(passage)
    start, end = start - passage.start, end - passage.start
    asked = _terms(question)
    if _ONE_THING.match(question) or not asked:
        return None
    blocks = list(paragraphs(text))
    at = next((i for i, (s, e) in enumerate(blocks) if s <= start < e), len(blocks))
    if at < len(blocks) and text[slice(*blocks[at])] in headings:
        at += 1  # the heading itself was found
    if at >= len(blocks) or end > blocks[at][1]:
        return None
    s, e = blocks[at]
    above = text[slice(*blocks[at - 1])] if at else ""
    headed = above in headings and len(asked) > 1 and _terms(above) == asked and not _EXPLAINED.match(question)
    line = (0, 0) if headed else _line(text[s:e], asked, end - s)
    if line is None:
        return None
    below, quoted = s + line[0], s + line[1]
    short = 0 < len(text[below:e].split()) <= MOST_BELOW
    if not short or _LISTED.search(text, below, e) or is_code(text[below:e]):
        return None
    return passage.start + quoted, passage.start + e


def _line(paragraph: str, asked: Set[str], found: int) -> tuple[int, int] | None:
    """Where the line ends that says what is `asked`, and no more, at the head of a paragraph, and where to quote from.

    If what was found ends, at `found`, with that line, it may say less, and is quoted too. None if there is none.
    """
    for ends in _ENDS.finditer(paragraph):
        line = paragraph[: ends.start("stop") + 1 if ends["stop"] else ends.start()]
        said = _terms(line)
        if said == asked and (ends["stop"] or _may_end(line)):
            return ends.end(), ends.end()
        if ends["stop"] and found <= len(line) and len(said) > 1 and said < asked:
            return ends.end(), 0
        if ends["stop"] or len(line.split()) > MOST_ABOVE:
            return None
    return None


def _may_end(line: str) -> bool:
    """Whether a line without a stop is a sentence, and not the beginning of one: "The pump is loud on"."""
    return _SENTENCE.search(line) is not None and line.split()[-1].lower() not in STOP_WORDS


def _terms(text: str) -> set[str]:
    return {stem(word) for word in content_words(text)}
