"""What is found for a question: sure by its form, and of its own subject."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from ingest import Document, Library, Passage
from ingest.encode import Encoder
from retriever import Retriever, Turn
from retriever.clock import Clock
from retriever.looked import Looked
from retriever.options import TOLD


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        (
            "What was the primary endpoint?",
            "The primary endpoint was the change in the level of uric acid at 12 weeks.",
        ),
        ("Who books the tent?", "Joan is to book the tent by the end of May."),
        ("Who books the band?", None),
    ],
)
def test_in_a_small_library_a_sentence_that_says_all_that_is_asked_answers(
    encoder_cache: Encoder, tmp_path: Path, question: str, quote: str | None
) -> None:
    documents = [
        Document(name, "", text, "0" * 64)
        for name, text in (
            (
                "trial.md",
                "We randomised 1,842 patients with gout to the tablet or placebo. The primary endpoint was the change in "
                "the level of uric acid at 12 weeks. The tablet lowered uric acid by 1.4 mg/dl. Nausea occurred in 8% of "
                "them. Discontinuation because of adverse events was 3.1% versus 2.8%.",
            ),
            (
                "nda.md",
                'Entered into on 3 May by Fenwick Tidal Ltd, a company registered in Bergen, Norway ("Fenwick"), and Orrin '
                'Analytics Inc., a Delaware corporation ("Orrin"). The quorum is the number of members that must be there.',
            ),
            (
                "minutes.md",
                "Present were Joan Roy, Ann Lee and Kofi Orr. The fee goes up from £180 to £195 in April. The roof of the shed "
                "is to be mended in March. Joan is to book the tent by the end of May. Kofi saw that the launch was not out.",
            ),
        )
    ]
    with Library.open(tmp_path / "library", create=True) as library:
        library.ingest_documents(documents)
        with Retriever(library) as retriever:
            answer = retriever.ask(question)
    if quote is None:
        assert not answer.answered
    else:
        assert answer.confidence >= TOLD
        assert answer.citations[0].quote == quote


def test_a_whole_question_is_not_answered_of_the_subject_before(encoder_cache: Encoder, tmp_path: Path) -> None:
    drugs = ("Gentamicin | Indication: Urosepsis | Dose: 5 mg/kg", "Metformin | Indication: Diabetes | Dose: 500 mg")
    documents = [
        Document("formulary.csv", "formulary", "\n".join(f"Drug: {drug} once daily" for drug in drugs), "0" * 64),
        Document(
            "sepsis.md",
            "Sepsis pathway",
            "Take two sets of blood cultures before the first dose. Measure lactate. Repeat it within two hours if it is "
            "above 2 mmol/L. Give 500 ml of balanced crystalloid over 15 minutes.",
            "1" * 64,
        ),
    ]
    history = [Turn("user", "What is the dose of gentamicin for urosepsis?"), Turn("assistant", documents[0].text[:60])]
    with Library.open(tmp_path / "library", create=True) as library:
        library.ingest_documents(documents)
        with Retriever(library) as retriever:
            answer = retriever.ask("When should lactate be repeated?", history=history)
    assert "gentamicin" not in answer.searched_for
    assert {c.passage.document for c in answer.citations} == {"sepsis.md"}


def test_what_is_found_is_of_the_subject_before_where_it_says_no_word_of_the_question() -> None:
    def found(text: str, *asked: str) -> Looked:
        passage = Passage("a", "", None, None, 0, len(text), text)
        best = SimpleNamespace(text=text, candidate=SimpleNamespace(passage=passage))
        return cast(Looked, SimpleNamespace(ranked=[best], query=SimpleNamespace(rarity=dict.fromkeys(asked, 1.0))))

    alone = found("Measure lactate. Repeat it within two hours.", "lactat", "repeat")
    before = found("Drug: Gentamicin | Dose: 5 mg/kg once daily", "lactat", "repeat", "dose", "gentamicin")
    assert Looked.is_of(before, {"dose", "gentamicin"}, alone)
    assert not Looked.is_of(before, {"urosepsi"}, alone)
    assert not Looked.is_of(found("Lactate is repeated after each dose.", "dose"), {"dose"}, alone)
    assert not Looked.is_of(before, {"dose"}, found("Repeat the prayer.", "lactat", "repeat"))


FORMULARY = """# Formulary

| Drug | Dose | Route | Interval | Antidote |
|---|---|---|---|---|
| Apixaban | 5 mg | oral | 12 h | andexanet alfa |
| Dabigatran | 150 mg | oral | 12 h | idarucizumab |
| Enoxaparin | 1 mg/kg | SC | 12 h | protamine (partial) |
| Heparin | 80 units/kg | IV | none | protamine |
"""


def test_the_row_whose_cell_is_asked_for_answers(demo_library: object, library_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "formulary.md").write_text(FORMULARY, "utf-8")
    (tmp_path / "ward.md").write_text("# Ward\n\nAn antidote is kept in the red box. Visits end at eight.\n", "utf-8")
    library = Library.open(library_folder, create=True)
    library.ingest(tmp_path / "formulary.md")
    library.ingest(tmp_path / "ward.md")
    for drug, antidote in (("Dabigatran", "idarucizumab"), ("Apixaban", "andexanet alfa"), ("Heparin", "protamine")):
        question = f"What is the antidote of {drug.lower()}?"
        assert Retriever(library).ask(question).text.startswith(f"Antidote: {antidote} [1]")
        with library.reading():
            ranked = Looked(library, question, question, None, 8, Clock(), question).ranked
        assert [s.text.split(" | ")[0] for s in ranked if s.features["entry"]] == [f"Drug: {drug}"]
