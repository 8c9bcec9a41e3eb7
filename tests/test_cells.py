"""The cell of a row that a question asks for by the name of its column, or by a word that goes with it."""

from pathlib import Path

import pytest

from ingest import Library
from retriever import Retriever
from retriever.cells import direct_cell

STAFF = "Name: Gareth Pugh | Role: Caretaker | Phone: 01632 960 111 | Hours: Mon to Fri"
PUMP = "Model: Skua | Power kW: 55 | Price GBP: 28750 | Max load t: 5 | Site: Stavanger"
COURSE = "Course: Fire warden | Trainer: Tom Roe | Date: 9 June | Room: Hall"
STOCK = "Reagent: SYBR Safe | Supplier: Thermo | Price EUR: 88.00 | In stock: 2"


@pytest.mark.parametrize(
    ("row", "question", "cell"),
    [
        (STAFF, "who is the caretaker", "Name: Gareth Pugh"),
        (STAFF, "When is the caretaker there?", "Hours: Mon to Fri"),
        (STAFF, "who is the caretaker's deputy", None),
        (STAFF, "Who is Gareth Pugh?", None),
        (PUMP, "what's the power of the Skua", "Power kW: 55"),
        (PUMP, "max load of the Skua?", "Max load t: 5"),
        (PUMP, "where is the Skua", "Site: Stavanger"),
        (PUMP, "how much is the Skua", "Price GBP: 28750"),
        (PUMP, "how much does the Skua weigh", None),
        (PUMP, "who owns the Skua", None),
        (COURSE, "who teaches the fire warden course", "Trainer: Tom Roe"),
        (COURSE, "Who runs the fire warden course?", "Trainer: Tom Roe"),
        (COURSE, "Who wrote the fire warden course?", None),
        (COURSE, "where is the fire warden course held", "Room: Hall"),
        (COURSE, "When is the fire warden course?", "Date: 9 June"),
        (COURSE, "When was the fire warden course cancelled?", None),
        (STOCK, "what does SYBR Safe cost", "Price EUR: 88.00"),
        (STOCK, "how many SYBR Safe are left", "In stock: 2"),
        (STOCK, "how much is ethanol", None),
    ],
)
def test_the_cell_that_a_word_asks_for(row: str, question: str, cell: str | None) -> None:
    assert direct_cell(question, row) == cell


def test_a_role_in_one_cell_is_answered_by_its_row(demo_library: object, tmp_path: Path) -> None:
    (tmp_path / "staff.csv").write_text(
        "Name,Role,Phone\nGareth Pugh,Caretaker,01632 960 111\nIvor Lund,Locksmith,01632 960 113\n", "utf-8"
    )
    with Library.open(tmp_path / "library", create=True) as library:
        library.ingest(tmp_path / "staff.csv")
    with Retriever.open(tmp_path / "library") as asked:
        answer = asked.ask("who is the locksmith")
        assert answer.answered
        assert answer.text.startswith("Name: Ivor Lund [1]\n\n")
        assert answer.citations[0].quote == "Name: Ivor Lund | Role: Locksmith | Phone: 01632 960 113"
        assert not asked.ask("who is the plumber").answered
