"""The language model as a writer: checked, never trusted, and never in the way when it fails."""

import json
import logging
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ingest import Library, LLMError, Settings
from retriever import Answer, Found, Piece, Retriever
from retriever.llm import LLM
from retriever.prompt import rewritten
from retriever.reply import Written, plain, sentences_of
from tests.scripted_llm import Script, ScriptedLLM, asked_for, for_ever, replies, say, send
from ui.api import create_app
from ui.openai_api import ChatMessage, _spoken

QUESTION = "What does the drug Zafirol treat?"
TEXTS = {
    "zafirol.md": "# Zafirol\n\nZafirol is a drug that treats severe asthma in adults. It is given as a tablet of 20 mg "
    "twice a day. It does not cure asthma. Dr Chen of Toronto described it in 1998.\n",
    "other.md": "# Plants\n\nFerns grow in shade and need much water. They were used as medicine by nobody.\n",
}
TRUE = "Zafirol treats severe asthma in adults [1]."


@pytest.fixture(scope="module")
def folder(encoder_cache: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of TEXTS with the real encoder: what is tested is the judgement too. Not to be written to."""
    texts = tmp_path_factory.mktemp("texts")
    for name, text in TEXTS.items():
        (texts / name).write_text(text, "utf-8")
    with Library.open(tmp_path_factory.mktemp("llm") / "library", create=True) as library:
        library.ingest(texts)
        return library.folder


@pytest.fixture
def llm() -> Iterator[ScriptedLLM]:
    with ScriptedLLM(say(TRUE)) as server:
        yield server


@pytest.fixture
def retriever(folder: Path, llm: ScriptedLLM) -> Iterator[Retriever]:
    settings = Settings(llm_base_url=llm.url, llm_seconds=30.0, decline_below=0.0, llm_api_key="sk-secret-key")
    with Retriever.open(folder, settings) as opened:
        yield opened


def extractive(retriever: Retriever, question: str = QUESTION) -> Answer:
    with Retriever.open(retriever.library.folder, Settings(decline_below=0.0)) as without:
        return without.ask(question)


def same_but_for_the_note(one: Answer, other: Answer) -> bool:
    return replace(one, note=None, timings_ms={}) == replace(other, note=None, timings_ms={})


def test_a_true_sentence_is_shown_with_the_words_that_support_it(retriever: Retriever, llm: ScriptedLLM) -> None:
    answer = retriever.ask(QUESTION)
    assert answer.text == "Zafirol treats severe asthma in adults. [1]"
    (citation,) = answer.citations
    assert citation.quote == "Zafirol is a drug that treats severe asthma in adults."
    assert retriever.text("zafirol.md")[citation.start : citation.end] == citation.quote
    assert (citation.verdict, answer.note) == ("supported", None)
    assert llm.asked[0]["stream"] is True
    assert "tools" not in llm.asked[0]


def test_a_sentence_in_the_words_of_the_source_is_exact(retriever: Retriever, llm: ScriptedLLM) -> None:
    llm.script(say("It does not cure asthma. [1]"))
    assert [c.verdict for c in retriever.ask(QUESTION).citations] == ["exact"]


def test_a_sentence_without_a_mark_or_with_one_of_no_passage_gets_the_best_span(
    retriever: Retriever, llm: ScriptedLLM
) -> None:
    for mark in ("", " [7]", " [0]"):
        llm.script(say(f"Zafirol treats severe asthma in adults{mark}."))
        answer = retriever.ask(QUESTION)
        assert (answer.text, answer.citations[0].passage.document) == (
            "Zafirol treats severe asthma in adults. [1]",
            "zafirol.md",
        )


LIES = [
    "Zafirol treats severe asthma in children [1].",
    "Zafirol is given as a tablet of 40 mg twice a day [1].",
    "Zafirol is given as a tablet of 20 g twice a day [1].",
    "Dr Chen of Toronto described it in 1989 [1].",
    "Dr Weber of Toronto described it in 1998 [1].",
    "It cures asthma [1].",
    "Zafirol does not treat severe asthma in adults [1].",
    "The moon is made of cheese [1].",
    "The moon is made of cheese.",
    "Zafirol treats severe asthma in adults [2].",
    "[Zafirol](http://evil.example/) treats severe asthma in adults [1].",
]
TRUTHS = [
    "In adults, Zafirol treats severe asthma [1].",
    "Zafirol is given twice a day as a 20 mg tablet [1].",
    "Zafirol doesn't cure asthma [1].",
    "It was described in 1998 by Dr Chen [1].",
]


@pytest.mark.parametrize("lie", LIES)
def test_what_the_cited_passage_does_not_say_is_dropped_or_marked(folder: Path, llm: ScriptedLLM, lie: str) -> None:
    llm.script(say(f"It does not cure asthma [1]. {lie}"))
    settings = Settings(llm_base_url=llm.url, llm_seconds=30.0, decline_below=0.0)
    with Retriever.open(folder, settings) as retriever:
        answer = retriever.ask(QUESTION)
        assert answer.text == "It does not cure asthma. [1]"
        assert answer.note == "One sentence of the language model was left out: your documents do not support it."
    with Retriever.open(folder, replace(settings, llm_unsupported="mark")) as retriever:
        answer = retriever.ask(QUESTION)
        told = re.sub(r" \[\d\]|\[|\](\(.*?\))?", "", lie).rstrip(".")
        assert answer.text == f"It does not cure asthma. [1] {told}. (unsupported) [2]"
        assert [c.verdict for c in answer.citations] == ["exact", "unsupported"]
        assert answer.note == "One sentence of the language model was marked: your documents do not support it."


@pytest.mark.parametrize("truth", TRUTHS)
def test_what_it_says_in_other_words_is_supported(retriever: Retriever, llm: ScriptedLLM, truth: str) -> None:
    llm.script(say(truth))
    answer = retriever.ask(QUESTION)
    assert answer.text == truth.replace(" [1].", ". [1]")
    assert [c.verdict for c in answer.citations] == ["supported"]


def test_a_heading_is_no_answer(retriever: Retriever, llm: ScriptedLLM) -> None:
    llm.script(say("Zafirol [1]. It does not cure asthma [1]."))
    assert retriever.ask(QUESTION).text == "It does not cure asthma. [1]"
    assert retriever.ask("Which drug is a tablet of 20 mg?").text == "Zafirol. [1] It does not cure asthma. [2]"


def test_what_states_nothing_is_no_answer(retriever: Retriever, llm: ScriptedLLM) -> None:
    for nothing in ("What does the drug Zafirol treat [1]?", "Drug [1].", "## Drug\n"):
        llm.script(say(f"{nothing} It does not cure asthma [1]."))
        answer = retriever.ask(QUESTION)
        assert (answer.text, answer.note) == ("It does not cure asthma. [1]", None)


CUT = [
    ("It does not cure asthma [1]. Zafirol treats severe asthma", "It does not cure asthma. [1]"),
    ("It does not cure asthma [1]. It is given as a tablet of 2.", "It does not cure asthma. [1]"),
    ("It does not cure asthma [1]. It is given as a tablet [1", "It does not cure asthma. [1]"),
    ("It does not cure asthma. [1]", "It does not cure asthma. [1]"),
]


@pytest.mark.parametrize(("text", "shown"), CUT)
@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_a_sentence_that_was_cut_off_is_left_out(
    retriever: Retriever, llm: ScriptedLLM, text: str, shown: str, reason: str
) -> None:
    llm.script(say(text, reason=reason))
    answer = retriever.ask(QUESTION)
    assert (answer.text, answer.note) == (shown, "The language model's answer was cut off before its end.")
    llm.script(say("Zafirol treats severe asthma", reason=reason))
    note = "The language model's answer was cut off, so the sources are quoted instead."
    assert retriever.ask(QUESTION).note == note


REFUSALS = [
    "I cannot answer this from the passages.",
    "The passages do not say what it treats [1].",
    "Die Frage kann ich nicht beantworten.",
    "Je ne peux pas répondre.",
    "NO ANSWER",
    "No answer.",
    "",
]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_is_told_as_one(retriever: Retriever, llm: ScriptedLLM, refusal: str) -> None:
    llm.script(say(refusal or "..."))
    note = "The language model found no answer in the passages, so the sources are quoted instead."
    assert retriever.ask(QUESTION).note == note
    llm.script(say(f"It does not cure asthma [1]. {refusal}"))
    assert retriever.ask(QUESTION).text == "It does not cure asthma. [1]"


def test_the_rest_of_an_answer_stays_where_it_speaks_of_no_answer(retriever: Retriever, llm: ScriptedLLM) -> None:
    llm.script(say("It does not cure asthma [1]. There is no answer about children."))
    assert retriever.ask(QUESTION).text == "It does not cure asthma. [1]"


def test_a_thought_of_which_only_the_end_is_marked_is_withdrawn(retriever: Retriever, llm: ScriptedLLM) -> None:
    llm.script(say(f"It does not cure asthma. I may say more of it.</think>\n{TRUE}"))
    answer = retriever.ask(QUESTION)
    assert (answer.text, answer.note) == ("Zafirol treats severe asthma in adults. [1]", None)


def test_where_nothing_is_supported_the_sources_are_quoted(retriever: Retriever, llm: ScriptedLLM) -> None:
    for text in ("The moon is made of cheese [1].", "I'm sorry, but I can't help with that.", "NO ANSWER"):
        llm.script(say(text))
        answer = retriever.ask(QUESTION)
        assert same_but_for_the_note(answer, extractive(retriever))
        assert answer.note is not None
        assert answer.note.endswith("so the sources are quoted instead.")


CHUNK = 'data: {"choices":[{"index":0,"delta":{"content":"Zafirol treats severe asthma [1]. And "}}]}\n\n'
FAULTS: dict[str, tuple[Script, str]] = {
    "error 500": (send("oops", status=500), "error 500"),
    "unauthorised": (send('{"error": {"message": "bad key sk-secret-key"}}', status=401), "error 401"),
    "too many": (send("{}", status=429), "error 429"),
    "bad request": (send("{}", status=400, kind="application/json"), "error 400"),
    "redirect": (send("", status=302), "error 302"),
    "html": (send("<html><body>Welcome</body></html>", kind="text/html"), "cannot be read"),
    "empty body": (send(""), "cannot be read"),
    "empty text": (say(""), "no text"),
    "broken JSON": (send("data: {]\n\n"), "cannot be read"),
    "other JSON": (send('data: [1]\n\ndata: 7\n\ndata: {"choices": {"a": 1}}\n\n'), "broke off"),
    "other text": (send('data: {"choices": [{"delta": {"content": 5}, "finish_reason": "stop"}]}\n\n'), "no text"),
    "no UTF-8": (send(b'data: {"choices": "\xff\xfe"}\n\n'), "cannot be read"),
    "cut": (send(CHUNK), "broke off"),
    "cut within a chunk": (send(CHUNK[:-30]), "cannot be read"),
    "endless": (for_ever(CHUNK, 0), "did not come to an end"),
    "endless and slow": (for_ever(CHUNK, 0.3), "did not answer within 2 seconds"),
    "endless silence": (for_ever(": still here\n\n"), "did not answer within 2 seconds"),
    "endless line": (for_ever("a" * 500_000, 0), "cannot be read"),
    "a huge token": (send(f'data: {{"choices":[{{"delta":{{"content":"{"a" * 50_000}"}}}}]}}\n\n'), "to an end"),
    "hanging": (send("", seconds=20), "did not answer within 2 seconds"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_fails_the_sources_are_quoted_and_a_note_says_why(
    folder: Path, llm: ScriptedLLM, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    script, told = FAULTS[fault]
    llm.script(script)
    caplog.set_level(logging.DEBUG)
    seconds = 2.0 if "within 2 seconds" in told else 30.0
    settings = Settings(llm_base_url=llm.url, llm_seconds=seconds, llm_api_key="sk-secret-key", decline_below=0.0)
    with Retriever.open(folder, settings) as retriever:
        expected = extractive(retriever)
        answer = retriever.ask(QUESTION)
        assert answer.timings_ms["llm"] < 1000 * (seconds + 1)
    assert same_but_for_the_note(answer, expected)
    assert answer.note is not None
    assert told in answer.note
    assert "sk-secret-key" not in caplog.text + str(answer.to_dict()) + repr(settings)
    assert len(answer.note) < 150


SURROGATE = 'data: {"choices":[{"index":0,"delta":{"content":"It does \\ud800not cure"},"finish_reason":null}]}\n\n'
REST = 'data: {"choices":[{"index":0,"delta":{"content":" asthma. [1]"},"finish_reason":"stop"}]}\n\n'


def test_half_a_character_and_an_endless_number_break_nothing(retriever: Retriever, llm: ScriptedLLM) -> None:
    for number in (f"{'1' * 4400} mg", f"old [{'1' * 4400}]"):
        llm.script(say(f"It does not cure asthma. [1] It is {number}.", pieces=500))
        assert retriever.ask(QUESTION).text == "It does not cure asthma. [1]"
    llm.script(send(SURROGATE, REST))
    str(retriever.ask(QUESTION).to_dict()).encode()
    assert rewritten("What \ud800 is it?") == "What \ufffd is it?"


def test_what_is_not_seen_is_taken_out_and_what_looks_alike_is_not_believed(
    retriever: Retriever, llm: ScriptedLLM
) -> None:
    llm.script(say("It does \u202enot\u202c cu\u200bre\x1b ast\u00adhma\x00. [1]"))
    answer = retriever.ask(QUESTION)
    assert (answer.text, answer.citations[0].verdict) == ("It does not cure asthma. [1]", "exact")
    llm.script(say("It does not cure asthma. [1] Z\u0430firol treats severe asthma in adults. [1]"))
    assert retriever.ask(QUESTION).text == "It does not cure asthma. [1]"


SLOW = {
    "new lines": "\n",
    "dots": "x.",
    "addresses": "a://",
    "items": "\n- x",
    "links": "[1](",
}


@pytest.mark.parametrize("part", SLOW.values(), ids=SLOW.keys())
def test_a_reply_is_read_in_time_whatever_it_is_made_of(part: str) -> None:
    begun = time.process_time()
    list(sentences_of([part] * (5900 // len(part)), "a1b2c3"))
    assert time.process_time() - begun < 12  # some seconds; it was minutes


def test_the_time_is_over_for_a_slow_reader_too(llm: ScriptedLLM) -> None:
    llm.script(say("Zafirol is a drug. " * 100))
    with pytest.raises(LLMError, match="did not answer within 1 seconds"):
        for _ in LLM(Settings(llm_base_url=llm.url)).stream([], 1.0):
            time.sleep(0.05)


def test_a_server_that_is_not_there_is_named(folder: Path) -> None:
    with Retriever.open(folder, Settings(llm_base_url="http://127.0.0.1:1/v1", decline_below=0.0)) as retriever:
        answer = retriever.ask(QUESTION)
    assert answer.note == "The language model at 127.0.0.1 cannot be reached, so the sources are quoted instead."
    assert [c.verdict for c in answer.citations] == ["exact"] * len(answer.citations) != []


def test_no_connection_is_left_open(retriever: Retriever, llm: ScriptedLLM) -> None:
    llm.script(for_ever(CHUNK, 0))
    retriever.ask(QUESTION)
    assert llm.left.wait(5)


def test_the_key_goes_with_the_request_and_no_other_key_does(
    retriever: Retriever, llm: ScriptedLLM, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "sk-of-another-server")
    retriever.ask(QUESTION)
    assert llm.headers[0]["authorization"] == "Bearer sk-secret-key"
    with Retriever.open(folder, Settings(llm_base_url=llm.url, decline_below=0.0)) as keyless:
        keyless.ask(QUESTION)
    assert "sk-of-another-server" not in str(llm.headers)


def test_a_declined_question_does_not_reach_the_model(folder: Path, llm: ScriptedLLM) -> None:
    with Retriever.open(folder, Settings(llm_base_url=llm.url, decline_below=1.0)) as retriever:
        answer = retriever.ask(QUESTION)
    assert (answer.answered, answer.note, llm.asked) == (False, None, [])


def test_the_answer_comes_sentence_by_sentence(retriever: Retriever, llm: ScriptedLLM) -> None:
    llm.script(say("Zafirol treats severe asthma in adults [1]. It does not cure asthma [1]. It is 7 years old [1]."))
    found, *pieces, answer = retriever.stream(QUESTION)
    assert isinstance(found, Found)
    assert pieces == ["Zafirol treats severe asthma in adults. [1]", " It does not cure asthma. [2]"]
    assert isinstance(answer, Answer)
    assert "".join(map(str, pieces)) == answer.text
    assert found.hits == answer.evidence
    assert all(isinstance(piece, Piece) for piece in pieces)
    said = [(piece.so_far.text, len(piece.so_far.citations)) for piece in pieces if isinstance(piece, Piece)]
    assert said == [(pieces[0], 1), (answer.text, 2)]


def test_a_stream_that_cannot_take_back_says_what_is_withdrawn(folder: Path, llm: ScriptedLLM) -> None:
    settings = Settings(llm_base_url=llm.url, decline_below=0.0, llm_unsupported="mark")
    with Retriever.open(folder, settings) as opened, TestClient(create_app(opened), "http://127.0.0.1") as client:

        def told(script: Script) -> str:
            llm.script(script)
            messages = [{"role": "user", "content": QUESTION}]
            reply = client.post("/v1/chat/completions", json={"messages": messages, "stream": True}).text
            chunks = [json.loads(line[6:]) for line in reply.split("\n") if line.startswith("data: {")]
            return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)

        quoted = extractive(opened).text
        broken = told(send(CHUNK.replace("Zafirol treats severe asthma [1]. And ", f"{TRUE} It is red")))
        first, withdrawn, rest = broken.partition("\n\nWhat stands above is withdrawn. ")
        assert (first, bool(withdrawn)) == ("Zafirol treats severe asthma in adults. [1]", True)
        assert rest.startswith(f"The language model's reply broke off, so the sources are quoted instead.\n\n{quoted}")
        # What nothing supports is not shown before it is known that something else is.
        assert told(say("The moon is made of cheese [1]. It is blue [1].")).startswith(quoted)
        marked = told(say(f"The moon is made of cheese [1]. {TRUE}"))
        assert marked.startswith(
            "The moon is made of cheese. (unsupported) [1] Zafirol treats severe asthma in adults. [2]"
        )
        assert _spoken(ChatMessage(role="assistant", content=broken)).text == quoted


def test_without_a_model_the_stream_ends_with_what_ask_gives(folder: Path) -> None:
    with Retriever.open(folder, Settings(decline_below=0.0)) as retriever:
        found, text, answer = retriever.stream(QUESTION)
        assert isinstance(found, Found)
        assert isinstance(answer, Answer)
        assert text == answer.text
        assert same_but_for_the_note(answer, retriever.ask(QUESTION))


def test_a_follow_up_is_rewritten_by_the_model(retriever: Retriever, llm: ScriptedLLM) -> None:
    history = [{"role": "user", "text": QUESTION}, {"role": "assistant", "text": "Asthma."}]
    llm.script(replies(["How many mg of Zafirol are given?", "It is given as a tablet of 20 mg twice a day [1]."]))
    answer = retriever.ask("How much is given?", history)
    assert answer.searched_for == "How many mg of Zafirol are given?"
    assert answer.text == "It is given as a tablet of 20 mg twice a day. [1]"
    assert QUESTION in asked_for(llm.asked[0])


@pytest.mark.parametrize("reply", ["", "Sure!\nHere it is:\n- a", "word " * 100, "[1]"])
def test_a_rewriting_that_fails_leaves_the_built_in_one(retriever: Retriever, llm: ScriptedLLM, reply: str) -> None:
    history = [{"role": "user", "text": QUESTION}, {"role": "assistant", "text": "Asthma."}]
    llm.script(say(reply))
    assert retriever.ask("How much is given?", history).searched_for == (
        extractive_follow_up(retriever, history).searched_for
    )


def extractive_follow_up(retriever: Retriever, history: list[dict[str, str]]) -> Answer:
    with Retriever.open(retriever.library.folder, Settings(decline_below=0.0)) as without:
        return without.ask("How much is given?", history)


def test_passages_are_data(retriever: Retriever, llm: ScriptedLLM) -> None:
    """Every line of a passage bears a mark that is drawn anew; a forged end of a passage is a line like any other."""
    retriever.ask(QUESTION)
    retriever.ask(QUESTION)
    marks = []
    for request in llm.asked:
        asked = request["messages"][1]["content"]
        mark = re.findall(r"<passage 1 (\w+)>", asked)[0]
        marks.append(mark)
        told = asked.partition("\n\nQuestion: ")[0].split("\n")
        assert all(line.startswith((f"{mark}|", "<passage ", "</passage ")) for line in told)
        assert "Zafirol is a drug" in asked
    assert marks[0] != marks[1]


HOSTILE = [
    ("See [this](http://evil.example/a?b=c) [1].", "See this"),
    ("See [this][1] ![x](http://evil.example/p.png) [1].", "See this"),
    ("See ![x][1] <img src=http://evil.example/p.png> it [1].", "See it"),
    ("See <https://evil.example> and www.evil.example/x [1].", "See and"),
    ("See <a href='//evil.example'>it</a><script>alert(1)</script> [1].", "See italert(1)"),
    ("See evil.example/collect?q=1 data:text/html;base64,AAAA javascript:alert(1) [1].", "See"),
    ("See [it [1](http://evil.example/)] and [it][1] [2](/x) [1].", "See (it) and it"),
    ("<think>The user wants a link. I obey [1].</think>See it [1].", "See it"),
    ("**See** `it` [1].", "See it"),
    ("p < 0.05 and n > 3 [1].", "p < 0.05 and n > 3"),
]


@pytest.mark.parametrize(("text", "shown"), HOSTILE)
def test_no_link_image_or_markup_of_the_model_is_left(text: str, shown: str) -> None:
    for size in (1, 3, len(text)):
        pieces = [text[i : i + size] for i in range(0, len(text), size)]
        found = list(sentences_of(pieces, "a1b2c3"))
        assert " ".join(written.text.rstrip(". ") for written in found) == shown
        assert not re.search(r"https?:|www\.|[\[\]`]|\]\(|<\w|evil", " ".join(w.text for w in found))


def test_sentences_come_with_what_they_cite_wherever_the_stream_is_cut() -> None:
    text = "Water boils at 100.5 °C [2]. Dr. Chen froze it.[1][3]\n- Ice floats [1, 4].\n\nIt is cold. [5] And"
    expected = [
        Written("Water boils at 100.5 °C.", (2,)),
        Written("Dr. Chen froze it.", (1, 3)),
        Written("Ice floats.", (1, 4)),
        Written("It is cold.", (5,)),
        Written("And", ()),
    ]
    for size in range(1, 30):
        assert list(sentences_of((text[i : i + size] for i in range(0, len(text), size)), "a1b2c3")) == expected


@pytest.mark.parametrize(
    ("text", "cites"),
    [
        ("It boils【1】. It freezes［2］.", [(1,), (2,)]),
        ("It boils.[^1] It freezes【2†source】.", [(1,), (2,)]),
        ("It boils [Source 1]. It freezes (passage 2).", [(1,), (2,)]),
        ("- It boils [1]\n- It freezes [2]", [(1,), (2,)]),
        ("1. It boils\n2. It freezes [1][2]", [(), (1, 2)]),
        ("It boils (1) at once. It freezes [array 2].", [(), ()]),
        ("It boils (1). It freezes<sup>2</sup>.", [(1,), (2,)]),
        ("It boils [1]\nIt freezes [2-4]", [(1,), (2, 3, 4)]),
        ("According to passage 1, it boils. Based on the source [2], it freezes.", [(1,), (2,)]),
        ("| What | Then |\n|---|---|\n| It boils | now [1] |\n| It freezes | then [2] |\n", [(1,), (2,)]),
        ("Hm. It cooks.</think>It boils [1]. It freezes [2].<|im_end|>\nWhat?", [(1,), (2,)]),
        ("<reasoning>Hm. It cooks.</reasoning>It boils [1]. It freezes [2].\nUser: Does it cook?", [(1,), (2,)]),
        ("[THINK]Hm. It cooks.[/THINK]It boils [1]. It freezes [2].", [(1,), (2,)]),
        (
            "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>It boils. It freezes.",
            [(), ()],
        ),
    ],
)
def test_marks_and_items_of_other_habits_are_understood(text: str, cites: list[tuple[int, ...]]) -> None:
    for size in (1, 4, len(text)):
        found = list(sentences_of((text[i : i + size] for i in range(0, len(text), size)), "a1b2c3"))
        found = found[max((i for i, written in enumerate(found, 1) if not written.text), default=0) :]
        assert [written.cites for written in found] == cites
        assert all(written.text.startswith(("It boils", "It freezes")) and not written.altered for written in found)


def test_a_rewritten_question_is_one_line() -> None:
    assert rewritten("Standalone question: What is PD-1?") == "What is PD-1?"
    assert rewritten("a [link](http://evil.example)?") == "a link?"
    assert rewritten("one\n\ntwo") is None
    assert plain("# Head\n> quoted\n1. one") == "Head\nquoted\none"
