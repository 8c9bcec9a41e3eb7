"""Lists of rows by what a cell says: "List the open matters" is answered with the open ones, and all of these."""

from collections.abc import Iterator

import pytest

from ingest import Library, Settings
from retriever import Retriever

TASKS = """# Task list of the move

| Task | Owner | Status | Opened | Due |
|---|---|---|---|---|
| Rent a van | Sofia | open | 2 March | 3 May |
| Cancel the gas contract | Emil | closed | 1 March | 1 April |
| Pack the library | Sofia | in progress | 2 March | 10 May |
| Order boxes | Ravi | closed | 5 March | 28 March |
| Forward the mail | Emil | open | 1 March | 12 May |
| Paint the hall | Ravi | open | 7 March | 20 May |
"""
RISKS = """ID,Risk,Likelihood,Impact
R1,The supplier goes bankrupt,low,high
R2,The permit comes late,high,high
R3,Staff fall ill in winter,high,low
R4,The roof leaks again,medium,low
"""
CODES = """# Error codes

| Code | Meaning | What to do |
|---|---|---|
| TP-101 | Queue not found | Create it. |
| TP-204 | Disk full | Free space. |
| TP-500 | Internal error | Write to us. |
"""
CALLS = "Call,Subject,State\n" + "".join(
    f"Call {i} of March,The boiler in the cellar of house {i} and its pump,missed\n" for i in range(1, 29)
)


@pytest.fixture(name="retriever", scope="module")
def _retriever(encoder_cache: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retriever]:
    """A library of these tables with the real encoder, whose judgement decides."""
    folder = tmp_path_factory.mktemp("tables")
    for name, text in {"tasks.md": TASKS, "risks.csv": RISKS, "codes.md": CODES, "calls.csv": CALLS}.items():
        (folder / name).write_text(text, "utf-8")
    with (folder / "calls.csv").open("a", encoding="utf-8") as file:
        file.write("Call 29 of March,The roof,taken\n")
    settings = Settings(decline_below=0.05)  # in so few passages nothing stands out
    with Library.open(tmp_path_factory.mktemp("rows") / "library", create=True, settings=settings) as library:
        library.ingest(folder)
        yield Retriever(library)


def rows(retriever: Retriever, question: str) -> list[str]:
    """The rows that are quoted, by what their first or second cell says."""
    answer = retriever.ask(question)
    for citation in answer.citations:
        assert retriever.text(citation.passage.document)[citation.start : citation.end] == citation.quote
    lines = [line.split(" | ") for citation in answer.citations for line in citation.quote.split("\n")]
    return [cells[0].partition(": ")[2] for cells in lines]


@pytest.mark.parametrize(
    ("question", "listed"),
    [
        ("List the open tasks", ["Rent a van", "Forward the mail", "Paint the hall"]),
        ("Which tasks are closed?", ["Cancel the gas contract", "Order boxes"]),
        ("What are the tasks of Emil?", ["Cancel the gas contract", "Forward the mail"]),
        ("List all the closed tasks of Ravi", ["Order boxes"]),
        ("List the open and the closed tasks of Ravi", ["Order boxes", "Paint the hall"]),
        ("Which tasks are in progress?", ["Pack the library"]),
        ("List the risks with high likelihood", ["R2", "R3"]),
        ("List the risks of low impact", ["R3", "R4"]),
        ("List the risks", ["R1", "R2", "R3", "R4"]),
        ("List the error codes", ["TP-101", "TP-204", "TP-500"]),
    ],
)
def test_the_rows_are_listed_that_hold_it(retriever: Retriever, question: str, listed: list[str]) -> None:
    assert rows(retriever, question) == listed


def test_no_cell_stands_for_a_list(retriever: Retriever) -> None:
    for question in ("List the error codes", "List the open tasks"):
        assert retriever.ask(question).text.startswith(("Code: TP-101 |", "Task: Rent a van |"))


def test_a_long_list_says_that_it_goes_on(retriever: Retriever) -> None:
    answer = retriever.ask("List the missed calls")
    assert "taken" not in answer.text
    assert answer.text.count("State: missed") == 20
    assert answer.text.endswith(f" … [{len(answer.citations)}]")
