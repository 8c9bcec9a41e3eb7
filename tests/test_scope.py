"""Questions restricted to some documents or tags, tags that survive, folders that are followed."""

import threading
from pathlib import Path

import pytest

from ingest import Document, Library, Report, UnknownDocumentError, follow
from ingest.watching import signature
from retriever import Retriever, ask

TEXTS = {"a/cats.md": "Cats purr at night.", "a/dogs.md": "Dogs bark at night.", "b/owls.md": "Owls hoot at night."}


@pytest.fixture(name="asked")
def _asked(library: Library) -> Retriever:
    library.ingest_documents(Document(name, name, text, "00") for name, text in TEXTS.items())
    with library.store.writing():
        library.store.tag(["a/cats.md", "b/owls.md"], ["quiet"])
    return Retriever(library)


def found(retriever: Retriever, documents: list[str], tags: list[str]) -> set[str]:
    return {hit.passage.document for hit in retriever.search("Who is heard at night?", 10, (), documents, tags).hits}


@pytest.mark.parametrize(
    ("documents", "tags", "expected"),
    [
        ([], [], set(TEXTS)),
        (["a/dogs.md"], [], {"a/dogs.md"}),
        (["a/*"], [], {"a/cats.md", "a/dogs.md"}),
        ([], ["quiet"], {"a/cats.md", "b/owls.md"}),
        (["a/dogs.md"], ["quiet"], set(TEXTS)),
    ],
)
def test_only_what_is_picked_is_searched(
    asked: Retriever, documents: list[str], tags: list[str], expected: set[str]
) -> None:
    assert found(asked, documents, tags) == expected


def test_an_answer_comes_from_what_is_picked(asked: Retriever) -> None:
    answer = asked.ask("Who is heard at night?", (), ["b/*"])
    assert {hit.passage.document for hit in answer.evidence} == {"b/owls.md"}
    answer = ask("Who is heard at night?", library=asked.library.folder, documents=["b/*"])
    assert {hit.passage.document for hit in answer.evidence} == {"b/owls.md"}
    answer = ask("Who is heard at night?", library=asked.library.folder, tags=["quiet"])
    assert {hit.passage.document for hit in answer.evidence} == {"a/cats.md", "b/owls.md"}


def test_what_picks_nothing_is_said(asked: Retriever) -> None:
    with pytest.raises(UnknownDocumentError, match=r"c/\*"):
        asked.ask("Who?", (), ["a/*", "c/*"])
    with pytest.raises(UnknownDocumentError, match="the tags are: quiet"):
        asked.search("Who?", 3, (), (), ["loud"])


def test_tags_stay_with_a_document_that_changes(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "cats.md").write_text("Cats purr.")
    (folder / "dogs.md").write_text("Dogs bark.")
    library.ingest(folder / "cats.md", tags=["pets", "small"])
    library.ingest(folder)
    (folder / "cats.md").write_text("Cats purr loudly.")
    library.ingest(folder)
    assert {i.document: i.tags for i in library.documents()} == {"cats.md": ("pets", "small"), "dogs.md": ()}
    library.ingest(folder, tags=["all"])  # what is unchanged is tagged too
    assert [i.tags for i in library.documents()] == [("all", "pets", "small"), ("all",)]
    library.remove("cats.md")
    library.ingest(folder)
    assert library.documents()[0].tags == ()
    assert library.check() == []


def test_a_folder_is_followed(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    reports: list[Report] = []
    follower = follow(library, [folder], seconds=0.01)

    def change(name: str, text: str) -> threading.Timer:
        timer = threading.Timer(0.1, (folder / name).write_text, (text,))
        timer.start()
        return timer

    change("cats.md", "Cats purr.")  # an empty folder is waited for
    reports.append(next(follower))
    change("dogs.md", "Dogs bark.")
    reports.append(next(follower))
    threading.Timer(0.1, (folder / "cats.md").unlink).start()
    change("owls.md", "Owls hoot.")
    for report in follower:
        if [i.document for i in library.documents()] == ["dogs.md", "owls.md"]:
            break
        assert report.removed or report.added
    assert (reports[0].added, reports[1].added, reports[1].unchanged) == (1, 1, 1)


def test_a_path_that_is_away_has_no_signature(tmp_path: Path) -> None:
    assert signature([tmp_path / "away"], tmp_path / "library") is None
