"""What leaves the chat as a file: Markdown, JSON, references, and ratings that `pincite eval` reads."""

import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

from ingest import Document, Passage
from retriever import Answer, Citation, LibraryState
from retriever.evaluate.sets import load
from ui import exports
from ui.conversations import Conversation, KeptTurn, Scope

TEXT = "T cells {kill} 100 % of *tumour* cells."


def conversation(*, rating: int = 0, note: str = "") -> Conversation:
    def cited(number: int, document: str, page: int | None) -> Citation:
        passage = Passage(document, "Cells & more", None, page, 0, len(TEXT), TEXT)
        return Citation(number, passage, 0, len(TEXT), TEXT, page)

    citations = (cited(1, "one/cells.pdf", 2), cited(2, "two/cells.pdf", 7), cited(3, "one/cells.pdf", 4))
    answer = Answer("Why?", "Why?", True, "T cells. [1][2][3]", 0.9, citations, (), LibraryState(1, 2, 2))
    failed = KeptTurn(2, "And?", None, "Stopped.", 1.0)
    return Conversation("x", "Why?", Scope(), 2.0, (KeptTurn(1, "Why?", answer, "", 0.0, rating, note), failed))


def test_markdown_holds_questions_answers_and_the_quoted_words() -> None:
    shown = exports.as_markdown(conversation())
    assert shown.startswith("# Why?\n\n## Why?\n\nT cells. [1][2][3]")
    assert "> [1] T cells {kill} 100 % of \\*tumour\\* cells." in shown
    assert "## And?\n\nStopped." in shown


def test_markdown_says_what_was_searched_for_how_sure_it_is_and_what_its_reader_thought() -> None:
    whole = conversation(rating=-1, note="Which *cells*?\nAll?")
    first = whole.turns[0]
    assert first.answer
    followed = replace(first, answer=replace(first.answer, searched_for="Why? (about: T cells)"))
    shown = exports.as_markdown(replace(whole, turns=(followed,)))
    assert "## Why?\n\nSearched for: Why? (about: T cells)\n\nT cells. [1]" in shown
    assert shown.endswith(" sure).\n\nNot helpful: Which \\*cells\\*? All?\n")
    plain = exports.as_markdown(conversation())
    assert "Searched for" not in plain
    assert "elpful" not in plain


def test_a_refusal_says_which_documents_were_asked() -> None:
    text = "Not in your documents: nothing found on “x”."
    refused = Answer("Why?", "Why?", False, text, 0.1, (), (), LibraryState(1, 2, 2))
    scope = Scope(("one/a_b.md",), ("trial",))
    turns = (KeptTurn(1, "Why?", refused, "", 0.0, scope=scope), KeptTurn(2, "All?", refused, "", 0.0))
    asked = Conversation("x", "Why?", Scope(), 2.0, turns)
    first, second = exports.as_markdown(asked).split("## All?")
    assert "\n\nAsked only: one/a\\_b.md, all tagged trial\n\nNot in the documents tagged trial and 1 other" in first
    assert "your documents" not in first
    assert second.strip() == text
    told = [turn["scope"] for turn in json.loads(exports.as_json(asked))["turns"]]
    assert told == [scope.to_dict(), Scope().to_dict()]


def test_json_holds_the_whole_answers() -> None:
    whole = json.loads(exports.as_json(conversation(rating=1, note="good")))
    first, second = whole["turns"]
    assert first["answer"]["citations"][1]["document"] == "two/cells.pdf"
    assert (first["rating"], first["note"], first["asked"]) == (1, "good", "1970-01-01T00:00:00+00:00")
    assert (second["answer"], second["failure"]) == (None, "Stopped.")


def test_references_are_one_for_each_document_with_a_key_of_its_own() -> None:
    items = json.loads(exports.as_csl(conversation()))
    assert [(i["id"], i["archive_location"], i["page"]) for i in items] == [
        ("cells", "one/cells.pdf", "2, 4"),
        ("cells-2", "two/cells.pdf", "7"),
    ]
    bibtex = exports.as_bibtex(conversation())
    assert bibtex.count("@misc{") == 2
    assert bibtex.count("note = {“") == 2
    assert "title = {Cells \\& more}" in bibtex


def cited_from(*places: tuple[str, int | None]) -> Conversation:
    """A conversation whose one answer cites these pages of these documents."""
    kept = conversation()
    turn = kept.turns[0]
    assert turn.answer
    citations = tuple(
        replace(turn.answer.citations[0], number=n, page=page, passage=Passage(name, "Talk", None, page, 0, 39, TEXT))
        for n, (name, page) in enumerate(places, 1)
    )
    return replace(kept, turns=(replace(turn, answer=replace(turn.answer, citations=citations)),))


def csl_items(text: str) -> list[dict[str, str]]:
    """The items of a CSL-JSON file; AssertionError at what is not in its schema, or is not as the schema has it."""
    items = json.loads(text)
    assert len({item["id"] for item in items}) == len(items)
    for item in items:
        assert {"id", "type"} <= set(item) <= {"id", "type", "title", "archive_location", "page", "note"}
        assert item["type"] == "document"
        assert all(isinstance(value, str) and value for value in item.values())
        assert re.fullmatch(r"\d+(, \d+)*", item.get("page", "1"))
    return list(items)


def bibtex_entries(text: str) -> dict[str, dict[str, str]]:
    """The entries of a BibTeX file by key, each by field; AssertionError at anything that BibTeX would stumble at."""
    entries = {}
    field = r"  ([a-z]+) = \{((?:[^{}\\#$%&_~^]|\\[{}#$%&_]|\\text[a-z]+\{\})*)\},\n"
    at = 0
    while at < len(text):
        entry = re.compile(rf"@misc\{{([a-z0-9-]+),\n((?:{field})+)\}}\n*").match(text, at)
        assert entry, text[at : at + 200]
        assert entry[1] not in entries
        entries[entry[1]] = dict(re.findall(field, entry[2]))
        at = entry.end()
    return entries


def test_only_what_is_printed_has_pages_and_a_slide_is_called_so() -> None:
    kept = cited_from(
        ("cells.pdf", 4), ("cells.pdf", 2), ("talk.pptx", 3), ("talk.pptx", 1), ("b.xlsx", 2), ("c.md", None)
    )
    items = csl_items(exports.as_csl(kept))
    entries = bibtex_entries(exports.as_bibtex(kept))
    assert list(entries) == [item["id"] for item in items] == ["cells", "talk", "b", "c"]
    assert [item.get("page") for item in items] == ["2, 4", None, None, None]
    assert [entry.get("pages") for entry in entries.values()] == ["2, 4", None, None, None]
    notes = [item["note"].replace(f"“{TEXT}”", "“”") for item in items]
    assert notes == ["“” “”", "“” (slide 3) “” (slide 1)", "“” (sheet 2)", "“”"]
    assert [entry["note"].count("(s") for entry in entries.values()] == [0, 2, 1, 0]


def test_references_hold_whatever_a_document_is_called_and_says() -> None:
    kept = cited_from(("50%_of{all}\\ #1 $x^2$ ~&.pptx", 3), ("…", 1), ("…/…", None))
    entries = bibtex_entries(exports.as_bibtex(kept))
    assert [item["id"] for item in csl_items(exports.as_csl(kept))] == list(entries)
    assert list(entries) == ["50-of-all-1-x-2", "document", "document-2"]


def test_ratings_are_a_set_that_eval_reads(tmp_path: Path) -> None:
    good, bad = conversation(rating=1), replace(conversation(rating=-1, note="other page"), id="y")
    documents = [Document(name, "Cells", TEXT, "") for name in ("one/cells.pdf", "two/cells.pdf", "three.md")]
    packed = exports.evaluation_set([(good, good.turns[0]), (bad, bad.turns[0])], documents)
    zipfile.ZipFile(io.BytesIO(packed)).extractall(tmp_path)
    read = load(tmp_path / "ratings")
    assert [d.id for d in read.documents()] == ["one/cells.pdf", "two/cells.pdf", "three.md"]
    assert read.qrels == {"x-1": {"one/cells.pdf": 1, "two/cells.pdf": 1}}
    assert read.queries[0].gold_sentences == (TEXT, TEXT, TEXT)
    assert read.queries[0].answerable is True
    assert read.queries[1].answerable is None
