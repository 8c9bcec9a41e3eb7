"""Splitting: the passages tile the text, fit the encoder, and know their heading and page."""

import re
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest import Document, Page, Passage, Section, encoder_text
from ingest.encode import Encoder
from ingest.sentences import Span
from ingest.split import CHARS_PER_TOKEN, CONTEXT_TOKENS, JOIN_TOKENS, MAX_TOKENS, split

TokenSpans = Callable[[str], Sequence[Span]]

PIECES = [
    "word", "naïve", "T-cell", "🧬", "👩‍👩‍👧", "e\u0301", "免疫疗法", "علاج", "3.5", "e.g.", "Dr.", "x" * 400, "|", "- item", "1. one",
    " ", "  ", "\t", "\n", "\n\n", "\n \n", "\n\n\n", ". ", "! ", "? ", "\u3000", "。", "\x85", "\u2028",
]  # fmt: skip
texts = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(PIECES), max_size=400).map("".join),
    st.tuples(st.sampled_from(PIECES), st.integers(200, 1500)).map(lambda t: t[0] * t[1]),
    st.tuples(st.sampled_from(PIECES), st.integers(200, 1500)).map(lambda t: " ".join([t[0]] * t[1])),
)


def characters(text: str) -> list[Span]:
    """A tokenizer for which every character is a token: the worst case of text without spaces."""
    return [(i, i + 1) for i, char in enumerate(text) if not char.isspace()]


def words(text: str) -> list[Span]:
    return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


def check(document: Document, spans: TokenSpans, max_tokens: int = 256) -> list[Passage]:
    """The passages, after checking what holds for all of them."""
    text = document.text
    passages = split(document, spans, max_tokens)
    if not text.strip():
        assert [(p.start, p.end) for p in passages] == ([(0, len(text))] if document.title else [])
        return passages
    assert "".join(p.text for p in passages) == text
    assert [p.start for p in passages] == [0, *[p.end for p in passages[:-1]]]
    assert passages[-1].end == len(text)
    starts = [start for start, _ in spans(text)]
    budget = min(MAX_TOKENS, max_tokens - CONTEXT_TOKENS - 2)
    for p in passages:
        assert p.text == text[p.start : p.end]
        assert p.text.strip(), "no passage is white space only"
        assert p.start == 0 or not p.text[0].isspace(), "white space belongs to the passage before it"
        assert bisect_left(starts, p.end) - bisect_left(starts, p.start) <= budget
        assert (p.document, p.title) == (document.id, document.title)
        assert p.page == document.page_at(p.end - len(p.text.lstrip()))
    return passages


@settings(max_examples=150, deadline=None)
@given(text=texts, spans=st.sampled_from([characters, words]), max_tokens=st.sampled_from([256, 128, 64]))
@example(text="", spans=words, max_tokens=256)
@example(text=" \n\n \t", spans=words, max_tokens=256)
@example(text="a" * 5000, spans=characters, max_tokens=256)
@example(text="a" * 15000, spans=words, max_tokens=256)
@example(text="a" + " " * 15000 + "b", spans=words, max_tokens=256)
def test_passages_tile_any_text_and_fit(text: str, spans: TokenSpans, max_tokens: int) -> None:
    check(Document("d", "", text, ""), spans, max_tokens)


@settings(max_examples=60, deadline=None)
@given(text=texts)
@example(text="免" * 3000)
@example(text="👩‍👩‍👧" * 500)
@example(text=" ".join("antidisestablishmentarianism" for _ in range(700)))
def test_passages_tile_and_fit_by_the_real_tokenizer(text: str, encoder_cache: Encoder) -> None:
    for passage in check(Document("d", "A title", text, ""), encoder_cache.token_spans):
        # Title included, nothing of a passage is cut away.
        assert len(encoder_cache.token_spans(encoder_text(passage))) <= encoder_cache.spec.max_tokens - 2


def built(parts: list[tuple[int, str]]) -> Document:
    """A document of headings (level from 1) and paragraphs (level 0), a page for every third part."""
    text, sections, pages = "", [], []
    path: list[tuple[int, str]] = []
    for number, (level, part) in enumerate(parts):
        text += "\n\n" if text else ""
        if number % 3 == 0:
            pages.append(Page(len(text), number // 3 + 1))
        if level:
            path = [*((lvl, name) for lvl, name in path if lvl < level), (level, part)]
            sections.append(Section(len(text), tuple(name for _, name in path)))
        text += part
    return Document("d", "T", text, "", tuple(sections), tuple(pages))


blocks = st.one_of(
    st.tuples(st.integers(1, 3), st.sampled_from(["Cells", "T cells", "Dose", "A longer heading of five words"])),
    st.tuples(st.just(0), st.integers(1, 60).map(lambda n: "It binds. " * n).map(str.strip)),
    st.tuples(st.just(0), st.sampled_from(["word " * 300, "z" * 700, "- one\n- two\n- three"]).map(str.strip)),
)


@settings(max_examples=150, deadline=None)
@given(parts=st.lists(blocks, min_size=1, max_size=14), spans=st.sampled_from([characters, words]))
def test_headings_lead_their_sections(parts: list[tuple[int, str]], spans: TokenSpans) -> None:
    document = built(parts)
    passages = check(document, spans)
    heads = {section.start: section.path[-1] for section in document.sections}
    ends = [*[section.start for section in document.sections][1:], len(document.text)]
    alone = {
        section.start
        for section, end in zip(document.sections, ends, strict=False)
        if document.text[section.start : end].strip() == section.path[-1]
    }
    for passage in passages:
        inside = [start for start in heads if passage.start < start < passage.end]
        for start in inside:  # what stands before a heading in its passage is headings alone
            before = [s for s in heads if passage.start <= s < start]
            assert set(before) <= alone
            assert passage.start in before
        lines = {i for start, name in heads.items() for i in range(start, start + len(name))}
        body = [i for i in range(passage.start, passage.end) if i not in lines and not document.text[i].isspace()]
        assert {document.heading_at(i) for i in body} <= {passage.heading}


def test_heading_page_and_context_of_each_passage() -> None:
    document = built(
        [(1, "Cells"), (0, "They live."), (2, "T cells"), (3, "Killers"), (0, "They kill."), (1, "Dose"), (0, "Two.")]
    )
    assert [(p.text, p.heading, p.page, p.context) for p in split(document, words)] == [
        ("Cells\n\nThey live.\n\n", "Cells", 1, "T | Cells"),
        ("T cells\n\nKillers\n\nThey kill.\n\n", "Cells > T cells > Killers", 1, "T | Cells > T cells > Killers"),
        ("Dose\n\nTwo.", "Dose", 2, "T | Dose"),
    ]


def test_the_title_is_not_told_twice() -> None:
    assert Passage("d", "Cells", "Cells", None, 0, 1, "x").context == "Cells"
    assert Passage("d", "Cells", "Cells > T cells", None, 0, 1, "x").context == "Cells | T cells"
    assert Passage("d", "", "T cells", None, 0, 1, "x").context == "T cells"
    assert Passage("d", "", None, None, 0, 1, "x").context == ""


def test_a_heading_at_the_very_end_keeps_its_place() -> None:
    document = built([(0, "Text."), (1, "Appendix")])
    assert [(p.text, p.heading) for p in split(document, words)] == [("Text.\n\n", None), ("Appendix", "Appendix")]


def test_short_paragraphs_are_joined_and_long_ones_are_not() -> None:
    short = [(0, "one two three four five six seven eight nine ten.")] * 30  # 11 tokens each
    sizes = [len(words(p.text)) for p in split(built(short), words)]
    assert all(JOIN_TOKENS <= size < JOIN_TOKENS + 11 for size in sizes[:-1])
    long = [(0, "word " * 125)] * 3
    assert [len(words(p.text)) for p in split(built(long), words)] == [125] * 3


def test_an_announcement_stands_with_what_it_announces() -> None:
    before = [(0, "word " * 60)] * 2
    passages = split(built([*before, (0, "Take these:"), (0, "- one\n- two"), (0, "word " * 60)]), words)
    assert [p.text.split()[0] for p in passages] == ["word", "Take"]
    too_long = split(built([*before, (0, "Take these:"), (0, "more " * 209)]), words)
    assert [p.text.split()[0] for p in too_long] == ["word", "Take", "more"]


def test_a_long_paragraph_is_cut_between_sentences_into_about_equal_parts() -> None:
    sentences = [f"This is the sentence with the number {n} in it." for n in range(40)]  # 11 tokens each
    passages = split(Document("d", "", " ".join(sentences), ""), words)
    assert [p.text.strip()[-1] for p in passages] == ["."] * 3
    sizes = [len(words(p.text)) for p in passages]
    assert max(sizes) - min(sizes) <= 22, sizes


def test_a_long_sentence_is_cut_between_words() -> None:
    passages = split(Document("d", "", "immunology " * 500, ""), words)
    assert {word for p in passages for word in p.text.split()} == {"immunology"}


def test_long_code_is_cut_between_lines() -> None:
    passages = split(Document("d", "", "\n".join(f"  {n}: called at line {n} of it" for n in range(100)), ""), words)
    assert len(passages) > 2
    assert all(p.text.endswith("\n") for p in passages[:-1])


def test_a_run_without_a_space_is_cut_though_it_is_one_token() -> None:
    text = f"Here is the picture.\n\n{'iVBORw0KGgo' * 8_000} And here its end."
    passages = check(Document("d", "D", text, ""), words)
    assert len(passages) > 20
    assert max(len(p.text) for p in passages) <= (MAX_TOKENS + 1) * CHARS_PER_TOKEN


@pytest.mark.parametrize("text", ["x" * 300_000, "It binds. " * 30_000, "a\n\n" * 100_000, "word\n" * 60_000])
def test_the_time_for_a_long_text_is_in_proportion(text: str) -> None:
    began = time.process_time()
    split(Document("d", "", text, ""), characters)
    assert time.process_time() - began < 10  # about 1; a quadratic step takes minutes


def test_a_document_of_white_space_is_found_by_its_title_if_it_has_one() -> None:
    for text in ("", " \n\n"):
        assert split(Document("d", "", text, ""), words) == []
        (only,) = split(Document("d", "T", text, ""), words)
        assert (only.start, only.end, only.text, only.context) == (0, len(text), text, "T")
