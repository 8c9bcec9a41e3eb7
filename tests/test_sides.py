"""Comparisons: an answer tells of each thing that the question compares, or says of which it found nothing."""

from collections.abc import Iterator

import pytest

from ingest import Library, Passage, Settings
from retriever import Retriever
from retriever.sides import named, sides

TEXTS = {
    "apixaban.md": "# Apixaban\n\nApixaban is a direct inhibitor of factor Xa. It is taken twice a day.\n\n## Reversal\n\n"
    "Apixaban is reversed by andexanet alfa. Where that is not at hand, prothrombin complex is given.\n",
    "warfarin.md": "# Warfarin\n\nWarfarin blocks the recycling of vitamin K in the liver.\n\n## Reversal\n\n"
    "Warfarin is reversed by vitamin K, and in bleeding by prothrombin complex.\n\n## Surgery\n\nStop it before surgery.\n",
    "git.md": "# Notes on git\n\n## Merging\n\nA merge joins two histories with a commit of its own.\n\n## Rebasing\n\nA "
    "rebase writes the commits of a branch anew on top of another one. A rebase changes their hashes, so shared branches "
    "must not be rebased.\n\n## Pulling\n\nA fetch leaves the working tree alone. A pull is a fetch followed by a merge.\n",
    # All that is read is else of one side.
    **{f"ward-{i:02}.md": f"# Ward {i}\n\nApixaban is reversed by andexanet alfa in ward {i}.\n" for i in range(12)},
    "nda-falcon.md": "# Mutual confidentiality\n\nWhat is disclosed is kept secret for five years.\n",
    "stock.md": "# Stock of the ward\n\nGloves are in the cupboard.\n\nHeparin is kept below eight degrees.\n",
}


@pytest.fixture(name="retriever", scope="module")
def _retriever(encoder_cache: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retriever]:
    """A library of TEXTS with the real encoder, whose judgement decides."""
    folder = tmp_path_factory.mktemp("texts")
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    settings = Settings(decline_below=0.05)  # in so few passages nothing stands out
    with Library.open(tmp_path_factory.mktemp("sides") / "library", create=True, settings=settings) as library:
        library.ingest(folder)
        yield Retriever(library)


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("apixaban vs warfarin: how are they reversed?", ["andexanet alfa", "reversed by vitamin K"]),
        ("How is apixaban different from a heparin in how it is reversed by andexanet?", ["andexanet alfa", "Heparin"]),
        ("What is the difference between a merge and a rebase?", ["A rebase", "A merge"]),
        ("merge or rebase?", ["A rebase", "A merge"]),
    ],
)
def test_each_side_is_told_of(retriever: Retriever, question: str, quoted: list[str]) -> None:
    answer = retriever.ask(question)
    assert len(answer.citations) <= 3
    for words in quoted:
        assert any(words in citation.quote for citation in answer.citations), answer.text
    for citation in answer.citations:
        assert retriever.text(citation.passage.document)[citation.start : citation.end] == citation.quote
    assert "Nothing found" not in (answer.note or "")


def test_a_sentence_that_tells_them_apart_is_enough(retriever: Retriever) -> None:
    answer = retriever.ask("What is the difference between a fetch and a pull?")
    assert answer.citations[0].quote.endswith("A pull is a fetch followed by a merge.")


def test_a_document_may_be_a_side_by_its_name(retriever: Retriever) -> None:
    answer = retriever.ask("Compare ward-03 with ward-04.")
    assert {"ward-03.md", "ward-04.md"} <= {citation.passage.document for citation in answer.citations}
    answer = retriever.ask("What is the difference between the NDA and warfarin?")
    assert {"nda-falcon.md", "warfarin.md"} <= {citation.passage.document for citation in answer.citations}


def test_a_side_that_nothing_tells_of_is_named(retriever: Retriever) -> None:
    answer = retriever.ask("What is the difference between a merge and a cherry pick?")
    assert (answer.note or "").startswith("Nothing found on “cherry pick”")
    answer = retriever.ask("Compare a merge with a cherry pick.")
    assert (answer.note or "").startswith("Nothing found on “cherry pick”")


@pytest.mark.parametrize(
    ("question", "compared"),
    [
        ("How do apixaban and warfarin differ?", ["apixaban", "warfarin"]),
        ("How does sick leave differ from annual leave?", ["sick leave", "annual leave"]),
        ("Compare major bleeding in AURORA-2 and BOREALIS.", ["AURORA-2", "BOREALIS"]),
        ("Please compare A, B and C in price", ["A", "B", "C"]),
        ("How is the harm done by chemo different from the harm done by immunotherapy?", ["chemo", "immunotherapy"]),
        ("Is the lease or the licence longer?", ["lease", "licence"]),
        ("Which lasts longer, ceramic or metal?", ["ceramic", "metal"]),
        ("Compare borrowed antibodies with vaccination: which lasts longer?", ["borrowed antibodies", "vaccination"]),
        ("Who gets annual or parental leave?", []),
        ("Is there a fee or a deposit?", []),
        ("How are apixaban and dabigatran taken?", []),
        ("How does it differ from the lease?", []),
        ("How do the two versions of the lease differ?", []),
        ("What did the change in temperature and pressure do?", []),
    ],
)
def test_what_is_compared(question: str, compared: list[str]) -> None:
    assert [side.text for side in sides(question)] == compared


def test_a_heading_names_a_side_unless_it_names_all() -> None:
    compared = sides("What is the difference between oaks and beeches?")
    oak, beech = compared
    text = "Its bark is smooth."
    assert named(compared, Passage("d", "Beeches", None, 1, 0, len(text), text), text) == {beech}
    assert named(compared, Passage("d", "Oaks and beeches", None, 1, 0, len(text), text), text) == set()
    text = "Oaks live longer."
    assert named(compared, Passage("d", "Oaks and beeches", None, 1, 0, len(text), text), text) == {oak}
