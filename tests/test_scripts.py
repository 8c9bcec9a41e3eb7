"""Questions in another script than the library: declined in so many words, unless what is found is written in it."""

from pathlib import Path

import pytest

from ingest import BUNDLED_ENCODER, Library, Settings
from ingest.encode import Encoder
from retriever import Retriever

GREETINGS = """# Strings

Any text is a valid string, in whatever language, so that a greeting may be written in all of them:

    let hello = String::from("Здравствуйте");
    let hello = String::from("こんにちは");
    let hello = String::from("Hola");

Strings grow as bytes are pushed onto them, and each of them owns its memory until it goes out of scope.
"""
DRUG = "# Panzol\n\nThe side effects of panzol are headache and nausea. It is taken with water twice a day.\n"
RUSSIAN = "# Панзол\n\nПобочные эффекты препарата: головная боль и тошнота. Его принимают дважды в день.\n"
QUESTION = "Какие побочные эффекты у препарата?"
TOLD = "Not in your documents: no document in Cyrillic script was found, and the bundled encoder reads English only."


@pytest.fixture(name="english")
def _english(tmp_path: Path, encoder_cache: Encoder) -> Library:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "strings.md").write_text(GREETINGS, "utf-8")
    (tmp_path / "texts" / "panzol.md").write_text(DRUG, "utf-8")
    library = Library.open(tmp_path / "library", create=True)
    library.ingest(tmp_path / "texts")
    return library


def test_a_question_in_a_script_that_no_document_has_is_declined(english: Library) -> None:
    retriever = Retriever(english)
    for question in (QUESTION, "Что такое строка?"):
        answer = retriever.ask(question)
        assert (answer.answered, answer.confidence, answer.text) == (False, 0.0, TOLD)
        assert answer.evidence, "the nearest are shown all the same"
    assert "no document in East Asian script" in retriever.ask("副作用は何ですか").text
    assert retriever.ask("What are the side effects of panzol?").answered
    # Found by its words, in a text of other letters.
    assert "script" not in retriever.ask("Здравствуйте").text
    english.remove("strings.md", "panzol.md")
    assert retriever.ask(QUESTION).text == "Not in your documents."


def test_a_library_that_has_texts_in_it_answers_by_words(english: Library, tmp_path: Path) -> None:
    (tmp_path / "texts" / "панзол.md").write_text(RUSSIAN, "utf-8")
    english.ingest(tmp_path / "texts")
    answer = Retriever(english).ask(QUESTION)
    assert answer.answered
    assert answer.citations[0].quote.startswith("Побочные эффекты препарата")


def test_another_encoder_may_read_other_scripts(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "panzol.md").write_text(DRUG, "utf-8")
    library.ingest(tmp_path / "panzol.md")
    assert library.settings.encoder == BUNDLED_ENCODER
    assert Retriever(library).ask(QUESTION).text == TOLD
    monkeypatch.setattr(library, "settings", Settings(encoder="multilingual"))
    assert "script" not in Retriever(library).ask(QUESTION).text
