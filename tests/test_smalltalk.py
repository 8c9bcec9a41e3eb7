"""Thanks and greetings get a reply, never a search; what holds a question is searched for without them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import Document, Library
from retriever import Retriever, Turn
from retriever.rewrite import rewrite
from retriever.smalltalk import kind, reply, without
from ui import render

BEFORE = [Turn("user", "What is CAR-T cell therapy?"), Turn("assistant", "CAR-T cell therapy uses T cells. [1]")]


@pytest.mark.parametrize(
    ("message", "of"),
    [
        ("Thanks!", "thanks"),
        ("ok, got it, thank you so much 🙏", "thanks"),
        ("That was very helpful.", "nod"),
        ("I see", "nod"),
        ("👍", "nod"),
        ("Hello?", "greeting"),
        ("Good morning, how are you today?", "greeting"),
        ("What can you do?", "greeting"),
        ("That's all for now, bye", "bye"),
        ("You're right.", "nod"),
        ("Right, thanks", "thanks"),
        ("that isn't what I asked", "complaint"),
        ("Wrong!", "complaint"),
        ("Are you sure about that?", "doubt"),
        ("But really?", "doubt"),
        ("is that right?", "doubt"),
        ("How do you know that?", "doubt"),
        ("How many documents are there?", "library"),
        ("What's in my library?", "library"),
        ("List all documents", "library"),
    ],
)
def test_small_talk(message: str, of: str) -> None:
    assert kind(message) == of


@pytest.mark.parametrize(
    "message",
    [
        "Why?",
        "And you?",
        "Tell me more",
        "Is that good?",
        "was it helpful",
        "Hello world",
        "right heart failure",
        "Right to work",
        "NICE",
        "--help",
        "Is that wrong?",
        "wrong dose",
        "Is that still right?",
        "Are you sure the dose is right?",
        "Is it true of children?",
        "Which documents are needed for a visa?",
        "How many files can the library open?",
        "good clinical practice",
        "help with vectors",
        "What is it good for?",
        "No response",
        "?",
        "🧬",
        "",
    ],
)
def test_no_small_talk(message: str) -> None:
    assert kind(message) is None
    assert without(message) == message


@pytest.mark.parametrize(
    ("message", "question"),
    [
        ("Great, and what is a biosimilar?", "What is a biosimilar?"),
        ("great and what is a biosimilar?", "What is a biosimilar?"),
        ("Thanks! And in children?", "And in children?"),
        ("Thank you very much. What are its side effects?", "What are its side effects?"),
        ("ok so how is it given", "How is it given"),
        ("Hi, CAR-T cells", "CAR-T cells"),
        ("Got it. I have another question: why?", "I have another question: why?"),
        ("Good clinical practice, and what is it?", "Good clinical practice, and what is it?"),
        ("a good that can be sold", "a good that can be sold"),
        ("Ok, how is it made? List the steps.", "How is it made?"),
        ("What is the fee? Quote the exact wording, please. Give the clause number.", "What is the fee?"),
        ("Who pays? Please answer in one sentence!", "Who pays?"),
        ("Who pays? Explain how it is paid.", "Who pays? Explain how it is paid."),
        ("Who pays? In Spain.", "Who pays? In Spain."),
    ],
)
def test_a_question_is_asked_without_the_small_talk_around_it(message: str, question: str) -> None:
    assert without(message) == question


@given(st.text(max_size=200))
def test_what_is_taken_off_stands_in_front_or_behind(message: str) -> None:
    rest = without(message)
    assert rest == message or rest.lower()[1:] in message.lower()


def test_the_reply_says_what_can_be_asked() -> None:
    assert reply("Hello", 1) == "Hello! Ask about anything in your document, in a sentence or a few words."
    assert "add documents" in (reply("Hello", 0) or "")


def test_nothing_is_searched_for_and_the_conversation_goes_on_as_if_it_was_not_said(library: Library) -> None:
    library.ingest_documents([Document("d.md", "", "CAR-T cell therapy is given by infusion. Thanks to all.", "")])
    answer = Retriever(library).ask("Thanks!", BEFORE)
    assert (answer.answered, answer.searched_for, answer.citations, answer.evidence) == (False, "", (), ())
    assert answer.text.startswith("You're welcome!")
    history = [*BEFORE, Turn("user", "Thanks!"), Turn("assistant", answer.text)]
    with library.reading():
        assert rewrite(library, "How is it given?", history) == rewrite(library, "How is it given?", BEFORE)
        assert rewrite(library, "Thanks!", BEFORE) == "Thanks!"
    assert Retriever(library).ask("Great, and how is it given?", history).searched_for == (
        "How is CAR-T cell therapy given?"
    )


def test_a_subject_is_opened_by_a_question_with_thanks_before_it(library: Library) -> None:
    history = [*BEFORE, Turn("user", "Great, and what is a biosimilar?"), Turn("assistant", "A copy. [1]")]
    with library.reading():
        assert rewrite(library, "How is it given?", history).startswith("How is a biosimilar given?")


def test_the_page_shows_the_reply_and_nothing_about_searching(library: Library) -> None:
    html = render.turn(Retriever(library).ask("Hello"), render.TurnId(1))
    assert "Hello! " in html
    for told in ("Searched for", "Chance that", "does not guess", "Helpful?"):
        assert told not in html
