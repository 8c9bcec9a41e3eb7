"""The HTTP face: the contract's routes over a real library, the OpenAI form, MCP, and what is refused.

Past 500 lines, for the three forms are asked of one server, and compared with one another.
"""

import json
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from ingest import LibraryError
from retriever import MAX_HITS, Retriever
from ui.api import create_app
from ui.cli import app
from ui.guard import CONTENT_SECURITY_POLICY, MAX_BODY_BYTES
from ui.openai_api import Ending

QUESTION = "How does blocking PD-1 help T cells attack a tumour?"
FAR_QUESTION = "Which team won the football world cup in 1998?"


@pytest.fixture(scope="module")
def retriever(demo_library: Path) -> Iterator[Retriever]:
    with Retriever.open(demo_library) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(retriever: Retriever) -> Iterator[TestClient]:
    with TestClient(create_app(retriever), base_url="http://127.0.0.1:7860") as opened:
        yield opened


class Failing:
    """A retriever that fails as it is told to."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def stream(self, *args: Any) -> Any:
        raise self.error


def failing(error: Exception) -> TestClient:
    app = create_app(Failing(error))  # type: ignore[arg-type]
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)


def events(body: str) -> list[tuple[str, Any]]:
    """The (name, data) of each server-sent event."""
    found = []
    for block in body.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        data = lines["data"]
        found.append((lines.get("event", ""), data if data == "[DONE]" else json.loads(data)))
    return found


def call(client: TestClient, method: str, **params: Any) -> Any:
    reply = client.post("/mcp", json={"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
    assert reply.json()["id"] == 7
    return reply.json()


def test_ask_answers_with_exact_citations(client: TestClient, retriever: Retriever) -> None:
    answer = client.post("/api/ask", json={"question": QUESTION}).json()
    assert answer["answered"]
    assert answer["citations"]
    for cited in answer["citations"]:
        assert retriever.text(cited["document"])[cited["start"] : cited["end"]] == cited["quote"]
        assert f"[{cited['number']}]" in answer["text"]


def test_the_event_stream_tells_the_same_answer(client: TestClient) -> None:
    plain = client.post("/api/ask", json={"question": QUESTION}).json()
    reply = client.post("/api/ask", json={"question": QUESTION}, headers={"Accept": "text/event-stream"})
    assert reply.headers["content-type"].startswith("text/event-stream")
    told = events(reply.text)
    assert told[0][0] == "searched"
    assert "".join(data["text"] for name, data in told if name == "text") == plain["text"]
    name, whole = told[-1]
    assert name == "answer"
    assert whole | {"timings_ms": 0} == plain | {"timings_ms": 0}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/event-stream, application/json", "text/event-stream"),
        ("*/*, text/event-stream", "text/event-stream"),
        ("application/json;q=0.8, TEXT/Event-Stream;q=0.9", "text/event-stream"),
        ("application/json, text/event-stream", "application/json"),
        ("text/event-stream;q=0.1, application/json", "application/json"),
        ("text/event-stream;q=0.1, */*", "application/json"),
        ("text/event-stream; q=0", "application/json"),
        ("text/event-stream-x", "application/json"),
    ],
)
def test_events_come_where_they_are_preferred(client: TestClient, accept: str, kind: str) -> None:
    reply = client.post("/api/ask", json={"question": FAR_QUESTION}, headers={"Accept": accept})
    assert reply.headers["content-type"].split(";")[0] == kind


def test_a_question_that_the_library_does_not_answer(client: TestClient) -> None:
    answer = client.post("/api/ask", json={"question": FAR_QUESTION}).json()
    assert answer["answered"] is False
    assert answer["citations"] == []


def test_history_is_used(client: TestClient) -> None:
    history = [
        {"role": "user", "text": "What is tocilizumab?"},
        {"role": "assistant", "text": "An antibody."},
    ]
    follow_up = {"question": "How is it given?", "history": history}
    assert "tocilizumab" in client.post("/api/ask", json=follow_up).json()["searched_for"]


def test_search_brings_k_hits(client: TestClient, retriever: Retriever) -> None:
    found = client.post("/api/search", json={"question": QUESTION, "k": 3}).json()
    assert len(found["hits"]) == 3
    for hit in found["hits"]:
        assert retriever.text(hit["document"])[hit["start"] : hit["end"]] == hit["text"]


def test_documents_and_health(client: TestClient) -> None:
    documents = client.get("/api/documents").json()
    health = client.get("/api/health").json()
    assert health["status"] == "ok"
    assert len(documents) == health["library"]["documents"] > 0
    assert set(documents[0]) == {"document", "title", "passages", "sha256", "tags"}


def test_the_description_is_served_without_any_outside_address(client: TestClient) -> None:
    assert "/api/ask" in client.get("/api/openapi.json").json()["paths"]
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert "/v1/chat/completions" in page.text
    assert "http" not in page.text.replace("/mcp", "")


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"question": ""}, 422, "empty"),
        ({"question": " \n"}, 422, "empty"),
        ({"question": "x" * 4001}, 422, "longer than 4,000"),
        ({}, 422, "question is missing."),
        ({"question": 5}, 422, "question: "),
        ({"question": "x", "topk": 3}, 422, "There is no field 'topk'."),
        ({"question": "x", "history": [{"role": "system", "text": "y"}]}, 422, "history.0.role: "),
        ({"question": "x", "history": "y"}, 422, "history: "),
        ({"question": "x", "history": ["y"]}, 422, "history.0 must be an object."),
        ({"question": "x", "tags": ["y"] * 101}, 422, "tags has 101 items: send 100 at most."),
        ({"question": None}, 422, "question: "),
        ([], 422, "Send a JSON object, with Content-Type: application/json."),
    ],
)
def test_a_request_that_makes_no_sense_gets_one_sentence(client: TestClient, body: Any, status: int, says: str) -> None:
    reply = client.post("/api/ask", json=body)
    assert reply.status_code == status
    assert list(reply.json()) == ["error"]
    assert says in reply.json()["error"]
    assert reply.json()["error"].endswith((".", "something."))


def test_json_that_is_sent_as_text_is_told_how_to_be_sent(client: TestClient) -> None:
    reply = client.post("/api/ask", content=b'{"question": "x"}', headers={"content-type": "text/plain"})
    assert reply.status_code == 422
    assert reply.json() == {"error": "Send a JSON object, with Content-Type: application/json."}


def test_null_is_as_good_as_not_given(client: TestClient) -> None:
    whole = {"question": QUESTION, "history": None, "documents": None, "tags": None, "k": None}
    plain = client.post("/api/search", json={"question": QUESTION}).json()
    assert len(plain["hits"]) == 10
    assert client.post("/api/search", json=whole).json() == plain
    assert client.post("/api/ask", json={k: v for k, v in whole.items() if k != "k"}).json()["answered"]


def test_an_unknown_document_is_told_with_a_list_that_the_caller_can_get(client: TestClient) -> None:
    reply = client.post("/api/search", json={"question": "x", "documents": ["none.md"]})
    assert reply.status_code == 404
    assert reply.json()["error"].endswith("in the library; GET /api/documents lists them.")
    read = call(client, "tools/call", name="read_passage", arguments={"document": "none.md"})["result"]
    assert read["content"][0]["text"].endswith("in the library; list_documents lists them.")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/ask", {"question": QUESTION}),
        ("GET", "/api/documents", None),
        ("POST", "/v1/chat/completions", {"messages": [{"role": "user", "content": QUESTION}]}),
        ("POST", "/mcp", {"jsonrpc": "2.0", "id": 1, "method": "ping"}),
    ],
)
def test_a_slash_at_the_end_changes_nothing(client: TestClient, method: str, path: str, body: Any) -> None:
    plain, slashed = (client.request(method, at, json=body, follow_redirects=False) for at in (path, f"{path}/"))
    assert (
        (slashed.status_code, set(slashed.json())) == (200, set(plain.json()))
        if body
        else slashed.json() == plain.json()
    )


@pytest.mark.parametrize("path", ["/api/health", "/api/documents", "/api/docs", "/v1/models", "/metrics"])
def test_head_is_answered_as_get_is(client: TestClient, path: str) -> None:
    reply = client.head(path)
    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.headers["content-type"] == client.get(path).headers["content-type"]


def test_what_is_not_there_is_told_also_behind_the_page(retriever: Retriever) -> None:
    whole = create_app(retriever)
    page = FastAPI()
    page.get("/page.txt")(lambda: "here")
    whole.mount("/", page)
    with TestClient(whole, base_url="http://localhost") as client:
        assert client.get("/page.txt").json() == "here"
        lost = client.get("/nope")
        assert (lost.status_code, list(lost.json())) == (404, ["error"])
        assert client.delete("/page.txt").json() == {"error": "Not by DELETE, but by GET."}
        for path in ("/nope", "/api/nope"):
            seen = client.get(path, headers={"accept": "text/html,*/*"})
            assert seen.status_code == 404
            assert seen.headers["content-type"].startswith("text/html")
            assert '<a href="/">' in seen.text


@pytest.mark.parametrize("k", [0, -1, MAX_HITS + 1, "3", 1.5])
def test_k_out_of_range_is_refused(client: TestClient, k: Any) -> None:
    assert client.post("/api/search", json={"question": "x", "k": k}).status_code == 422


def test_as_many_passages_may_be_asked_for_as_on_the_command_line(client: TestClient) -> None:
    assert client.post("/api/search", json={"question": "cells", "k": MAX_HITS}).status_code == 200
    assert f"1<=x<={MAX_HITS}" in CliRunner().invoke(app, ["search", "--help"]).output


@pytest.mark.parametrize("body", [b"{nope", b'{"question": "\xff"}', b"[" * 100_000])
def test_broken_json_is_told(client: TestClient, body: bytes) -> None:
    reply = client.post("/api/ask", content=body, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.json()) == (422, {"error": "The body is not valid JSON."})


def test_an_empty_body_is_told(client: TestClient) -> None:
    assert client.post("/api/ask").json() == {"error": "The body is empty: send JSON."}


@pytest.mark.parametrize("declared", [True, False])
def test_a_large_body_is_refused_unread(client: TestClient, declared: bool) -> None:
    body = b'{"question": "' + b"x" * MAX_BODY_BYTES + b'"}'
    content: Any = body if declared else iter([body[:1000], body[1000:]])
    reply = client.post("/api/ask", content=content, headers={"content-type": "application/json"})
    assert reply.status_code == 413
    assert "larger than" in reply.json()["error"]


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil", "", "[::1", "10.0.0.7:7860"]
)
def test_another_host_name_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/api/documents", headers={"host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9", "[::1]:7860", "LOCALHOST:80"])
def test_this_machine_s_names_are_served(client: TestClient, host: str) -> None:
    assert client.get("/api/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"), [("http://evil.example", 403), ("null", 403), ("http://localhost:7860", 200)]
)
def test_another_site_s_page_is_refused(client: TestClient, origin: str, status: int) -> None:
    assert client.post("/api/search", json={"question": "x"}, headers={"origin": origin}).status_code == status


@pytest.mark.parametrize("path", ["/api/health", "/api/docs", "/nothing", "/mcp"])
def test_every_answer_carries_the_guarding_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_a_library_that_cannot_answer_is_503_with_its_sentence() -> None:
    reply = failing(LibraryError("The library is damaged. Run: pincite check")).post("/api/ask", json={"question": "x"})
    assert (reply.status_code, reply.json()["error"]) == (503, "The library is damaged. Run: pincite check")


def test_an_unforeseen_failure_tells_nothing_of_the_inside() -> None:
    reply = failing(RuntimeError("secret path /srv/x")).post("/api/ask", json={"question": "x"})
    assert reply.status_code == 500
    assert "secret" not in reply.text
    assert "log" in reply.json()["error"]
    assert "content-security-policy" in reply.headers


def test_chat_completions_carry_citations(client: TestClient) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}]
    reply = client.post(
        "/v1/chat/completions", json={"model": "pincite", "messages": messages, "temperature": 0}
    ).json()
    message = reply["choices"][0]["message"]
    assert reply["object"] == "chat.completion"
    assert message["citations"] == reply["citations"]
    assert message["citations"][0]["quote"]
    assert "\n\nSources:\n" in message["content"]


def test_a_streamed_completion_is_the_same_text(client: TestClient) -> None:
    messages = [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]
    whole = client.post("/v1/chat/completions", json={"messages": messages}).json()
    told = events(client.post("/v1/chat/completions", json={"messages": messages, "stream": True}).text)
    assert told[-1][1] == "[DONE]"
    deltas = [data["choices"][0] for _, data in told[:-1]]
    assert "".join(d["delta"].get("content", "") for d in deltas) == whole["choices"][0]["message"]["content"]
    assert deltas[-1]["finish_reason"] == "stop"
    assert told[-2][1]["citations"] == whole["citations"]


def test_a_conversation_in_the_openai_form_is_history(client: TestClient) -> None:
    messages = [
        {"role": "user", "content": "What is tocilizumab?"},
        {"role": "assistant", "content": "An antibody. [1]\n\nSources:\n\n1. X"},
        {"role": "user", "content": "How is it given?"},
    ]
    assert client.post("/v1/chat/completions", json={"messages": messages}).status_code == 200


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [{"role": "system", "content": "x"}],
        [{"role": "assistant", "content": "x"}],
        [{"role": "user", "content": [{"type": "text", "text": None}]}],
    ],
)
def test_openai_errors_have_openai_s_shape(client: TestClient, messages: Any) -> None:
    reply = client.post("/v1/chat/completions", json={"messages": messages})
    assert reply.status_code == 422
    assert reply.json()["error"]["type"] == "invalid_request_error"
    assert client.get("/v1/models").json()["data"][0]["id"] == "pincite"


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"stop": ["a", "b", "c", "d", "e"]}, "1 to 4 texts"),
        ({"stop": ""}, "none of them empty"),
        ({"n": 2}, "one answer"),
        ({"tool_choice": "required"}, "no tools"),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, "no tools"),
        ({"response_format": {"type": "json_object"}}, "not in JSON"),
    ],
)
def test_what_a_client_of_openai_s_would_break_without_is_refused(client: TestClient, wanted: Any, says: str) -> None:
    messages = [{"role": "user", "content": QUESTION}]
    for more in ({}, {"stream": True}):
        reply = client.post("/v1/chat/completions", json={"messages": messages} | wanted | more)
        assert reply.status_code == 400
        assert reply.json()["error"]["type"] == "invalid_request_error"
        assert says in reply.json()["error"]["message"]


def test_what_an_openai_client_may_say_and_not_get_is_passed_over(client: TestClient) -> None:
    harmless = {
        "n": 1,
        "tool_choice": "auto",
        "response_format": {"type": "text"},
        "max_tokens": None,
        "stop": None,
        "seed": 1,
    }
    history = [{"role": "user", "content": "Two words"}, {"role": "assistant", "content": "Three more words"}]
    asked = {"messages": [*history, {"role": "user", "content": FAR_QUESTION}]} | harmless
    reply = client.post("/v1/chat/completions", json=asked).json()
    said, replied = 5 + len(FAR_QUESTION.split()), len(reply["choices"][0]["message"]["content"].split())
    usage = {"prompt_tokens": said, "completion_tokens": replied, "total_tokens": said + replied}
    assert reply["usage"] == usage
    streamed = asked | {"stream": True, "stream_options": {"include_usage": True}}
    assert events(client.post("/v1/chat/completions", json=streamed).text)[-2][1]["usage"] == usage


def completed(client: TestClient, **wanted: Any) -> tuple[str, str, Any, Any]:
    """Content, reason of its end, citations and usage of a completion; that it is the same streamed."""
    asked = {"messages": [{"role": "user", "content": QUESTION}]} | wanted
    whole = client.post("/v1/chat/completions", json=asked).json()
    choice = whole["choices"][0]
    streamed = asked | {"stream": True, "stream_options": {"include_usage": True}}
    told = [data for _, data in events(client.post("/v1/chat/completions", json=streamed).text)[:-1]]
    deltas = [each["choices"][0] for each in told if each["choices"]]
    assert "".join(d["delta"].get("content", "") for d in deltas) == choice["message"]["content"]
    assert deltas[-1]["finish_reason"] == choice["finish_reason"]
    assert told[-2]["citations"] == whole["citations"]
    assert told[-1]["usage"] == whole["usage"]
    return choice["message"]["content"], choice["finish_reason"], whole["citations"], whole["usage"]


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_completion_has_as_many_words_as_it_may(client: TestClient, name: str) -> None:
    whole, reason, citations, usage = completed(client)
    assert reason == "stop"
    cut, reason, kept, counted = completed(client, **{name: 7})
    assert (cut.split(), reason, kept) == (whole.split()[:7], "length", citations)
    assert whole.startswith(cut)
    assert counted["completion_tokens"] == 7
    assert completed(client, **{name: usage["completion_tokens"]}) == (whole, "stop", citations, usage)
    none = client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": "x"}], name: 0})
    assert (none.status_code, none.json()["error"]["type"]) == (422, "invalid_request_error")


def test_a_completion_ends_before_what_it_is_to_stop_at(client: TestClient) -> None:
    whole, _, citations, _ = completed(client)
    answer = whole.partition("\n\nSources:")[0]
    assert completed(client, stop="\n\nSources:")[:3] == (answer, "stop", citations)
    assert completed(client, stop=["nowhere", "[1]"])[0] == whole.partition("[1]")[0]
    assert completed(client, stop=whole[-3:] + "more")[0] == whole


def test_what_was_streamed_is_never_more_than_is_kept() -> None:
    content = "one two  three. [1]\n\nfour [2] four"
    for ending in [Ending(n, stops) for n in (None, 1, 2, 3, 9) for stops in ((), ("three. [1]", "wo"), ("[2]", "[1"))]:
        sure = [ending.sure(content[:n]) for n in range(len(content))] + [ending.kept(content)[0]]
        assert all(later.startswith(earlier) for earlier, later in pairwise(sure))


def test_a_model_that_is_not_there_is_told_as_openai_tells_it(client: TestClient) -> None:
    asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": QUESTION}]}
    for reply in (client.post("/v1/chat/completions", json=asked), client.get("/v1/models/gpt-4o")):
        assert reply.status_code == 404
        assert reply.json()["error"] == {
            "message": "There is no model 'gpt-4o'; there is 'pincite'.",
            "type": "invalid_request_error",
            "param": "model",
            "code": "model_not_found",
        }


def test_an_image_is_said_not_to_be_read(client: TestClient) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    reply = client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": [image]}]})
    assert reply.json()["error"]["message"] == "Only text is read, no images and no files: put the question in words."
    words = {"role": "user", "content": [image, {"type": "text", "text": FAR_QUESTION}]}
    assert client.post("/v1/chat/completions", json={"messages": [words]}).status_code == 200


def test_mcp_greets_and_lists_its_tools(client: TestClient) -> None:
    greeting = call(client, "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={})["result"]
    assert greeting["protocolVersion"] == "2025-06-18"
    assert client.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"}).status_code == 202
    tools = call(client, "tools/list")["result"]["tools"]
    assert [tool["name"] for tool in tools] == ["ask", "search", "read_passage", "list_documents"]
    assert all(tool["inputSchema"]["type"] == "object" for tool in tools)
    assert client.get("/mcp").status_code == 405


def test_mcp_tools_give_what_the_api_gives(client: TestClient) -> None:
    asked = call(client, "tools/call", name="ask", arguments={"question": QUESTION})["result"]
    cited = asked["structuredContent"]["citations"][0]
    assert json.loads(asked["content"][0]["text"]) == asked["structuredContent"]
    span = {key: cited[key] for key in ("document", "start", "end")}
    read = call(client, "tools/call", name="read_passage", arguments=span)["result"]
    assert read["structuredContent"]["text"] == cited["quote"]
    listed = call(client, "tools/call", name="list_documents")["result"]["structuredContent"]["documents"]
    assert cited["document"] in [document["document"] for document in listed]


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("ask", {"question": ""}, "empty"),
        ("ask", {"question": "x", "more": 1}, "no field 'more'"),
        ("search", {"question": "x", "k": 1000}, "k: "),
        ("read_passage", {"document": "no such thing.md"}, "no such thing.md"),
        ("read_passage", {"document": "pd-1-and-pd-l1.md", "start": 50, "end": 5}, "no text from 50 to 5"),
        ("read_passage", {"document": "pd-1-and-pd-l1.md", "start": 10**7}, "that of the document is 0 to "),
        ("list_documents", "x", "Send a JSON object."),
    ],
)
def test_a_tool_s_failure_is_a_sentence_that_the_model_sees(
    client: TestClient, name: str, arguments: Any, says: str
) -> None:
    result = call(client, "tools/call", name=name, arguments=arguments)["result"]
    assert result["isError"] is True
    assert says in result["content"][0]["text"]


def test_what_mcp_does_not_know_is_an_error_of_the_protocol(client: TestClient) -> None:
    assert call(client, "resources/list")["error"]["code"] == -32601
    assert call(client, "tools/call", name="delete_all")["error"]["code"] == -32602
    assert client.post("/mcp", content=b"{").json()["error"]["code"] == -32700
    assert client.post("/mcp", json=[1]).json()["error"]["code"] == -32600
    # What is JSON to Python, but could not be said back.
    for id, document in ((b"NaN", b"x"), (b"1e999", b"x"), (b'"\\ud800"', b"x"), (b"1", b"\\ud800")):
        params = b'{"name": "read_passage", "arguments": {"document": "%s"}}' % document
        reply = client.post("/mcp", content=b'{"id": %s, "method": "tools/call", "params": %s}' % (id, params))
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, -32700)


def test_asking_needs_no_gradio() -> None:
    """The API alone starts without the page's libraries."""
    import subprocess
    import sys

    code = "import sys, ui.api; sys.exit('gradio' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
