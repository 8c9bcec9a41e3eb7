"""The official clients of others against the real server: OpenAI's, MCP's over HTTP and over stdio; with a token."""

import asyncio
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client, StdioServerParameters
from openai import APIStatusError, AuthenticationError, NotFoundError, OpenAI

import ui.guard
import ui.login
import ui.server
from retriever import Retriever
from tests.serving import serving
from ui.guard import Access
from ui.service import Asked, Service

ROOT = Path(__file__).parents[1]
QUESTION = "How does blocking PD-1 help T cells attack a tumour?"
FAR_QUESTION = "Which team won the football world cup in 1998?"
TOKEN = "0123456789abcdef"
TOOLS = ["ask", "search", "read_passage", "list_documents"]


@pytest.fixture(scope="module")
def retriever(demo_library: Path) -> Iterator[Retriever]:
    with Retriever.open(demo_library) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(retriever: Retriever) -> Iterator[str]:
    with serving(retriever) as at:
        yield at


@pytest.fixture(scope="module")
def guarded(retriever: Retriever) -> Iterator[str]:
    with serving(retriever, Access(TOKEN)) as at:
        yield at


def is_exact(retriever: Retriever, cited: dict[str, Any]) -> bool:
    return bool(retriever.text(cited["document"])[cited["start"] : cited["end"]] == cited["quote"])


# -- OpenAI's ---------------------------------------------------------------------------------------------


def test_openai_s_client_gets_the_citations(address: str, retriever: Retriever) -> None:
    with OpenAI(base_url=f"{address}/v1", api_key="any") as client:
        assert [model.id for model in client.models.list()] == ["pincite"]
        assert client.models.retrieve("pincite").owned_by == "pincite"
        done = client.chat.completions.create(model="pincite", messages=[{"role": "user", "content": QUESTION}])
        message = done.choices[0].message
        citations: Any = message.model_extra["citations"] if message.model_extra else []
        assert message.content
        assert "[1]" in message.content
        assert done.choices[0].finish_reason == "stop"
        assert citations
        assert all(is_exact(retriever, cited) for cited in citations)
        far = client.chat.completions.create(model="pincite", messages=[{"role": "user", "content": FAR_QUESTION}])
        assert (far.choices[0].message.model_extra or {})["citations"] == []


def test_openai_s_client_streams_the_same(address: str) -> None:
    with OpenAI(base_url=f"{address}/v1", api_key="any") as client:
        asked: Any = {"model": "pincite", "messages": [{"role": "user", "content": QUESTION}]}
        whole = client.chat.completions.create(**asked)
        chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
        assert (
            "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole.choices[0].message.content
        )
        assert chunks[-1].usage is not None
        assert not chunks[-1].choices
        assert (chunks[-2].model_extra or {})["citations"] == (whole.model_extra or {})["citations"]


def test_openai_s_client_is_told_what_is_wrong(address: str, guarded: str) -> None:
    with OpenAI(base_url=f"{address}/v1", api_key="any", max_retries=0) as client:
        with pytest.raises(APIStatusError, match="The question is empty") as told:
            client.chat.completions.create(model="pincite", messages=[{"role": "user", "content": ""}])
        assert told.value.status_code == 422
        with pytest.raises(NotFoundError, match="no model 'gpt-4o'") as unknown:
            client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": QUESTION}])
        assert unknown.value.code == "model_not_found"
    with (
        OpenAI(base_url=f"{guarded}/v1", api_key="wrong", max_retries=0) as client,
        pytest.raises(AuthenticationError, match="token"),
    ):
        client.models.list()
    with OpenAI(base_url=f"{guarded}/v1", api_key=TOKEN) as client:
        assert [model.id for model in client.models.list()] == ["pincite"]


# -- MCP's ------------------------------------------------------------------------------------------------


async def use_tools(client: Client, retriever: Retriever) -> None:
    listed = await client.list_tools()
    assert [tool.name for tool in listed.tools] == TOOLS
    asked = await client.call_tool("ask", {"question": QUESTION})
    answer: Any = asked.structured_content
    assert not asked.is_error
    assert answer["answered"]
    assert all(is_exact(retriever, cited) for cited in answer["citations"])
    cited = answer["citations"][0]
    span = {"document": cited["document"], "start": cited["start"], "end": cited["end"]}
    read = await client.call_tool("read_passage", span)
    assert (read.structured_content or {})["text"] == cited["quote"]
    found = await client.call_tool("search", {"question": QUESTION, "k": 2})
    assert len((found.structured_content or {})["hits"]) == 2
    documents = await client.call_tool("list_documents", {})
    assert cited["document"] in [row["document"] for row in (documents.structured_content or {})["documents"]]
    wrong = await client.call_tool("read_passage", {"document": "/etc/passwd"})
    assert wrong.is_error


def run(talk: Coroutine[Any, Any, None]) -> None:
    """Runs a conversation in a thread of its own: Playwright's tests leave a loop running in the main one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, talk).result()


def test_mcp_s_client_over_http(address: str, retriever: Retriever) -> None:
    async def talk() -> None:
        async with Client(f"{address}/mcp") as client:
            await use_tools(client, retriever)

    run(talk())
    assert 'pincite_asks_total{face="mcp",outcome="answered"}' in httpx.get(f"{address}/metrics").text


def test_mcp_s_client_over_stdio(demo_library: Path, retriever: Retriever) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    code = "from ui.cli import main; main()"
    command = StdioServerParameters(
        command=sys.executable, args=["-c", code, "mcp", "--library", str(demo_library)], env=dict(environment)
    )

    async def talk() -> None:
        async with Client(command) as client:
            await use_tools(client, retriever)

    run(talk())


# -- a token ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/api/health", "/api/openapi.json", "/metrics", "/v1/models", "/mcp", "/nothing"]
)
def test_without_the_token_nothing_is_served(guarded: str, path: str) -> None:
    bearer = {"authorization": f"Bearer {TOKEN}"}
    refused = httpx.get(guarded + path)
    assert refused.status_code == 401
    assert "token" in refused.text
    assert refused.headers["www-authenticate"] == "Bearer"
    assert httpx.get(guarded + path, headers=bearer).status_code != 401
    for wrong in (f"Bearer {TOKEN}x", "Bearer", f"Basic {TOKEN}", "Bearer \xe9", ""):
        headers = {"authorization": wrong.encode("latin-1")}
        assert httpx.get(guarded + path, headers=headers).status_code == 401  # type: ignore[arg-type]  # bytes are sent as they are
    assert httpx.get(guarded + path, headers={"cookie": "pincite_session=x"}).status_code == 401


def test_a_browser_logs_in_once(guarded: str) -> None:
    with httpx.Client(base_url=guarded, headers={"accept": "text/html"}) as browser:
        sent = browser.get("/api/docs?x=1")
        assert (sent.status_code, sent.headers["location"]) == (303, "/login?next=/api/docs%3Fx%3D1")
        page = browser.get(sent.headers["location"])
        assert page.status_code == 200
        assert 'value="/api/docs?x=1"' in page.text
        assert browser.post("/login", data={"token": "wrong", "next": "/"}).status_code == 401
        for evil in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"):
            assert browser.post("/login", data={"token": TOKEN, "next": evil}).headers["location"] == "/"
        browser.cookies.clear()
        logged_in = browser.post("/login", data={"token": TOKEN, "next": "/api/docs?x=1"})
        assert (logged_in.status_code, logged_in.headers["location"]) == (303, "/api/docs?x=1")
        cookie = logged_in.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert TOKEN not in cookie
        assert browser.get("/api/docs").status_code == 200
        browser.post("/logout")
        assert browser.get("/api/docs").status_code == 303


def test_tokens_cannot_be_tried_without_end(retriever: Retriever, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui.login, "TRIES_PER_MINUTE", 1)
    with serving(retriever, Access(TOKEN)) as at, httpx.Client(base_url=at) as browser:
        tried = [browser.post("/login", data={"token": str(n)}).status_code for n in range(10)]
        assert browser.post("/login", data={"token": TOKEN}).status_code == 429
    assert tried == [401] * 10


# -- limits -----------------------------------------------------------------------------------------------


def test_too_many_requests_are_told_when_to_come_again(retriever: Retriever) -> None:
    with serving(retriever, Access(requests_per_minute=1)) as at, httpx.Client(base_url=at) as client:
        replies = [client.get("/v1/models") for _ in range(11)]
    assert [reply.status_code for reply in replies] == [200] * 10 + [429]
    assert 1 <= int(replies[-1].headers["retry-after"]) <= 6
    assert "wait" in replies[-1].json()["error"]["message"]


def test_an_answer_that_takes_too_long_is_given_up() -> None:
    given_up = threading.Event()

    class Slow:
        def stream(self, *args: Any) -> Any:
            given_up.wait(20)
            yield "too late"

    with serving(Slow(), seconds=0.1) as at:
        reply = httpx.post(f"{at}/api/ask", json={"question": "x"}, timeout=10)
        metrics = httpx.post(
            f"{at}/api/ask", json={"question": "x"}, timeout=10, headers={"accept": "text/event-stream"}
        )
        given_up.set()
    assert reply.status_code == metrics.status_code == 504
    assert "0.1 seconds" in reply.json()["error"]


def test_who_leaves_is_not_counted_as_a_failure() -> None:
    gone = threading.Event()

    class Slow:
        def stream(self, *args: Any) -> Any:
            yield "a word"
            gone.wait(20)
            yield "another"

    service = Service(Slow())  # type: ignore[arg-type]

    async def leave() -> None:
        heard = asyncio.Event()

        async def listen() -> None:
            async for _ in service.stream("api", Asked("x")):
                heard.set()

        listening = asyncio.create_task(listen())
        await heard.wait()
        listening.cancel()
        await asyncio.wait([listening])
        gone.set()

    asyncio.run(leave())
    service.close()
    counted = {
        outcome: service.metrics.registry.get_sample_value("pincite_asks_total", {"face": "api", "outcome": outcome})
        for outcome in ("refused", "failed")
    }
    assert counted == {"refused": 1, "failed": None}


def exchanged(address: str, *parts: bytes, pause: float = 0.0) -> bytes:
    """What the server sends back to these bytes until it ends the connection."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        received = b""
        while more := connection.recv(65536):
            received += more
        return received


def test_slow_clients_are_let_go(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui.server, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(ui.guard, "BODY_SECONDS", 0.2)
    assert exchanged(address) == b""
    assert exchanged(address, b"GET /api/health HT") == b""
    head = b"POST /api/ask HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n"
    assert exchanged(address, head + b'{"quest').startswith(b"HTTP/1.1 408 ")
    # A slow answer is no slow client.
    body = json.dumps({"question": QUESTION}).encode()
    whole = head.replace(b"100", str(len(body)).encode()).replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    assert exchanged(address, whole + body).startswith(b"HTTP/1.1 200 ")


def test_what_is_no_http_is_refused(address: str) -> None:
    for nonsense in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET\r\n\r\n", b"A" * 100_000):
        assert exchanged(address, nonsense)[:13] in (b"HTTP/1.1 400 ", b"")
    assert httpx.get(f"{address}/api/health").status_code == 200


def test_metrics_count_what_was_asked(address: str) -> None:
    httpx.post(f"{address}/api/ask", json={"question": FAR_QUESTION})
    text = httpx.get(f"{address}/metrics").text
    assert 'pincite_asks_total{face="api",outcome="declined"}' in text
    assert 'pincite_ask_seconds_bucket{le="0.3",stage="total"}' in text
    assert 'pincite_http_responses_total{status="200"}' in text
    assert "pincite_library_passages" in text
    assert "process_resident_memory_bytes" in text
    assert "football" not in text


def test_the_login_form_of_a_browser_keeps_its_origin(guarded: str) -> None:
    """A browser sends the origin "null" with a form where the page forbids every referrer, and is then refused."""
    assert httpx.get(f"{guarded}/login").headers["referrer-policy"] == "same-origin"
    form = {"data": {"token": TOKEN}, "headers": {"origin": guarded}}
    assert httpx.post(f"{guarded}/login", **form).status_code == 303  # type: ignore[arg-type]  # two arguments by name
