"""The parts of the chat's page by HTTP: what they give, what they refuse, and that no other site can use them."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ingest import Library, Settings, SourceError
from retriever import Retriever
from tests.conftest import FakeEncoder
from tests.making import column, pdf
from ui.api import create_app
from ui.conversations import Conversations, Scope
from ui.parts import BODY_LIMITS, FILES, add_parts
from ui.suggestions import FirstQuestions, first_questions, suggest
from ui.uploads import MAX_UPLOAD_BYTES, Uploads
from ui.web import Wish

TEXT = "# Kettle\n\nThe kettle is blue.\n\n## History\n\nThe kettle was bought in 1907 by an aunt.\n"


@pytest.fixture
def library(library_folder: Path, fake_encoder: FakeEncoder) -> Iterator[Library]:
    """A library that answers whatever is asked: what the page keeps is looked at, not whether it should answer."""
    with Library.open(library_folder, create=True, settings=Settings(decline_below=0.0)) as opened:
        yield opened


@pytest.fixture
def conversations(library: Library) -> Iterator[Conversations]:
    opened = Conversations.open(library.folder)
    yield opened
    opened.close()


@pytest.fixture
def client(library: Library, conversations: Conversations, tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "kettle.md").write_text(TEXT, "utf-8")
    library.ingest(tmp_path / "kettle.md")
    uploads = Uploads(library.folder)
    app = create_app(Retriever(library))
    add_parts(app, app.service.retriever, conversations, uploads, FirstQuestions(app.service.retriever))
    app.body_limits |= BODY_LIMITS
    with TestClient(app, base_url="http://127.0.0.1:7860") as opened:
        yield opened
    uploads.close()


def kept(client: TestClient, conversations: Conversations, question: str = "What colour is the kettle?") -> str:
    """The id of a conversation with one answered turn."""
    begun, number = conversations.begin("", question, Scope())
    retriever: Retriever = client.app.service.retriever  # type: ignore[attr-defined]
    conversations.finish(begun.id, number, retriever.ask(question))
    return begun.id


def jobs(client: TestClient) -> str:
    """The state of all jobs, once they have ended."""
    until = time.monotonic() + 30
    while 'data-busy="0"' not in (html := client.get("/page/uploads").text):
        assert time.monotonic() < until
        time.sleep(0.02)
    return html


CHANGES: list[tuple[str, str, Any]] = [
    ("PUT", "/page/uploads?name=x.md", b"x"),
    ("PUT", "/page/uploads/1", None),
    ("DELETE", "/page/uploads", None),
    ("POST", "/page/documents/remove", {"document": "kettle.md"}),
    ("POST", "/page/rating", {"conversation": "x", "number": 1, "rating": 1}),
    ("POST", "/page/conversations/x", {"title": "y"}),
    ("DELETE", "/page/conversations/x", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_no_other_site_changes_anything(client: TestClient, method: str, path: str, body: Any) -> None:
    sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    headers = {"origin": "http://evil.example"}
    assert client.request(method, path, headers=headers, **sent).status_code == 403
    # A form of another site could send only these two kinds, without asking first.
    if method == "POST":
        for kind in ("text/plain", "application/x-www-form-urlencoded"):
            refused = client.post(path, content=b'{"document": "kettle.md"}', headers={"content-type": kind})
            assert refused.status_code in (415, 422)
    assert client.get("/api/documents").json()[0]["document"] == "kettle.md"


def test_a_file_goes_in_is_asked_and_goes_out(client: TestClient) -> None:
    assert client.put("/page/uploads?name=lamp.md", content=b"The lamp is green.").status_code == 202
    assert "lamp.md" in jobs(client)
    assert client.post("/page/documents/tags", json={"document": "lamp.md", "tags": ["a b", " "]}).status_code == 202
    jobs(client)
    documents = client.get("/page/documents").text
    assert 'data-tag="a b"' in documents
    assert client.post("/page/scope", json={"tags": ["a b"]}).json()["told"] == "Asks documents tagged a b"
    assert client.post("/page/documents/reread", json={"document": "lamp.md"}).status_code == 202
    assert "nothing new" in jobs(client)
    client.post("/page/documents/remove", json={"document": "lamp.md"})
    jobs(client)
    assert "lamp.md" not in client.get("/page/documents").text
    assert client.delete("/page/uploads").status_code == 204
    assert "lamp.md" not in client.get("/page/uploads").text


def test_a_document_whose_file_is_gone_is_told(client: TestClient, tmp_path: Path) -> None:
    assert "its file is gone" not in client.get("/page/documents").text
    (tmp_path / "kettle.md").unlink()
    assert client.get("/page/documents").text.count("its file is gone") == 1


def test_what_cannot_go_in_is_refused_with_a_sentence(client: TestClient) -> None:
    assert client.put("/page/uploads?name=../..", content=b"x").status_code == 422
    length = {"content-length": str(MAX_UPLOAD_BYTES + 1)}
    assert client.put("/page/uploads?name=x.md", content=b"x", headers=length).status_code == 413
    assert client.post("/page/documents/remove", json={"document": "no.md"}).status_code == 404
    assert client.put("/page/uploads/77").status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/page/documents/remove", {"document": "\ud800"}),
        ("/page/documents/tags", {"document": "kettle.md", "tags": ["\ud800"]}),
        ("/page/rating", {"conversation": "\ud800", "number": 1, "rating": 1}),
        ("/page/rating", {"conversation": "x", "number": 10**20, "rating": 1}),
    ],
)
def test_what_the_library_cannot_look_up_is_refused(client: TestClient, path: str, body: Any) -> None:
    sent = client.post(path, content=json.dumps(body), headers={"content-type": "application/json"})
    assert (sent.status_code, list(sent.json())) == (422, ["error"])


def test_a_kept_citation_is_found_again_or_said_to_be_gone(
    client: TestClient, conversations: Conversations, library: Library, tmp_path: Path
) -> None:
    id = kept(client, conversations)
    turn = conversations.get(id)
    assert turn is not None
    assert turn.turns[0].answer is not None
    cited = turn.turns[0].answer.citations[0]
    span: dict[str, Any] = {
        "document": "kettle.md",
        "start": cited.start,
        "end": cited.end,
        "c": id,
        "t": 1,
        "n": cited.number,
    }

    def source() -> str:
        return client.get("/page/source", params=span).text

    assert "pc-changed" not in source()
    (tmp_path / "kettle.md").write_text(TEXT.replace("# Kettle", "# Kettle\n\nMuch has been added here."), "utf-8")
    library.ingest(tmp_path / "kettle.md")
    assert "the words stand here now" in source()
    assert " ".join(re.findall("<mark>(.*?)</mark>", source())).split() == cited.quote.split()
    (tmp_path / "kettle.md").write_text("Nothing of it.", "utf-8")
    library.ingest(tmp_path / "kettle.md")
    assert "not in it any more" in source()
    library.remove("kettle.md")
    assert "not in the library any more" in source()
    assert ">Kettle</h2>" in source(), "under the title that it had"
    dead = client.get("/page/source", params={k: span[k] for k in ("document", "start", "end")})
    assert dead.status_code == 404
    assert "“All documents” lists what there is" in dead.json()["error"]


def test_a_renamed_document_is_opened_by_its_old_citations_and_links(
    client: TestClient, conversations: Conversations, library: Library, tmp_path: Path
) -> None:
    id = kept(client, conversations)
    link: dict[str, Any] = {"document": "kettle.md", "start": 8, "end": 27}
    before = client.get("/page/source", params=link).text
    (tmp_path / "kettle.md").rename(tmp_path / "pot.md")
    assert library.ingest(tmp_path / "pot.md").moved == 1
    assert client.get("/page/source", params=link).text == before.replace("kettle.md", "pot.md")
    shown = client.get("/page/source", params={**link, "c": id, "t": 1, "n": 1}).text
    assert "cited from kettle.md" in shown
    assert "<mark>The kettle is blue.</mark>" in shown
    reply = client.post(
        "/mcp",
        json={
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "read_passage", "arguments": link},
        },
    )
    assert reply.json()["result"]["structuredContent"] == {
        "document": "pot.md",
        "start": 8,
        "end": 27,
        "text": "The kettle is blue.",
    }


def test_a_quote_whose_document_is_gone_is_found_in_another(
    client: TestClient, conversations: Conversations, library: Library, tmp_path: Path
) -> None:
    id = kept(client, conversations, "When was the kettle bought?")
    span: dict[str, Any] = {"document": "kettle.md", "start": 0, "end": 3, "c": id, "t": 1, "n": 1}
    library.remove("kettle.md")
    assert "not in the library any more" in client.get("/page/source", params=span).text
    (tmp_path / "pot.md").write_text("The kettle.\n\n" + TEXT, "utf-8")
    library.ingest(tmp_path / "pot.md")
    shown = client.get("/page/source", params=span).text
    assert "cited from kettle.md" in shown
    assert "in 1907 by an aunt.</mark>" in shown


def test_conversations_are_listed_renamed_exported_and_deleted(
    client: TestClient, conversations: Conversations
) -> None:
    id = kept(client, conversations)
    assert id in client.get("/page/conversations?search=kettle").text
    assert id not in client.get("/page/conversations?search=lamp").text
    assert client.post(f"/page/conversations/{id}", json={"title": "Blue"}).status_code == 204
    for form, kind in (("markdown", "text/markdown"), ("json", "application/json"), ("bibtex", "application/x-bibtex")):
        reply = client.get(f"/page/conversations/{id}/{form}")
        assert reply.headers["content-type"].startswith(kind)
        assert reply.headers["content-disposition"].startswith('attachment; filename="blue.')
    assert client.get("/page/ratings").status_code == 422
    assert client.post("/page/rating", json={"conversation": id, "number": 1, "rating": 1}).status_code == 204
    assert client.get("/page/ratings").headers["content-type"] == "application/zip"
    assert client.delete(f"/page/conversations/{id}").status_code == 204
    for method in ("GET", "DELETE"):
        path = f"/page/conversations/{id}" + ("/json" if method == "GET" else "")
        assert client.request(method, path).status_code == 404


def test_suggestions_are_answered_by_the_library(client: TestClient, conversations: Conversations) -> None:
    id = kept(client, conversations)
    questions = re.findall('data-ask="([^"]+)"', client.get(f"/page/suggestions?c={id}&t=1").text)
    assert "Kettle: History" in questions
    for question in questions:
        assert client.post("/api/ask", json={"question": question}).json()["answered"]
    assert client.get(f"/page/suggestions?c={id}&t=9").text == ""


def test_a_library_of_one_s_own_is_asked_first_by_its_own_headings(client: TestClient, library: Library) -> None:
    retriever = Retriever(library)
    for written in ({}, {"absent.md": "What colour is the kettle?"}):
        assert [s.question for s in first_questions(retriever, written)] == ["Kettle: History"]
    found = first_questions(retriever, {"kettle.md": "What colour is the kettle?"})
    assert [s.shown for s in found] == ["What colour is the kettle?"]


def test_the_questions_to_begin_with_follow_the_documents(client: TestClient, library: Library) -> None:
    assert 'data-ask="Kettle: History"' in client.get("/page/examples").text
    library.remove("kettle.md")
    assert client.get("/page/examples").text == ""


RESUME = """# Resume

The lamp of this resume was repaired in Bern.

## Your Name

123 Your Street, Your City. Your name was written here by hand in 1998.

## Motto

My motto: Bern lamps.

## Experience

### Repairs

She repaired lamps in Bern for eleven years, and kettles after that.

## References

References: Your name, your company, Bern, are listed on a sheet of their own.
"""


def test_no_heading_is_offered_that_is_a_blank_to_fill_in_or_has_no_text(library: Library, tmp_path: Path) -> None:
    (tmp_path / "resume.md").write_text(RESUME, "utf-8")
    library.ingest(tmp_path / "resume.md")
    retriever = Retriever(library)
    answer = retriever.ask("Where was the lamp of this resume repaired?")
    assert [c.passage.document for c in answer.citations][:1] == ["resume.md"]
    assert [s.shown for s in suggest(retriever, answer, set())] == ["Repairs · Resume"]


def test_a_page_is_shown_also_where_it_is_not_known_where_the_quote_is(
    client: TestClient, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf(column(50, 700, "The lamp is green.")))
    library.ingest(tmp_path / "a.pdf")
    address = "/page/places?document=a.pdf&page=1&start=0&end=8"
    known = client.get(address).json()
    assert (len(known["boxes"]), known["told"]) == (1, "")

    def refuse(*_: object) -> None:
        raise SourceError("Read it again.")

    monkeypatch.setattr(Library, "rectangles", refuse)
    assert client.get(address).json() == {**known, "boxes": [], "told": "Read it again."}


def test_everything_the_page_loads_is_there(client: TestClient) -> None:
    for name in FILES:
        assert client.get(f"/page/{name}").status_code == 200
    assert client.get("/page/web.py").status_code == 404


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"number": "x", "scope": 7}', '{"instead_of": -1}'])
def test_a_wish_that_makes_no_sense_wishes_nothing(text: str) -> None:
    assert Wish.read(text) == Wish()


def test_a_wish_is_read_as_the_page_writes_it() -> None:
    given = {"conversation": "a", "search_for": " x y ", "number": 2, "scope": {"documents": ["x"], "tags": ["y"]}}
    wish = Wish.read(json.dumps(given | {"typed": True}))
    assert wish == Wish("a", "", "x y", 2, 0, Scope(("x",), ("y",)), True)
