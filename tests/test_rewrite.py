"""What a turn of a conversation is searched for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retriever import Turn
from retriever.rewrite import rewrite, stands_alone, subject
from retriever.search import Part

FIRST = "How is BCG given for bladder cancer?"
SECOND = "And what are its side effects?"


def asked(*texts: str) -> list[Turn]:
    turns = []
    for text in texts:
        turns += [Turn("user", text), Turn("assistant", f"An answer about zebras to: {text}")]
    return turns


def test_a_question_that_opens_a_conversation_is_searched_for_as_it_is() -> None:
    for history in ([], [Turn("assistant", "Hello! Ask about zebras.")], [Turn("user", "  ")]):
        rewritten = rewrite(SECOND, history)
        assert (rewritten.searched_for, rewritten.parts) == (SECOND, (Part(SECOND, 1.0),))


def test_a_follow_up_is_searched_for_alone_and_with_its_subject() -> None:
    rewritten = rewrite(SECOND, asked(FIRST))
    assert rewritten.searched_for == f"{SECOND} (about: {FIRST})"
    alone, together = rewritten.parts
    assert alone == Part(SECOND, 1.0)
    assert together.text == f"{FIRST} {SECOND}"
    assert together.weight > 1


def test_what_was_answered_is_not_searched_for() -> None:
    rewritten = rewrite(SECOND, asked(FIRST, "Does it burn?"))
    assert "zebras" not in rewritten.searched_for + "".join(part.text for part in rewritten.parts)


def test_a_change_of_subject_is_searched_for_alone() -> None:
    for question in ("A different topic: what is a biosimilar?", "Now to another question: what is TIL therapy?"):
        assert rewrite(question, asked(FIRST)).parts == (Part(question),)


def test_a_question_that_could_stand_alone_leans_less() -> None:
    def weight(question: str) -> float:
        return sum(part.weight for part in rewrite(question, asked(FIRST)).parts[1:])

    assert weight("What is the standard dose of tocilizumab in rheumatoid arthritis?") < weight(SECOND)


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("What is the standard dose of tocilizumab in rheumatoid arthritis?", True),
        ("Which vaccines prevent cervical cancer in girls?", True),
        (FIRST, True),
        (SECOND, False),
        ("How is it given?", False),
        ("Why?", False),
        ("What about children?", False),
        ("so does that work in every patient with melanoma", False),
        ("Which of these drugs is approved for lung cancer?", False),
    ],
)
def test_stands_alone(question: str, alone: bool) -> None:
    assert stands_alone(question) is alone


def test_the_subject_is_the_last_question_that_stood_alone_and_the_last_one() -> None:
    assert subject([FIRST]) == [FIRST]
    assert subject([FIRST, SECOND]) == [FIRST, SECOND]
    other = "Which antibodies block CTLA-4 in melanoma patients?"
    assert subject([FIRST, SECOND, other]) == [other]
    assert subject([FIRST, other, "Why?", "Where is it made?"]) == [other, "Where is it made?"]
    assert subject(["Why?", "How?"]) == ["Why?", "How?"]


@given(question=st.text(min_size=1), history=st.lists(st.text(), max_size=6))
def test_the_question_itself_always_counts(question: str, history: list[str]) -> None:
    rewritten = rewrite(question, [Turn("user", text) for text in history])
    assert rewritten.parts[0] == Part(question, 1.0)
    assert rewritten.searched_for.startswith(question)
    assert all(part.weight > 0 and question in part.text for part in rewritten.parts)
