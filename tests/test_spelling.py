"""Slips of the pen in a question are mended where the library leaves no doubt."""

from pathlib import Path

import pytest

from ingest import Document, Library
from retriever import Retriever
from retriever.spelling import mend, slips, spell_out

TEXT = "Myasthenia gravis weakens muscles. The treatment of myasthenia is slow and reduces pain. Bridges are long."


@pytest.fixture(name="medical")
def _medical(demo_library: object, tmp_path_factory: pytest.TempPathFactory) -> Library:
    library = Library.open(tmp_path_factory.mktemp("spelling"), create=True)
    library.ingest_documents([Document("m.md", "Muscles", TEXT, "00")])
    return library


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("what weakens myastenia patients", "what weakens myasthenia patients"),
        ("tretment of gravis", "treatment of gravis"),
        ("treamtent, please", "treatment, please"),
        ("Is a fridge cold?", "Is a fridge cold?"),  # a word of the language, though the library lacks it
        ("strong reducers", "strong reducers"),  # another form of a word that the library holds
        ("Myastenia", "Myastenia"),  # what is written like a name is left alone
        ("zzyzxqq", "zzyzxqq"),
        ("", ""),
    ],
)
def test_only_slips_are_mended(medical: Library, typed: str, meant: str) -> None:
    with medical.reading():
        assert mend(medical, typed) == meant


def test_a_word_of_the_language_is_no_slip_of_another(medical: Library) -> None:
    """Neither the library nor the vocabulary holds any of them, but a form of it, or what it is made of."""
    text = "Invert it. They infect it. Two heaters. By making it. A subset of hamsters may decide."
    medical.ingest_documents([Document("a", "", text, "")])
    with medical.reading():
        for word in "invent inject headers masking subnet hampers decode".split():
            assert mend(medical, f"who did {word} it") == f"who did {word} it"
        assert mend(medical, "a hamstrs cage") == "a hamsters cage"


def test_a_word_behind_many_of_its_stem_is_left_alone(library: Library) -> None:
    library.ingest_documents(
        Document(f"a{n}", "", f"In year {n} it was weaponised by adaption.", "") for n in range(25)
    )
    library.ingest_documents([Document("b", "", "The weaponising of it went on.", "")])
    with library.reading():
        assert library.store.holds_word("weaponising")
        assert not library.store.holds_word("weaponises")


def test_what_was_searched_for_shows_it(medical: Library) -> None:
    answer = Retriever(medical).ask("tretment of myastenia gravis")
    assert answer.question == "tretment of myastenia gravis"
    assert answer.searched_for == "treatment of myasthenia gravis"
    assert answer.answered


def test_every_single_slip_is_considered() -> None:
    found = set(slips("cells"))
    assert {"cels", "clels", "cellss", "calls", "celps"} <= found
    assert all(word.startswith("c") and word.endswith("s") for word in found)


def test_initials_of_a_title_are_spelled_out(demo_library: object, tmp_path: Path) -> None:
    with Library.open(tmp_path / "contracts", create=True) as library:
        library.ingest_documents(
            [
                Document("a.docx", "Mutual Non-Disclosure Agreement", "It ends after two years. The FCA agrees.", "00"),
                Document("b.docx", "Master Services Agreement", "It ends after a month.", "01"),
                Document("c.docx", "Minor Surgery Act", "It ended in May.", "02"),
                Document("d.docx", "Financial Conduct Acts", "They ended in June.", "03"),
                Document("e.txt", "Macro Extensions of Compiler Languages", "They are old.", "04"),
                Document("f.txt", "The Safe Isolation Procedure of 1999", "It is older.", "05"),
            ]
        )
        with library.reading():
            for asked, meant in (
                ("When does the NDA end?", "When does the NDA (Non-Disclosure Agreement) end?"),
                ("And clause 9.2 of the NDA?", "And clause 9.2 of the NDA (Non-Disclosure Agreement)?"),
                ("When does the MSA end?",) * 2,  # there are two
                ("When does the FCA agree?",) * 2,  # it is in the text
                ("What is ECL?",) * 2,  # languages are no document
                ("How old is the SIP?", "How old is the SIP (Safe Isolation Procedure)?"),
                ("WHEN DOES THE NDA END?",) * 2,
                ("When does the CNDA end?",) * 2,
                ("When does NDA-7 end?",) * 2,
            ):
                assert spell_out(library, asked) == meant
        answer = Retriever(library).ask("When does the NDA end?")
    assert answer.searched_for == "When does the NDA (Non-Disclosure Agreement) end?"
