"""The cell of a row that a question asks for by the name of its column, or by a word that goes with it."""

from pathlib import Path

import pytest

from ingest import Library
from retriever import Retriever
from retriever.cells import direct_cell

STAFF = "Name: Gareth Pugh | Role: Caretaker | Phone: 01632 960 111 | Hours: Mon to Fri"
PUMP = "Model: Skua | Power kW: 55 | Price GBP: 28750 | Max load t: 5 | Site: Stavanger"
COURSE = "Course: Fire warden | Trainer: Tom Roe | Date: 9 June | Room: Hall"
DRUG = "Drug: Apixaban | Adult dose: 5 mg | Antidote: andexanet alfa | Price per dose (EUR): 1.20"
DRILL = "Item: Drill with 3 bits | Bought at: Miller's | Service date: 4 May 2026 | Location: shed 2 | Person: Ann | Stock: 12"
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
        (PUMP, "where is the Skua? (about: power)", "Site: Stavanger"),
        (PUMP, "and the Skua? (about: power)", "Power kW: 55"),
        (PUMP, "how much is the Skua", "Price GBP: 28750"),
        (PUMP, "how much does the Skua weigh", None),
        (PUMP, "who owns the Skua", None),
        (COURSE, "who teaches the fire warden course", "Trainer: Tom Roe"),
        (COURSE, "Who runs the fire warden course?", "Trainer: Tom Roe"),
        (COURSE, "Who wrote the fire warden course?", None),
        (COURSE, "where is the fire warden course held", "Room: Hall"),
        (COURSE, "When is the fire warden course?", "Date: 9 June"),
        (COURSE, "When was the fire warden course cancelled?", None),
        (DRUG, "What is the dose of apixaban?", "Adult dose: 5 mg"),
        (DRUG, "What is the price of apixaban?", "Price per dose (EUR): 1.20"),
        (DRUG, "What is the dose of andexanet?", None),
        (DRUG, "What is the dose of apixaban in children?", None),
        (DRILL, "where was the drill bought?", "Bought at: Miller's"),
        (DRILL, "when was the drill bought?", None),
        (DRILL, "who bought the drill?", None),
        (DRILL, "how many bits does the drill have?", None),
        (DRILL, "how many drills do we have?", "Stock: 12"),
        (DRILL, "where is the drill?", "Location: shed 2"),
        ("Name: Water tank | Fits: BX300 | Price: 29.00", "how much is the BX300?", None),
        ("Name: Ann Reed | Born: Leeds", "When was Ann Reed born?", None),
        ("Boat: Kingfisher | Builder: Rossi | Crew: 4", "who built the Kingfisher", "Builder: Rossi"),
        ("Event: Apple day | Led by: Ines | Date: 4 May", "who leads the apple day", "Led by: Ines"),
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


def test_another_row_is_no_answer_about_what_is_not_there(demo_library: object, tmp_path: Path) -> None:
    """Rows are all alike: for the dose of morphine that of amoxicillin was as near."""
    rows = ["Drug,Adult dose,Route,Interval", "Amoxicillin,500 mg,oral,8 h", "Ceftriaxone,2 g,IV,24 h"]
    (tmp_path / "drugs.csv").write_text("\n".join([*rows, "Nitrofurantoin,100 mg,oral,12 h"]), "utf-8")
    with Library.open(tmp_path / "library", create=True) as library:
        library.ingest(tmp_path / "drugs.csv")
    with Retriever.open(tmp_path / "library") as asked:
        for lacking in "morphine", "heparin":
            answer = asked.ask(f"dose of {lacking}")
            assert not answer.answered
            assert lacking in answer.text
        assert asked.ask("dose of ceftriaxone").text.startswith("Adult dose: 2 g [1]")


def test_an_amount_of_a_drug_tells_of_its_dose(demo_library: object, tmp_path: Path) -> None:
    text = (
        "# Handbook\n\nVeltaran is given at 5 mg twice daily with food for stroke prevention. The dose is halved if the "
        "patient is 80 years or older. Veltaran must not be combined with ketoconazole. Some patients report nausea.\n"
    )
    (tmp_path / "handbook.md").write_text(text, "utf-8")
    with Library.open(tmp_path / "library", create=True) as library:
        library.ingest(tmp_path / "handbook.md")
    with Retriever.open(tmp_path / "library") as asked:
        for question in "What dose of Veltaran is given?", "What is the dose of Veltaran?":
            assert asked.ask(question).citations[0].quote.startswith("Veltaran is given at 5 mg twice daily")


def test_rows_that_would_have_to_be_compared_are_said_not_to_be(demo_library: object, tmp_path: Path) -> None:
    rows = ["Machine,Site,Power kW,Price GBP", "Heron,Leeds,30,24900", "Orca,Hull,75,61000", "Skua,Stavanger,110,97000"]
    (tmp_path / "machines.csv").write_text("\n".join(rows), "utf-8")
    with Library.open(tmp_path / "library", create=True) as library:
        library.ingest(tmp_path / "machines.csv")
    with Retriever.open(tmp_path / "library") as asked:
        answer = asked.ask("which machine has the highest power?")
        assert len(answer.citations) > 1
        assert answer.note == "Pincite quotes rows; it does not compare them."
        assert asked.ask("what power does the Skua have?").note is None


def test_the_row_of_another_code_is_no_answer(demo_library: object, tmp_path: Path) -> None:
    rows = [
        "Code,Meaning,What to do",
        "E1,Tank empty,Fill the tank",
        "E3,Drip tray missing,Insert it",
        "E7,Sensor failure,Call service",
    ]
    (tmp_path / "errors.csv").write_text("\n".join(rows), "utf-8")
    with Library.open(tmp_path / "library", create=True) as library:
        library.ingest(tmp_path / "errors.csv")
    with Retriever.open(tmp_path / "library") as asked:
        assert not asked.ask("what does E5 mean?").answered
        assert asked.ask("what does E3 mean?").citations[0].quote.startswith("Code: E3 | Meaning: Drip tray missing")
