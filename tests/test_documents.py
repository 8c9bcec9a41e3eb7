"""The values: where headings and pages are in force, and what cannot be changed."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import Content, Document, Page, Passage, Section, page_at
from ingest.documents import heading_at

SECTIONS = (Section(4, ("A",)), Section(10, ("A", "B")), Section(20, ()))
starts = st.lists(st.integers(0, 60), unique=True, max_size=8).map(sorted)


def test_a_heading_is_in_force_from_its_start_to_the_next() -> None:
    found = [heading_at(SECTIONS, offset) for offset in (0, 3, 4, 9, 10, 19, 20, 99)]
    assert found == [None, None, "A", "A", "A > B", "A > B", None, None]
    assert heading_at((), 5) is None


def test_a_page_goes_on_to_the_next_and_the_first_begins_at_the_top() -> None:
    pages = (Page(3, 2), Page(9, 5))
    assert [page_at(pages, offset) for offset in (0, 3, 8, 9, 99)] == [2, 2, 2, 5, 5]
    assert page_at((), 5) is None


@given(starts=starts, offset=st.integers(0, 70))
def test_looked_up_one_by_one_they_are_the_same(starts: list[int], offset: int) -> None:
    sections = tuple(Section(start, (str(start),)) for start in starts)
    pages = tuple(Page(start, number) for number, start in enumerate(starts, 1))
    before = [start for start in starts if start <= offset]
    assert heading_at(sections, offset) == (str(before[-1]) if before else None)
    assert page_at(pages, offset) == (max(len(before), 1) if pages else None)


def test_a_document_is_made_of_what_a_reader_returns() -> None:
    content = Content("Title", "Text", (Section(0, ("H",)),), (Page(0, 7),))
    document = Document.of("a/b.md", "ab" * 32, content)
    assert document == Document("a/b.md", "Title", "Text", "ab" * 32, content.sections, content.pages)
    assert (document.heading_at(2), document.page_at(2)) == ("H", 7)


def test_values_cannot_be_changed() -> None:
    for value in (Document("d", "", "", ""), Passage("d", "", None, None, 0, 1, "x"), Page(0, 1), Section(0, ())):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, dataclasses.fields(value)[0].name, "other")
        with pytest.raises((AttributeError, TypeError)):
            value.vector = 1  # type: ignore[union-attr]
