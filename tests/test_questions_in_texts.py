"""Texts that ask: what answers stands behind the question, and above what a mail quotes."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import Library
from retriever import Retriever
from retriever.asked import SAME_WORDS
from retriever.write import ENOUGH_LIKELY

FAQ = """Frequently asked questions

Does the kiln keep the order of firings?
Yes, as long as one potter loads it.

Can a firing be stopped twice?
Yes. A firing is stopped at least once. Potters must expect a second stop.

Who looks after the kiln?
The kiln is looked after by Halden Works in Bergen.
"""
LIST = """Questions of apprentices

Q: How long is the trial period?
A: Six months. It can be extended once, by three months. During the trial period the notice period is one week.

Q: When is payday?
A: The 25th of each month, or the Friday before.

Q: How many days of holiday do I get?
A: Everyone gets 25 days. (Written for the 2021 policy.)

Q: May I work on Sundays?
A: Yes, alone. Apprentices of the first year do not work on Sundays.
"""
HANDBOOK = (
    "# Pay\n\nJury service is paid in full. In the trial period notice is given in writing.\n\n"
    "# Leave\n\nApprentices have 27 days of annual leave, plus public holidays.\n"
)
MEMO = """# Memo: clay barns

## Question

Must a clay barn without a stove be registered?

## Short answer

Yes. A clay barn of less than forty metres is a small building.
"""
MAIL = """From: Rui Campos <rui@halden.example>
To: potters@halden.example
Date: Fri, 01 Mar 2024 11:02:00 +0000
Subject: Re: Cracks after the change of glaze
Content-Type: text/plain; charset=utf-8

Hello Dana,

the cracks you see come from the draught behind the kiln. Close the rear vent until the wall is built.

Rui

> On 28 Feb 2024, Dana Okoro wrote:
> Since the change of glaze our bowls crack by the dozen in the evening.
> Why do our bowls crack after the change of glaze?
"""
HUT = """# Rules of the hut

**Are dogs allowed?**
Yes, on a lead.

**Is there a pool?**
No, but there is a lake.

**Do I need a towel?**
No, towels are in the room.

**May cows be milked?**
No, nor may goats.

**Why is the north gate closed?**
Because of nesting birds.

**Why is the west gate closed?**
The bridge behind it was washed away.
"""


@pytest.fixture(name="pottery", scope="module")
def _pottery(demo_library: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retriever]:
    folder: Path = tmp_path_factory.mktemp("pottery")
    texts = {"faq.txt": FAQ, "memo.md": MEMO, "cracks.eml": MAIL, "list.txt": LIST, "handbook.md": HANDBOOK}
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    library = Library.open(tmp_path_factory.mktemp("library"), create=True)
    library.ingest(folder)
    yield Retriever(library)
    library.close()


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("Does the kiln keep the order of firings?", "Yes, as long as one potter loads it."),
        ("Can a firing be stopped twice?", "Yes. A firing is stopped at least once."),
        ("Must a clay barn be registered?", "Yes. A clay barn of less than forty metres is a small building."),
        ("Why do our bowls crack after the change of glaze?", "the cracks you see come from the draught"),
        ("Who sent the mail on cracks after the change of glaze?", "From: Rui Campos"),
    ],
)
def test_what_answers_is_quoted_and_not_what_asks(pottery: Retriever, question: str, begins: str) -> None:
    answer = pottery.ask(question)
    assert answer.answered
    assert answer.citations[0].quote.startswith(begins)
    assert not answer.citations[0].quote.endswith("?")


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("how long is the trial period", "Six months."),
        ("When is payday?", "The 25th"),
        ("when do we get paid", "The 25th"),
        ("Can first-year apprentices work on Sundays?", "Apprentices of the first year do not"),
    ],
)
def test_an_answer_follows_nearly_the_same_question(pottery: Retriever, question: str, begins: str) -> None:
    """Before sentences that are nearer to the question, and without its label; not that to a wider question."""
    citation = pottery.ask(question).citations[0]
    assert citation.quote.startswith(begins)
    assert pottery.text(citation.passage.document)[citation.start : citation.end] == citation.quote


def test_one_that_leads_leaves_room_for_another_as_likely() -> None:
    """What another document says of the same, in other numbers perhaps, is quoted beside it."""
    assert 1 / (1 + math.exp(-SAME_WORDS)) < ENOUGH_LIKELY


def test_another_document_is_quoted_beside_such_an_answer(pottery: Retriever) -> None:
    quotes = [citation.quote for citation in pottery.ask("how many days of holiday do I get").citations]
    assert quotes[0].startswith("Everyone gets 25 days.")
    assert any("27 days" in quote for quote in quotes[1:])


def test_what_is_asked_of_another_thing_is_not_answered(tmp_path: Path) -> None:
    """With what stands behind the same question of it; but where the answer, or a word as good, names the thing it is."""
    (tmp_path / "hut.md").write_text(HUT, "utf-8")
    with Library.open(tmp_path / "library", create=True) as library:
        library.ingest(tmp_path / "hut.md")
        retriever = Retriever(library)
        for question, thing in (
            ("are horses allowed?", "horses"),
            ("are guests allowed?", "guests"),
            ("why is the south gate closed?", "south"),
            ("do I need a passport?", "passport"),
        ):
            answer = retriever.ask(question)
            assert not answer.answered, question
            assert answer.text == f"Not in your documents: nothing found on “{thing}”."
        for question, quote in (
            ("are dogs allowed?", "Yes, on a lead."),
            ("are pets allowed?", "Yes, on a lead."),
            ("is there a swimming pool?", "No, but there is a lake."),
            ("may goats be milked?", "No, nor may goats."),
            ("why is the west gate shut?", "The bridge behind it was washed away."),
        ):
            answer = retriever.ask(question)
            assert answer.answered, question
            assert quote in answer.citations[0].quote
