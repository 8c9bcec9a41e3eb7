"""What is kept of a conversation: it comes back as it was, is found by its words, and goes when it is deleted."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ingest import Library, LibraryError, Passage
from retriever import Answer, Citation, Hit, LibraryState, Turn
from ui.conversations import FILE, STOPPED, Conversations, Scope
from ui.whereabouts import whereabouts

TEXT = "T cells kill tumour cells. They need a signal."


def answer(question: str = "What kills?", text: str = "T cells kill tumour cells. [1]") -> Answer:
    passage = Passage("a b.md", "Cells", "Cells > Killing", 2, 10, 10 + len(TEXT), TEXT)
    cited = Citation(1, passage, 10, 36, TEXT[:26], 2)
    hits = (Hit(passage, 0.5, {"dense": 1}),)
    return Answer(question, question, True, text, 0.9, (cited,), hits, LibraryState(3, 1, 2), {"total": 1.5})


@pytest.fixture
def kept(tmp_path: Path) -> Conversations:
    return Conversations.open(tmp_path)


def test_a_scope_follows_the_files_that_are_renamed(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(TEXT, "utf-8")
    library.ingest(tmp_path / "a.md")
    (tmp_path / "a.md").rename(tmp_path / "b.md")
    library.ingest(tmp_path / "b.md")
    assert Scope(("a.md", "b.md", "c.md"), ("trials",)).now(library) == Scope(("b.md", "c.md"), ("trials",))


def test_an_answer_comes_back_as_it_was_after_a_restart(kept: Conversations, tmp_path: Path) -> None:
    scope = Scope(("a b.md",), ("trials",))
    begun, number = kept.begin("", "What kills?", scope)
    kept.finish(begun.id, number, answer())
    kept.close()
    again = Conversations.open(tmp_path).get(begun.id)
    assert again is not None
    assert (again.title, again.scope, again.turns[0].scope) == ("What kills?", scope, scope)
    told = again.turns[0].answer
    assert told is not None
    assert told.to_dict() == answer().to_dict()
    assert again.history(2) == [Turn("user", "What kills?"), Turn("assistant", "T cells kill tumour cells. [1]")]


@pytest.mark.parametrize(("format", "without"), [(1, ("scope", "search_for")), (2, ("search_for",))])
def test_a_file_of_an_earlier_format_is_read(tmp_path: Path, format: int, without: tuple[str, ...]) -> None:
    kept = Conversations.open(tmp_path)
    begun, _ = kept.begin("", "What kills?", Scope(("a b.md",)))
    kept.close()
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        gone = " ".join(f"ALTER TABLE turns DROP COLUMN {column};" for column in without)
        db.executescript(f"{gone} PRAGMA user_version = {format};")
    again = Conversations.open(tmp_path)
    old = again.get(begun.id)
    assert old is not None
    scope = Scope() if "scope" in without else Scope(("a b.md",))
    assert [(turn.question, turn.scope, turn.search_for) for turn in old.turns] == [("What kills?", scope, "")]
    begun, _ = again.begin(begun.id, "What else?", Scope(("a b.md",)), search_for="killers")
    assert (begun.turns[1].scope, begun.turns[1].search_for) == (Scope(("a b.md",)), "killers")


def test_a_failed_turn_is_kept_but_is_no_history(kept: Conversations) -> None:
    begun, number = kept.begin("", "What?", Scope())
    kept.finish(begun.id, number, STOPPED)
    again = kept.get(begun.id)
    assert again is not None
    assert (again.turns[0].answer, again.turns[0].failure) == (None, STOPPED)
    assert again.history(9) == []


def test_an_answer_that_was_found_outlives_a_stop_that_comes_later(kept: Conversations) -> None:
    begun, number = kept.begin("", "What kills?", Scope())
    kept.finish(begun.id, number, answer())
    turn = kept.finish(begun.id, number, STOPPED)
    assert turn is not None
    assert turn.answer is not None


def test_an_edited_question_takes_the_place_of_what_followed(kept: Conversations) -> None:
    begun, _ = kept.begin("", "One?", Scope())
    for question in ("Two?", "Three?"):
        kept.begin(begun.id, question, Scope())
    edited, number = kept.begin(begun.id, "Other?", Scope(), instead_of=2)
    assert (number, [t.question for t in edited.turns]) == (2, ["One?", "Other?"])


def test_conversations_are_found_by_any_of_their_words(kept: Conversations) -> None:
    first, number = kept.begin("", "What kills 100% of cells?", Scope())
    kept.finish(first.id, number, answer(text="Granzymes do. [1]"))
    second, _ = kept.begin("", "Another thing", Scope())
    assert [c.id for c in kept.search()] == [second.id, first.id]
    for words in ("granzymes", "kills what", "100%"):
        assert [c.id for c in kept.search(words)] == [first.id], words
    assert kept.search("100_") == []
    assert kept.search("granzymes thing") == []


def test_rename_and_delete(kept: Conversations) -> None:
    begun, number = kept.begin("", "What?", Scope())
    assert kept.rename(begun.id, " A\nname ")
    assert kept.search()[0].title == "A name"
    assert kept.delete(begun.id)
    assert kept.get(begun.id) is None
    assert not kept.delete(begun.id)
    assert kept.finish(begun.id, number, answer()) is None


def test_only_answers_are_rated(kept: Conversations) -> None:
    begun, first = kept.begin("", "What?", Scope())
    assert not kept.rate(begun.id, first, 1, "")
    kept.finish(begun.id, first, answer())
    assert kept.rate(begun.id, first, -1, "wrong page")
    [(conversation, turn)] = kept.rated()
    assert (conversation.id, turn.rating, turn.note) == (begun.id, -1, "wrong page")


def test_a_damaged_file_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all" * 100)
    with pytest.raises(LibraryError, match="is damaged"):
        Conversations.open(tmp_path)


def test_where_nothing_can_be_written_conversations_last_as_long_as_the_server(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        folder = tmp_path / "not there"  # root may write anywhere
    else:
        folder = tmp_path
        folder.chmod(0o500)
    kept = Conversations.open(folder)
    assert not kept.lasting
    begun, _ = kept.begin("", "What?", Scope())
    assert kept.get(begun.id)


@pytest.mark.parametrize(
    ("text", "fate", "found"),
    [
        (f"{TEXT} More.", "there", TEXT),
        (f"Before. {TEXT}", "moved", TEXT),
        ("Before. T cells\nkill  tumour cells; they need a signal!", "moved", "T cells\nkill  tumour cells; they need a signal"),
        ("T cells rest.", "gone", ""),
        ("", "gone", ""),
    ],
)  # fmt: skip
def test_a_quote_is_found_again_where_it_is_now(text: str, fate: str, found: str) -> None:
    told, start, end = whereabouts(text, TEXT, 0)
    assert (told, text[start:end]) == (fate, found)


def test_of_several_places_the_nearest_counts() -> None:
    text = "kill. " * 10
    assert whereabouts(text, "kill.", 31) == ("moved", 30, 35)
