"""Dates and versions that only a heading states: what stands below it is answered with the heading's line."""

from collections.abc import Iterator

import pytest

from ingest import Library, Settings
from retriever import Retriever

CHANGES = """# Changelog of Heron

## 4.0.12 - 2024-11-02

- Single sign-on with SAML.
- The importer may be paused.

## 3.1.0 - 2023-12-20

### Added

- TLS 1.3 support.

### Fixed

- A crash when a filter was empty.

### Removed

- The XML interface, deprecated since 2.8.

## 2.9.0 - 2023-05-02

- Deprecated: sending by fax.

- Fixed: wrong totals introduced with the calendar.
"""
MINUTES = """# Minutes of the garden committee

## Meeting of 9 April 2024

Mr Brandt resigned as treasurer.

The roof leaked in the storm last autumn.

The pump failed on Tuesday.

The fence will be painted by Mrs Adler.

## Meeting of 14 May 2024

The open day was moved to 6 July 2024.

## What the planning group wants for 2025

The greenhouse was measured by an architect.

## Winter, 3 to 5 January 2023 and 8 January 2023

The hedge was cut by volunteers.

## Rules of 2 March 2022

The gate is locked at dusk.
"""


@pytest.fixture(name="retriever", scope="module")
def _retriever(encoder_cache: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retriever]:
    """A library of both with the real encoder, whose judgement decides."""
    folder = tmp_path_factory.mktemp("texts")
    (folder / "changes.md").write_text(CHANGES, "utf-8")
    (folder / "minutes.md").write_text(MINUTES, "utf-8")
    settings = Settings(decline_below=0.05)  # in so few passages nothing stands out
    with Library.open(tmp_path_factory.mktemp("headed") / "library", create=True, settings=settings) as library:
        library.ingest(folder)
        yield Retriever(library)


@pytest.mark.parametrize(
    ("question", "heading", "told", "below"),
    [
        ("When was TLS 1.3 added?", "3.1.0 - 2023-12-20", "2023-12-20", "TLS 1.3"),
        ("In which version was TLS 1.3 added?", "3.1.0 - 2023-12-20", "3.1.0", "TLS 1.3"),
        ("Which version fixed the crash when a filter was empty?", "3.1.0 - 2023-12-20", "3.1.0", "A crash"),
        ("When was single sign-on with SAML added?", "4.0.12 - 2024-11-02", "2024-11-02", "Single sign-on"),
        ("Since which version may the importer be paused?", "4.0.12 - 2024-11-02", "4.0.12", "The importer"),
        ("When did Mr Brandt resign as treasurer?", "Meeting of 9 April 2024", "9 April 2024", "Mr Brandt"),
        ("When was sending by fax deprecated?", "2.9.0 - 2023-05-02", "2023-05-02", "Deprecated"),
        ("Which version fixed the wrong totals?", "2.9.0 - 2023-05-02", "2.9.0", "Fixed"),
    ],
)
def test_the_heading_is_quoted(retriever: Retriever, question: str, heading: str, told: str, below: str) -> None:
    answer = retriever.ask(question)
    first, second, *_ = answer.citations
    assert (first.quote, below in second.quote) == (heading, True)
    assert answer.text.startswith(f"{told} [1]\n\n{heading} [1]")
    assert "[2]" in answer.text
    assert answer.note is None
    for citation in answer.citations:
        assert retriever.text(citation.passage.document)[citation.start : citation.end] == citation.quote


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("When is the open day?", "The open day was moved to 6 July 2024."),  # the sentence states one
        ("When was the XML interface deprecated?", "The XML interface, deprecated since 2.8."),
        ("When was the greenhouse measured?", "The greenhouse was measured by an architect."),  # a heading of more
        ("When was the hedge cut by volunteers?", "The hedge was cut by volunteers."),  # of several dates
        ("When is the gate locked?", "The gate is locked at dusk."),  # nothing that happened
        ("When did the roof leak?", "The roof leaked in the storm last autumn."),  # some other day
        ("When did the pump fail?", "The pump failed on Tuesday."),
        ("When was the fence painted?", "The fence will be painted by Mrs Adler."),  # not yet
        ("When was sending by fax removed?", "Deprecated: sending by fax."),  # something else
        ("Which version introduced the wrong totals?", "Fixed: wrong totals introduced with the calendar."),
        ("Who resigned as treasurer?", "Mr Brandt resigned as treasurer."),  # no date is asked for
    ],
)
def test_it_is_not_where_it_may_not_tell(retriever: Retriever, question: str, quoted: str) -> None:
    assert quoted in retriever.ask(question).citations[0].quote
