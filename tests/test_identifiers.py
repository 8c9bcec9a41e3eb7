"""Versions, codes and file numbers: who asks about one is told of that one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import Library
from retriever import Retriever
from retriever.identifiers import identifiers

CHANGES = """# Changelog

## 2.4.1 (2023-05-02)

### Fixed

- A crash when the kiln was cold.
- A leak in the glaze pump.

## 2.4.0 (2023-03-14)

### Changed

- **Breaking:** the kiln speaks protocol 7.
- The shelf is no longer heated.

## 2.3.0 (2022-11-30)

### Added

- Slow cooling, in nine steps.
"""
CODES = """# Error codes

| Code | Meaning | What to do |
|---|---|---|
| KN-102 | The door is open | Close the door |
| KN-204 | The vent is blocked | Clear the vent, or lower the heat |
| KN-310 | The thermocouple is broken | Replace the thermocouple |

## Retries

The kiln tries KN-102 and KN-204 again five times. It never tries KN-310 again.
"""


@pytest.fixture(name="kiln", scope="module")
def _kiln(demo_library: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retriever]:
    folder: Path = tmp_path_factory.mktemp("kiln")
    (folder / "changelog.md").write_text(CHANGES, "utf-8")
    (folder / "codes.md").write_text(CODES, "utf-8")
    library = Library.open(tmp_path_factory.mktemp("library"), create=True)
    library.ingest(folder)
    yield Retriever(library)
    library.close()


@pytest.mark.parametrize(
    ("question", "heading"),
    [
        ("What was fixed in 2.4.1?", "2.4.1"),
        ("What was fixed in 2.4.0?", "2.4.0"),
        ("What was fixed in v2.3.0?", "2.3.0"),
    ],
)
def test_of_a_version_only_what_stands_below_it_is_told(kiln: Retriever, question: str, heading: str) -> None:
    answer = kiln.ask(question)
    assert answer.citations
    assert all(heading in (citation.passage.heading or "") for citation in answer.citations)


@pytest.mark.parametrize("code", ["KN-102", "KN-204", "KN-310"])
def test_of_a_code_its_row_is_told_first(kiln: Retriever, code: str) -> None:
    for question in (f"What does {code} mean?", f"How do I fix {code}?", f"What about {code}?"):
        answer = kiln.ask(question)
        assert answer.citations[0].quote.startswith(f"Code: {code} |"), question
        others = {"KN-102", "KN-204", "KN-310"} - {code}
        assert all(code in c.quote or not any(other in c.quote for other in others) for c in answer.citations)


def test_what_is_said_of_a_code_is_shown_though_it_may_not_answer(kiln: Retriever) -> None:
    answer = kiln.ask("What colour is the lamp of KN-310?")
    assert answer.answered
    assert answer.citations[0].quote.startswith("Code: KN-310 |")
    assert "colour" in (answer.note or "")


@pytest.mark.parametrize(
    ("question", "named"),
    [("What was added in 2.5.0?", "2.5.0"), ("What does KN-999 mean?", "KN-999"), ("Who sent 2023-0117?", "2023-0117")],
)
def test_one_that_no_passage_holds_is_not_in_the_documents(kiln: Retriever, question: str, named: str) -> None:
    answer = kiln.ask(question)
    assert not answer.answered
    assert named in answer.text


def test_the_code_of_a_file_s_name_is_held(library: Library, tmp_path: Path) -> None:
    (tmp_path / "case-AB-1234.md").write_text("# The lease\n\nThe court heard the tenant on the rent.\n", "utf-8")
    library.ingest(tmp_path / "case-AB-1234.md")
    assert Retriever(library).ask("Whom did the court hear in AB-1234?").confidence > 0


def test_dates_numbers_and_years_are_no_identifiers() -> None:
    for text in (
        "on 1.6.2024",
        "from 2019-2024",
        "2024-06-11",
        "PD-1, IL-6 and COVID-19",
        "3.14 or 1,000",
        "ISO 9001",
        "FY-2024 and FY2023",
    ):
        assert not identifiers(text), text
    assert identifiers("tp310 v1.2.3").keys() == identifiers("1.2.3").keys()
    assert identifiers("TP310").keys() == identifiers("(TP-310)").keys() != set()
