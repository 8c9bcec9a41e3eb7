"""The whole way out over the shipped articles with the real model: right, exact, honest, repeatable."""

import json
import re
import statistics
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest import (
    MAX_QUESTION_CHARS,
    Document,
    Library,
    LibraryError,
    Progress,
    QuestionError,
    Settings,
    SourceError,
    UnknownDocumentError,
    open_default,
)
from ingest.encode import Encoder
from retriever import Answer, Retriever, Turn, ask
from retriever.retriever import SURE

QUESTION = "How does blocking PD-1 help T cells attack a tumour?"
FAR = "Which team won the football world cup in 1998?"
EVALS = Path(__file__).parent / "evals" / "immunotherapy.jsonl"


@pytest.fixture(scope="module")
def retriever(demo_library: Path) -> Iterator[Retriever]:
    with Retriever.open(demo_library) as opened:
        yield opened


@pytest.fixture(scope="module")
def texts(retriever: Retriever) -> dict[str, str]:
    return {info.document: retriever.text(info.document) for info in retriever.documents()}


def evals(kind: str, every: int) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in EVALS.read_text("utf-8").splitlines()]
    return [row for row in rows if row["kind"] == kind][::every]


def article(document: str) -> str:
    """The name of an article without folder and suffix: some are there in several formats."""
    return Path(document).stem


def check(answer: Answer, texts: dict[str, str]) -> None:
    """What holds for every answer."""
    assert 0 <= answer.confidence <= 1
    assert answer.answered == bool(answer.citations)
    assert [c.number for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert re.findall(r" \[(\d+)\](?=\s|$)", answer.text) == [str(c.number) for c in answer.citations]
    for citation in answer.citations:
        assert texts[citation.passage.document][citation.start : citation.end] == citation.quote
        assert " ".join(citation.quote.split()) in " ".join(answer.text.split())
    for hit in answer.evidence:
        assert texts[hit.passage.document][hit.passage.start : hit.passage.end] == hit.passage.text
        assert set(hit.found_by) <= {"dense", "words", "late"}
        assert min(hit.found_by.values()) >= 1
    assert len({hit.passage for hit in answer.evidence}) == len(answer.evidence)
    scores = [hit.score for hit in answer.evidence]
    assert scores == sorted(scores, reverse=True)


def test_what_quoting_cannot_give_is_said(retriever: Retriever) -> None:
    assert "does not summarise" in (retriever.ask("Can you summarise the side effects of BCG?").note or "")
    assert retriever.ask("What are the side effects of BCG?").note is None


def test_the_question_of_the_readme_is_answered_from_the_right_article(
    retriever: Retriever, texts: dict[str, str]
) -> None:
    answer = retriever.ask(QUESTION)
    assert answer.answered
    assert answer.confidence > 0.7
    assert article(answer.citations[0].passage.document) == "pd-1-and-pd-l1"
    assert "PD-1" in answer.citations[0].quote
    assert "T cells" in answer.citations[0].quote
    assert answer.searched_for == answer.question == QUESTION
    assert answer.library.documents == len(texts)
    assert {"encode", "search", "total"} <= set(answer.timings_ms)
    check(answer, texts)


def test_most_questions_get_exact_citations_from_an_article_that_answers_them(
    retriever: Retriever, texts: dict[str, str]
) -> None:
    asked = evals("question", 8)
    right = 0
    for row in asked:
        answer = retriever.ask(row["text"])
        check(answer, texts)
        cited = {article(citation.passage.document) for citation in answer.citations}
        right += bool(cited & {article(gold["document"]) for gold in row["gold"]})
    # The whole set is measured in tests/benchmarks; here a fall off a cliff would show.
    assert right >= 0.7 * len(asked)


def test_one_document_is_as_sure_of_its_answers_as_the_library(retriever: Retriever) -> None:
    sure = []
    for row in evals("question", 12):
        everywhere, within = retriever.ask(row["text"]), [gold["document"] for gold in row["gold"]]
        if everywhere.answered and everywhere.citations[0].passage.document in within:
            alone = retriever.ask(row["text"], documents=[everywhere.citations[0].passage.document])
            sure.append(alone.confidence - everywhere.confidence)
    assert len(sure) >= 8
    assert statistics.mean(sure) > -0.05  # -.26 while nothing could stand out among a document's few passages


def test_most_questions_from_other_fields_are_declined(retriever: Retriever, texts: dict[str, str]) -> None:
    asked = [row["text"] for row in evals("unanswerable", 1) if row["distance"] == "far"][::2]
    answers = [retriever.ask(question) for question in asked]
    for answer in answers:
        check(answer, texts)
    assert sum(not a.answered for a in answers) >= 0.8 * len(answers)


def test_a_question_from_another_world_is_declined(retriever: Retriever, texts: dict[str, str]) -> None:
    answer = retriever.ask(FAR)
    assert not answer.answered
    assert answer.citations == ()
    assert answer.evidence
    assert answer.confidence < retriever.library.settings.decline_below
    assert answer.text.startswith("Not in your documents")
    check(answer, texts)


def test_the_history_says_what_a_follow_up_is_about(retriever: Retriever) -> None:
    turns = [Turn("user", "How is BCG given for bladder cancer?"), Turn("assistant", "Into the bladder.")]
    history = [{"role": turn.role, "text": turn.text} for turn in turns]
    follow_up = "And what are its side effects?"
    alone = retriever.search(follow_up)
    after = retriever.search(follow_up, history=history)
    assert alone.searched_for == follow_up
    assert "BCG" in after.searched_for
    assert [article(hit.passage.document) for hit in after.hits[:3]].count("bcg") >= 2
    assert after.hits != alone.hits
    answer = retriever.ask(follow_up, history)
    assert answer.question == follow_up
    assert answer.searched_for == after.searched_for
    assert answer.evidence == after.hits[: len(answer.evidence)]
    assert retriever.search(follow_up, history=turns).hits == after.hits


def test_a_conversation_stays_exact(retriever: Retriever, texts: dict[str, str]) -> None:
    for row in evals("conversation", 10):
        history: list[Turn] = []
        for turn in row["turns"]:
            answer = retriever.ask(turn["text"], history)
            check(answer, texts)
            history += [Turn("user", turn["text"]), Turn("assistant", answer.text)]


def test_a_new_subject_is_not_mixed_with_the_old_one(retriever: Retriever) -> None:
    history = [{"role": "user", "text": "How is BCG given for bladder cancer?"}]
    found = retriever.search(QUESTION, history=history).hits
    assert article(found[0].passage.document) == "pd-1-and-pd-l1"
    changed = "A different topic: what is a biosimilar?"
    assert retriever.search(changed, history=history).hits == retriever.search(changed).hits


def test_the_same_question_gets_the_same_answer(retriever: Retriever, demo_library: Path) -> None:
    def without_times(answer: Answer) -> dict[str, Any]:
        return answer.to_dict() | {"timings_ms": None}

    first = without_times(retriever.ask(QUESTION))
    assert without_times(retriever.ask(QUESTION)) == first
    assert without_times(ask(QUESTION, library=demo_library)) == first
    assert without_times(ask(f"  {QUESTION}\n", library=str(demo_library))) == first


@pytest.mark.parametrize("empty", ["", " ", "\n\t\u3000"])
def test_an_empty_question_is_refused(retriever: Retriever, empty: str) -> None:
    with pytest.raises(QuestionError, match="empty"):
        retriever.ask(empty)
    with pytest.raises(QuestionError, match="empty"):
        retriever.search(empty)


def test_a_question_that_is_too_long_is_refused(retriever: Retriever) -> None:
    with pytest.raises(QuestionError, match="100,000"):
        retriever.ask("a" * 100_000)
    with pytest.raises(QuestionError, match="4,001"):
        retriever.search("a" * (MAX_QUESTION_CHARS + 1))


@pytest.mark.parametrize(
    "question",
    [
        "?",
        "🧬🧬",
        "the of and",
        "免疫疗法是什么？",
        '" OR NEAR(a b) *:^ -{text}: AND',
        "PD-1 'quoted' \"double\" \x00 nul \ud800 half",
        "cell " * (MAX_QUESTION_CHARS // 5),
        " ".join(f"w{i}" for i in range(800)),
    ],
)
def test_any_question_gets_an_answer_or_is_declined(retriever: Retriever, texts: dict[str, str], question: str) -> None:
    check(retriever.ask(question), texts)


def test_wrong_calls_are_refused(retriever: Retriever) -> None:
    with pytest.raises(TypeError):
        retriever.ask(b"What?")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"'\*\.md'"):
        retriever.ask(QUESTION, documents="*.md")
    with pytest.raises(TypeError, match="'new'"):
        retriever.search(QUESTION, tags="new")
    for names in ([None], [5], ["*.md", b"a.md"]):  # no filter that is passed over
        with pytest.raises(TypeError, match="lists of str, not"):
            retriever.search(QUESTION, documents=names)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="lists of str, not"):
            retriever.ask(QUESTION, tags=names)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not 0"):
        retriever.search(QUESTION, k=0)
    for k in ("3", 2.5, None):
        with pytest.raises(TypeError, match="k is an int, not "):
            retriever.search(QUESTION, k=k)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="lists of str, not 5"):
        retriever.ask(QUESTION, documents=5)  # type: ignore[arg-type]
    for read in (retriever.text, retriever.document, retriever.sections):
        with pytest.raises(TypeError, match="named by a str, not by None"):
            read(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a path is a str or a Path, not 5"):
        Retriever.open(5)  # type: ignore[arg-type]
    for history in (
        5,
        None,
        "text",
        [{"role": "user"}],
        [{"role": "system", "text": ""}],
        [["user", "hello"]],
        {"role": "user"},
    ):
        with pytest.raises(ValueError, match="role"):
            retriever.ask(QUESTION, history)  # type: ignore[arg-type]


def test_k_is_the_number_of_hits(retriever: Retriever) -> None:
    ten = retriever.search(QUESTION).hits
    assert len(ten) == 10
    assert retriever.search(QUESTION, k=3).hits == ten[:3]
    assert len(retriever.search(QUESTION, k=100).hits) == 100


def test_the_paragraph_around_a_citation(retriever: Retriever, texts: dict[str, str]) -> None:
    citation = retriever.ask(QUESTION).citations[0]
    document = citation.passage.document
    start, end = retriever.paragraph(document, citation.start, citation.end)
    assert start <= citation.start < citation.end <= end
    paragraph = texts[document][start:end]
    assert "\n\n" not in paragraph
    assert texts[document][:start].endswith("\n\n")
    assert texts[document][end : end + 2] in ("\n\n", "")
    for span in ((5, 5), (-1, 4), (0, 10**9)):
        with pytest.raises(ValueError, match="no span"):
            retriever.paragraph(document, *span)
    with pytest.raises(UnknownDocumentError):
        retriever.paragraph("absent.md", 0, 1)
    assert retriever.sections(document) == retriever.document(document).sections != ()


def test_threads_share_one_retriever(retriever: Retriever) -> None:
    questions = [row["text"] for row in evals("question", 30)]
    expected = [retriever.search(q).hits for q in questions]
    found: dict[int, Any] = {}

    def run(number: int) -> None:
        found[number] = [retriever.search(q).hits for q in questions]

    threads = [threading.Thread(target=run, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert found == dict.fromkeys(range(4), expected)


def test_the_threshold_is_a_setting(demo_library: Path) -> None:
    with Retriever.open(demo_library, settings=Settings(decline_below=0.0)) as eager:
        assert eager.ask(FAR).answered
    with Retriever.open(demo_library, settings=Settings(decline_below=1.0)) as shy:
        assert not shy.ask(QUESTION).answered


def test_a_missing_library_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="pincite ingest"):
        Retriever.open(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_an_empty_library_declines(library_folder: Path, fake_encoder: object) -> None:
    Library.open(library_folder, create=True).close()
    answer = ask("What is it?", library=library_folder)
    assert (answer.answered, answer.confidence, answer.evidence) == (False, 0.0, ())


# --- the user's own library ------------------------------------------------------------------------


def test_the_default_library_is_built_from_the_articles_once(
    tmp_path: Path, fake_encoder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_LIBRARY", str(tmp_path / "mine"))
    seen: list[Progress] = []
    with Retriever.open(progress=seen.append) as first:
        built = first.state
    assert built.documents >= 30
    assert seen[-1].files == seen[-1].of_files == built.documents
    assert ask("What is a checkpoint inhibitor?").library == built


@pytest.mark.parametrize("build", [True, False])
def test_a_build_of_the_default_library_that_was_interrupted_is_taken_up_again(
    tmp_path: Path, fake_encoder: Any, monkeypatch: pytest.MonkeyPatch, build: bool
) -> None:
    monkeypatch.setenv("PINCITE_LIBRARY", str(tmp_path / "mine"))

    def interrupt(progress: Any) -> None:
        if progress.files == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_default(progress=interrupt)
    with Library.open() as part:
        assert 0 < len(part.documents()) < 30
    with open_default(build=build) as whole:
        assert len(whole.documents()) >= 30


def test_a_build_of_the_default_library_is_not_begun_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINCITE_LIBRARY", str(tmp_path / "mine"))
    with pytest.raises(LibraryError, match="no library"):
        open_default(build=False)


def test_an_ingest_that_failed_does_not_keep_the_articles_out(
    tmp_path: Path, fake_encoder: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_LIBRARY", str(tmp_path / "mine"))
    with Library.open(create=True) as library, pytest.raises(SourceError):
        library.ingest(tmp_path / "mistyped")
    assert ask("What is a checkpoint inhibitor?").library.documents >= 30


def test_the_default_library_that_a_user_filled_is_left_alone(
    tmp_path: Path, fake_encoder: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_LIBRARY", str(tmp_path / "mine"))
    (tmp_path / "note.md").write_text("# Note\n\nThe key is under the mat.\n", "utf-8")
    with Library.open(create=True) as library:
        library.ingest(tmp_path / "note.md")
    answer = ask("Where is the key?")
    assert answer.library.documents == 1
    assert {hit.passage.document for hit in answer.evidence} == {"note.md"}


def test_a_library_of_two_paragraphs_answers_and_declines(tmp_path: Path, encoder_cache: Encoder) -> None:
    """Among so few the best does not stand out; that must not count for, or against, an answer."""
    office = (
        "The office closes at five on Fridays. Keys are kept by Mrs Larkin at the front desk.\n\n"
        "Parking costs 3 euros a day for visitors."
    )
    with Library.open(tmp_path / "library", create=True) as library:
        library.ingest_documents([Document("office", "", office, "")])
    with Retriever.open(tmp_path / "library") as retriever:
        for question, quote in (
            ("When does the office close on Fridays?", "closes at five"),
            ("Who keeps the keys?", "Mrs Larkin"),
            ("How much is parking for visitors?", "3 euros"),
        ):
            answer = retriever.ask(question)
            assert answer.answered, question
            assert quote in answer.citations[0].quote
        for question in ("What is the wifi password?", "Who is the president of France?"):
            assert not retriever.ask(question).answered, question
        refused = retriever.ask("When does the office --close-early on Fridays, and what is E0382?")
        assert (refused.confidence, refused.text) == (0.0, "Not in your documents: nothing found on “E0382”.")


def test_a_small_table_answers_short_questions(tmp_path: Path, encoder_cache: Encoder) -> None:
    """Its rows match a short question less than prose does."""
    rows = {
        "Ida Falk": "Chief engineer",
        "Omar Quinn": "Payroll clerk",
        "Vera Zhang": "Caretaker",
        "Nils Obi": "Solicitor",
    }
    text = "\n".join(
        f"Name: {name} | Role: {role} | Company: Nordhaus | Phone: +49 30 1234{n}"
        for n, (name, role) in enumerate(rows.items())
    )
    with Library.open(tmp_path / "library", create=True) as library:
        library.ingest_documents([Document("directory.csv", "directory", text, "")])
    with Retriever.open(tmp_path / "library") as retriever:
        for question in ("Who is the solicitor?", "Where does Nils Obi work?"):
            answer = retriever.ask(question)
            assert answer.answered, question
            assert "Nils Obi" in answer.citations[0].quote
        assert not retriever.ask("Who is the librarian?").answered


def test_a_short_question_that_is_whole_takes_nothing_along_where_that_finds_less(
    tmp_path: Path, encoder_cache: Encoder
) -> None:
    assert encoder_cache
    with Library.open(tmp_path / "library", create=True) as library:
        for name, text in (
            (
                "lease.md",
                "Pets need written consent. Cats are allowed; dogs are not.\n\nThe rent is due on the first day.",
            ),
            ("keys.md", "API keys expire after 90 days and must be rotated.\n\nLogs are rotated every night."),
            ("dose.md", "The usual starting dose of metformin is 500 mg twice daily.\n\nIt may upset the stomach."),
        ):
            library.ingest_documents([Document(name, name, text, name)])
        retriever = Retriever(library)
        keys = [Turn("user", "When do API keys expire?"), Turn("assistant", "API keys expire after 90 days.")]
        dose = [
            Turn("user", "What is the starting dose of metformin?"),
            Turn("assistant", "The usual starting dose of metformin is 500 mg twice daily."),
        ]
        answer = retriever.ask("Are cats allowed?", keys)
        assert (answer.searched_for, answer.answered) == ("Are cats allowed?", True)
        assert answer.citations[0].passage.document == "lease.md"
        assert retriever.search("Are cats allowed?", 1, keys).searched_for == "Are cats allowed?"
        further = retriever.ask("What does it upset?", dose)
        assert "metformin" in further.searched_for
        assert further.citations[0].passage.document == "dose.md"


def test_a_sure_answer_says_what_the_question_names_that_is_nowhere(retriever: Retriever) -> None:
    answer = retriever.ask("What is the dose of rivaroxaban?")
    assert answer.answered
    assert answer.confidence >= SURE
    assert answer.note == "Nothing found on “rivaroxaban”: this may answer something else."
    assert retriever.ask("Who discovered PD-1?").note is None
