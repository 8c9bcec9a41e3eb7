"""Sentences chosen -> the span that is understood alone: with what they lean on, announce, or are an item of.

"To define a task, decorate a function as follows:" says nothing without the code below it, nor does an item of a list
without the line that opens it. What is announced is quoted with its announcement, be it a list, code, rows of a table
or a paragraph; of one that is too long, as much as a reader takes in.
"""

import re

from ingest import Passage, content_words, heads, is_code, may_head, paragraphs, sentences, stem, stems

from .asked import behind_label
from .steps import asks_what_to_do, is_procedure

# A list is quoted whole up to so many words; where it is not what was asked for, up to fewer.
MAX_LIST_WORDS = 130
MAX_ASIDE_WORDS = 50

# A sentence that opens like this leans on the one before it.
_LEANING = re.compile(
    r"^(it|its|they|their|them|he|his|him|she|her|this|these|those|that|such|here|however|therefore|thus|hence|but|and|"
    r"or|nor|so|then|yet|both|also|moreover|furthermore|besides|instead|otherwise|likewise|similarly|conversely|"
    r"meanwhile|consequently|accordingly|nevertheless|nonetheless|still,|(in|by) contrast|in addition|in other words|"
    r"on the other hand|as a result|the (former|latter|other|others|same|second|third)|in turn|"
    r"(in|for|at|after|before|of|because of|one of|some of|most of|all of|each of) (this|that|these|those|them)|"
    r"(\S+ ){1,4}(consequently|therefore|thus|however|nevertheless)|others?(?= )(?! than)|"
    r"(every|any)(one|body|thing) else)(?!\w)|\b(as well|too)[\W\d]*$",
    re.IGNORECASE,
)
_ITEM_MARK = r"(?:[-*•]|\(?\d{1,3}[.)]|\(?(?:[a-z]|[ivx]{2,5})\))"
ITEM = re.compile(rf"^\s*{_ITEM_MARK}\s+")
NEXT_ITEM = re.compile(rf"\n\s*{_ITEM_MARK}\s")
_FIRST_ITEM = re.compile(r"\s*\(?(?:1|a|i)[.)]\s", re.IGNORECASE)
# Items that run on in one paragraph: "(a) bread; (b) wine; and (c) salt".
_RUN_ON = re.compile(r"[;,.]\s(?:and |or )?\((?:\d{1,3}|[a-z]|[ivx]{2,5})\)\s")
# A row of a table, as the readers write it ("Drug: Avelumab | Target: PD-L1"), or fields line by line.
ROW = re.compile(r" \| |\t|(?:^|\n)[A-Z][\w-]{2,}: [^\n]*\n[A-Z][\w-]{2,}: ")
# The name of a column in such a row.
_COLUMN = re.compile(r"(?:^| \| )([^:|\n]{1,40}): ")
LEAST_COLUMNS = 2
# What announces ends so, by itself or with what follows it: "There are three ways –".
_ANNOUNCING = (":", ":-", "–", "—", " -")
# The term of a glossary whose definition begins with it again: "Off-label: off-label use is ...".
_TERM = re.compile(r"([^\s:][^:\n]{0,60}): +(?=\1\b)", re.IGNORECASE)
# A line that begins as an item of a list may: with a label, "Common (1 in 10 people): headache".
_LABEL = re.compile(r"([A-Z][^.:;|\n]{0,60}): (?!\s*$)[^|\n]*$")
# A question that asks for steps, and a step.
_HOW = re.compile(r"\bhow (?:do|does|can|could|should|would|must|shall|is|are|to)\b|\bsteps?\b", re.IGNORECASE)
_STEP = re.compile(r"(?:^|\n)\s*\(?\d{1,3}[.)]\s")
# A line that is an item of its own, as the clauses of a contract are: a numbered sentence.
_CLAUSE = re.compile(r"\s*\(?\d{1,3}[.)]\s+[A-Z].*[.!?]\s*")
_OPERATOR = re.compile(r"[=(){}<>]")
MAX_TITLE_WORDS = 6
# An item below a heading.
_BELOW = re.compile(r"\n{1,2}[^\S\n]*\((?:\d{1,3}|[a-z]{1,4})\)\s")
# What a document calls itself: "This Agreement".
_ITSELF = re.compile(r"This [A-Z]")
_OPENS = re.compile(r"[\"“'‘(]?[A-Z]")
_ENDS_SENTENCE = re.compile(r"[.!?…][\"'”’)\]]*$")


def leans(text: str) -> bool:
    """Whether a sentence is not understood without the one before it."""
    return _LEANING.search(text) is not None


def announces_nothing(text: str, end: int) -> bool:
    """Whether what ends at `end` announces something that does not follow in `text`."""
    return text[:end].endswith(_ANNOUNCING) and not text[end:].strip()


def whole(passage: Passage, start: int, end: int, question: str, aside: bool) -> tuple[int, int] | None:
    """The span to quote for `start:end` of the passage's document.

    It begins with the sentence before, where the first one leans on it. An item alone is quoted without its mark,
    unless the question asks for such a list, or how to do what it lists the steps of, or several of its items are
    quoted: then all of it, if it is short, but of clauses (numbered sentences that are no steps) only for such
    questions. So it is where an item is no sentence, with code, and with paragraphs that are labelled as items are; but
    of several labelled items the one alone that holds all that the others do of the question. Of a long list or code
    nothing is quoted `aside`, nor is what only announces, nor a heading, which is else quoted with the first sentence
    below it: then None.
    """
    text = passage.text
    start, end = start - passage.start, end - passage.start
    if not aside and (lines := _rows_around(passage, start, end, question) or _labelled(passage, start, question)):
        return passage.start + lines[0], passage.start + lines[1]
    start, end = _whole_lines(text, start, end)
    if leans(_first_sentence(text[start:end])):
        start = _sentence_before(text, start)
    if text[start:end] in headings_of(passage):
        return None if aside else (passage.start + start, passage.start + _with_next(passage, end))
    start, end = _the_one(text, start, end, question)
    mark = ITEM.match(text[start:end])
    several = NEXT_ITEM.search(text[start:end]) is not None
    listed = _list_around(text, start, end)
    block = None if listed else _block_around(text, start, end)
    announces = text[:end].endswith(_ANNOUNCING)
    part = announces or block or (mark is not None and text[start + mark.end()].islower())
    if around := listed or block:
        most = MAX_ASIDE_WORDS if aside else MAX_LIST_WORDS
        asks_how, procedure = _HOW.search(question) is not None, is_procedure(text[slice(*around)])
        steps = asks_how and _STEP.search(text, around[0], around[1]) is not None
        asked = (steps or asks_for_a_list(question)) and _of_one_subject(question, passage, around[0])
        asked |= procedure and (asks_what_to_do(question) or (asks_how and _is_of_title(question, passage)))
        together = several and (asks_how or procedure or not _are_clauses(text[start:end]))
        if (part or together or asked) and len(text[slice(*around)].split()) <= most:
            return passage.start + min(start, around[0]), passage.start + max(end, around[1])
        if announces and not aside:
            end = _cut(text, end, around[1], most)
    if aside and part:
        return None
    if mark and not several and not _RUN_ON.search(text[start:end]):
        start += mark.end()
    start = _below_title(text, start, end)
    if (said_twice := _TERM.match(text[start:end])) and not ROW.search(text[start:end]):
        start += said_twice.end()
    start = behind_label(text, start)
    return passage.start + start, passage.start + end


def _are_clauses(quote: str) -> bool:
    """Whether every line of `quote` is a numbered sentence."""
    return all(map(_CLAUSE.fullmatch, quote.split("\n")))


def _the_one(text: str, start: int, end: int, question: str) -> tuple[int, int]:
    """Of several labelled items in `start:end` ("Hotel in London: £160") the one that is asked for; else all.

    Its label holds what any other does of the question, and more.
    """
    items = [(start + m.start(), start + m.end()) for m in re.finditer(r"\S[^\n]*", text[start:end])]
    labels = [_LABEL.match(text[s + mark.end() : e]) for s, e in items if (mark := ITEM.match(text[s:e]))]
    asked = {stem(word) for word in content_words(question)}
    held = [asked & stems(label[1]) for label in labels if label]
    if not 2 <= len(items) == len(held) or asks_for_a_list(question):
        return start, end
    most = max(held, key=len)
    return items[held.index(most)] if sum(other < most for other in held) == len(held) - 1 else (start, end)


def _first_sentence(text: str) -> str:
    return next((text[s:e] for s, e in sentences(text)), text)


def _rows_around(passage: Passage, start: int, end: int, question: str) -> tuple[int, int] | None:
    """The rows of the table that `start:end` of the passage's text is of, where the question asks for such rows.

    All its words are then in the heading, the title or the names of columns: "List the error codes".
    """
    text = passage.text
    lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]+", text)]
    at = next((i for i, (s, e) in enumerate(lines) if s <= start and end <= e), None)
    if at is None or not asks_for_a_list(question):
        return None
    columns = [_COLUMN.findall(text[slice(*line)]) for line in lines]
    named = columns[at]
    asked = set(map(stem, content_words(question)))
    if len(named) < LEAST_COLUMNS or not asked <= stems(" ".join([passage.title, passage.heading or "", *named])):
        return None
    first = last = at
    while first and columns[first - 1][:1] == named[:1]:
        first -= 1
    while last + 1 < len(lines) and columns[last + 1][:1] == named[:1]:
        last += 1
    return lines[first][0], lines[last][1]


def _labelled(passage: Passage, start: int, question: str) -> tuple[int, int] | None:
    """The paragraphs or lines with a label each ("Common: ...", "Rare: ...") that `start` of the text is one of.

    None unless the question asks for such a list and not for what has this label, or where they are long.
    """
    if not asks_for_a_list(question):
        return None
    text = passage.text
    lines = [(m, _LABEL.match(m.group())) for m in re.finditer(r"\S[^\n]*", text)]
    at = next((i for i, (line, _) in enumerate(lines) if line.start() <= start < line.end()), None)
    if at is None or not (label := lines[at][1]) or not _of_one_subject(question, passage, len(text)):
        return None
    asked, heading = stems(question), stems(f"{passage.title} {passage.heading}")
    if (stems(label[1]) & asked) - heading:
        return None
    first = last = at
    while first and lines[first - 1][1]:
        first -= 1
    while last + 1 < len(lines) and lines[last + 1][1]:
        last += 1
    span = lines[first][0].start(), lines[last][0].end()
    return span if last > first and len(text[slice(*span)].split()) <= MAX_LIST_WORDS else None


def goes_on(passage: Passage, start: int, end: int) -> bool:
    """Whether of a list, code or rows that `start:end` of the passage's document quotes there is more behind it."""
    quote, rest = passage.text[start - passage.start : end - passage.start], passage.text[end - passage.start :]
    if NEXT_ITEM.search(quote):
        following = re.search(r"\S.*", rest)
        return ITEM.match(rest) is not None and not (following and _heads_items(rest, *following.span()))
    block = list(paragraphs(quote))[-1]
    # A passage that ends with a line, and no blank one, ends within its paragraph.
    rows = quote.split("\n")
    if len(rows) > 1 and all(map(_COLUMN.search, rows)):
        return rest == "\n"
    return is_code(quote[slice(*block)]) and (rest == "\n" or (bool(rest.strip()) and not rest.startswith("\n\n")))


def opens_late(passage: Passage, start: int, end: int) -> bool:
    """Whether of a list or code that `start:end` of the passage's document quotes there is more before it."""
    text = passage.text
    start, end = start - passage.start, end - passage.start
    if NEXT_ITEM.search(text[start:end]):
        listed = _list_around(text, start, end) if ITEM.match(text[start:end]) else None
        first = _FIRST_ITEM.match(text[start:end])
        return listed is not None and not first and NEXT_ITEM.search("\n" + text[listed[0] : start]) is not None
    block = next(paragraphs(text[start:end]))
    before = text[:start]
    return is_code(text[start:end][slice(*block)]) and bool(before.strip()) and not before.endswith("\n\n")


def _whole_lines(text: str, start: int, end: int) -> tuple[int, int]:
    """`start:end`, with the rest of its first and last line if they are code, where a full stop ends no sentence."""
    s, e = next((block for block in paragraphs(text) if block[0] <= start < block[1]), (start, end))
    line_end = text.find("\n", end, e)
    lines = max(s, text.rfind("\n", s, start) + 1), max(end, e if line_end < 0 else line_end)
    return lines if is_code(text[slice(*lines)]) else (start, end)


def headings_of(passage: Passage) -> set[str]:
    """What is no more than a heading where it stands."""
    return {passage.title, *(passage.heading or "").split(" > ")}


def looks_like_heading(text: str, start: int, end: int) -> bool:
    """Whether the line `text[start:end]` looks like a heading where none is marked: of few words, and parted.

    A blank line stands before it and behind it; or its text is right below it, and what stands right above is a
    sentence or a line in capitals, if anything.
    """
    line, before = text[start:end], text[:start].rstrip(" \t")
    parted = not before or before.endswith("\n\n")
    below = text[end + 1 :].partition("\n\n")[0].split("\n")
    if not below[0].strip():
        return parted and may_head(line)
    last = before.rstrip("\n").rpartition("\n")[2]
    return (parted or last.isupper() or _ENDS_SENTENCE.search(last) is not None) and heads(line, below)


def _with_next(passage: Passage, end: int) -> int:
    """Where the first sentence behind `end` ends that is no heading; `end` if there is none."""
    following = ((s, e) for s, e in sentences(passage.text) if s >= end)
    return next((e for s, e in following if passage.text[s:e] not in headings_of(passage)), end)


def _below_title(text: str, start: int, end: int) -> int:
    """Where the sentence begins that a line above it in its paragraph is the title of ("4. Term"); else `start`.

    Such a line ends though the next word had fitted into it. Where the sentence leans on it, it stays.
    """
    block = next((slice(s, e) for s, e in paragraphs(text) if s <= start < e), slice(start, end))
    title, _, rest = text[start:end].partition("\n")
    mark = ITEM.match(title)
    leaning = leans(_first_sentence(rest)) and not _ITSELF.match(rest)
    if not rest or leaning or ITEM.sub("", text[block.start : start] + " ").strip():
        return start
    words = title[mark.end() if mark else 0 :].split()
    line = text[text.rfind("\n", 0, start) + 1 : start] + title
    fits = len(line) + len(rest.partition(" ")[0]) < max(map(len, text[block].split("\n")))
    titled = words and len(words) <= MAX_TITLE_WORDS and words[0][0].isupper() and title[-1].isalnum()
    return start + len(title) + 1 if titled and fits and _OPENS.match(rest) and _ENDS_SENTENCE.search(rest) else start


def _cut(text: str, start: int, end: int, most: int) -> int:
    """Where to stop quoting `text[start:end]`, which is too long: behind a whole line; `end` if it is one line."""
    stops = [m.start() for m in re.finditer(r"\n", text[start:end])]
    fitting = [stop for stop in stops if 0 < len(text[start : start + stop].split()) <= most]
    return start + len(text[start : start + fitting[-1]].rstrip()) if fitting else start


def _of_one_subject(question: str, passage: Passage, start: int) -> bool:
    """Whether the first line of a list, at `start` of the passage's text, or the heading shares a word with it."""
    introduction = passage.text[start:].partition("\n")[0]
    heading = (passage.heading or "").split(" > ")[-1]
    asked, said = ({stem(word) for word in content_words(text)} for text in (question, f"{introduction} {heading}"))
    return not asked.isdisjoint(said)


def _is_of_title(question: str, passage: Passage) -> bool:
    """Whether a passage without a heading has a word of the question in its title."""
    return not passage.heading and not stems(passage.title).isdisjoint(map(stem, content_words(question)))


def _sentence_before(text: str, start: int) -> int:
    """Where the sentence before `start` begins, in the same paragraph; `start` itself if there is none."""
    block = next((s for s, e in paragraphs(text) if s <= start < e), start)
    before = list(sentences(text[block:start]))
    return block + before[-1][0] if before else start


def _list_around(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The list that `start:end` introduces or is part of, from its introduction on; None if there is none."""
    units = list(sentences(text))
    items = [bool(ITEM.match(text[s:e])) for s, e in units]
    heads = [_heads_items(text, s, e) for s, e in units]
    within = [i for i, (s, e) in enumerate(units) if s < end and start < e]
    if not within:
        return None
    first = last = within[0]
    if not items[first] and text[: units[within[-1]][1]].endswith(_ANNOUNCING):
        first = last = within[-1] + 1
    if first >= len(units) or not items[first]:
        return None
    # What follows an item on its line belongs to it; a section of its own does not.
    while last + 1 < len(units) and (items[last + 1] or "\n" not in text[units[last][1] : units[last + 1][0]]):
        if heads[last + 1]:
            break
        last += 1
    while first and (items[first - 1] or (first > 1 and "\n" not in text[units[first - 1][1] : units[first][0]])):
        if heads[first]:
            break
        first -= 1
    if first and not heads[first] and text[: units[first - 1][1]].endswith(_ANNOUNCING):
        first -= 1
    return units[first][0], units[last][1]


def _heads_items(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` is the heading of a section: behind a blank line, with items below it."""
    below = _BELOW.match(text, end) is not None
    return below and text[:start].endswith("\n\n") and looks_like_heading(text, start, end)


def _block_around(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The code, rows or paragraph that `start:end` announces, or the code it is part of, with its announcement.

    None if it is neither. Code may have blank lines in it.
    """
    blocks = list(paragraphs(text))
    at = next((i for i, (s, e) in enumerate(blocks) if s <= start < e), 0)
    own = text[slice(*blocks[at])]
    if text[:end].endswith(_ANNOUNCING) and end == blocks[at][1] and not is_code(own):
        return (start, _end_of_code(text, blocks, at + 1)) if at + 1 < len(blocks) else None
    first = at
    while first and _is_set(text[slice(*blocks[first])]) and not text[: blocks[first - 1][1]].endswith(_ANNOUNCING):
        first -= 1
    if first and _is_set(text[slice(*blocks[first])]):  # what stands before it announces it
        s, e = blocks[first - 1]
        return s + list(sentences(text[s:e]))[-1][0], _end_of_code(text, blocks, at)
    return blocks[at] if is_code(own) else None


def _end_of_code(text: str, blocks: list[tuple[int, int]], last: int) -> int:
    """Where block `last` ends, with the code that follows it if it may be code itself."""
    if _is_set(text[slice(*blocks[last])]):
        while last + 1 < len(blocks) and is_code(text[slice(*blocks[last + 1])]):
            last += 1
    return blocks[last][1]


def _is_set(block: str) -> bool:
    """Whether a paragraph may be code: it looks like it, or is one line and no sentence."""
    a_line = not ("\n" in block or _ENDS_SENTENCE.search(block) or ITEM.match(block))
    return is_code(block) or (a_line and (block[-1] not in ";,:" or _OPERATOR.search(block) is not None))


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
