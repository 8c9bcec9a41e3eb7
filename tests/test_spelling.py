"""Slips of the pen in a question are mended where the library leaves no doubt."""

import pytest

from ingest import Document, Library
from retriever import Retriever
from retriever.spelling import mend, slips

TEXT = "Myasthenia gravis weakens muscles. The treatment of myasthenia is slow. Bridges are long."


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
        ("Myastenia", "Myastenia"),  # what is written like a name is left alone
        ("zzyzxqq", "zzyzxqq"),
        ("", ""),
    ],
)
def test_only_slips_are_mended(medical: Library, typed: str, meant: str) -> None:
    with medical.reading():
        assert mend(medical, typed) == meant


def test_what_was_searched_for_shows_it(medical: Library) -> None:
    answer = Retriever(medical).ask("tretment of myastenia gravis")
    assert answer.question == "tretment of myastenia gravis"
    assert answer.searched_for == "treatment of myasthenia gravis"
    assert answer.answered


def test_every_single_slip_is_considered() -> None:
    found = set(slips("cells"))
    assert {"cels", "clels", "cellss", "calls", "celps"} <= found
    assert all(word.startswith("c") and word.endswith("s") for word in found)
