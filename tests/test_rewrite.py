"""What a turn of a conversation is searched for."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import Document, Library
from retriever import Turn
from retriever.carry import RETURNING, Term, candidates, carried, openings, stands_alone, stems
from retriever.resuming import as_put
from retriever.rewrite import phrases, rewrite, written_into

FIRST = "How is BCG given for bladder cancer?"
SECOND = "And what are its side effects?"


def asked(*texts: str, answer: str = "An answer.") -> list[Turn]:
    return [turn for text in texts for turn in (Turn("user", text), Turn("assistant", answer))]


def searched_for(library: Library, question: str, history: list[Turn]) -> str:
    with library.reading():
        return rewrite(library, question, history)


def test_a_question_that_opens_a_conversation_is_searched_for_as_it_is(library: Library) -> None:
    for history in ([], [Turn("assistant", "Hello! Ask about zebras.")], [Turn("user", "  ")]):
        assert searched_for(library, SECOND, history) == SECOND


def test_a_pronoun_gives_way_to_what_it_stands_for(library: Library) -> None:
    history = asked("What is CAR-T cell therapy?")
    assert searched_for(library, "How is it given?", history) == "How is CAR-T cell therapy given?"
    assert searched_for(library, "What are its risks?", history) == "What are the risks of CAR-T cell therapy?"


def test_without_a_pronoun_the_subject_stands_behind_the_question(library: Library) -> None:
    assert searched_for(library, "And in children?", asked("What is CAR-T cell therapy?")) == (
        "And in children? (about: CAR-T cell therapy)"
    )


def test_it_is_no_person(library: Library) -> None:
    history = asked(
        "How much security deposit may a landlord demand?",
        answer="A landlord shall not demand a security deposit of more than two months' rent.",
    )
    found = searched_for(library, "When must it be returned?", history)
    assert found.startswith("When must it be returned? (about: ")


def test_what_was_searched_for_can_be_asked_alone(library: Library) -> None:
    once = searched_for(library, "And in children?", asked("What is CAR-T cell therapy?"))
    assert searched_for(library, once, []) == once


def test_the_answer_may_say_what_is_meant(library: Library) -> None:
    history = asked("Who is called the father of immunotherapy?", answer="William Coley, a surgeon in New York.")
    assert "William Coley" in searched_for(library, "When was he born?", history)


def test_addresses_code_and_rows_hold_no_subjects() -> None:
    answer = "A closure captures.\n\n    let x = zebra();\n    okapi(x);\n\nAnimal: gnu | Legs: four\n\nAt https://ibex.org now."
    words = {term.word for term in candidates("How is it written?", asked("What is a closure?", answer=answer))}
    assert "captures" in words
    assert words.isdisjoint({"zebra", "okapi", "gnu", "https", "ibex.org"})


def test_labels_and_amounts_are_no_subjects() -> None:
    answer = "From: Ada Lowe\nDate: Tue, 21 May 2024\nSubject: Rota\n\nThe fee is EUR 18,500 (95% CI 1.2 to 3)."
    words = {term.word for term in candidates("When is it due?", asked("Who wrote it?", answer=answer))}
    assert {"Lowe", "Rota", "fee", "18,500"} <= words
    assert words.isdisjoint({"From", "Date", "Tue", "Subject", "EUR", "18", "500", "CI"})


@pytest.mark.parametrize("answer", ["Not in your documents: zebras and okapis.", "I'm sorry, I have no zebras."])
def test_what_stands_in_place_of_an_answer_is_not_carried_over(library: Library, answer: str) -> None:
    words = [term.word for term in candidates("How is it given?", asked(FIRST, answer=answer))]
    assert "BCG" in words
    assert "zebras" not in words


def test_a_change_of_subject_in_so_many_words_cuts_the_history_off(library: Library) -> None:
    changed = "A different topic: what is a biosimilar?"
    assert searched_for(library, changed, asked(FIRST)) == changed
    later = searched_for(library, "How is it made?", asked(FIRST, changed))
    assert "biosimilar" in later
    assert "BCG" not in later


def test_a_question_that_names_its_own_subject_drags_no_old_words_along(library: Library) -> None:
    history = asked(FIRST, SECOND)
    for question in (
        "Which antibodies block CTLA-4 in melanoma patients?",
        "What is the standard dose of tocilizumab in rheumatoid arthritis?",
    ):
        assert searched_for(library, question, history) == question


def test_the_first_subject_is_left_once_several_others_were_opened(library: Library) -> None:
    history = asked(
        "Which drugs block CTLA-4?",
        "How is BCG given for bladder cancer?",
        "Which vaccines prevent cervical cancer?",
        "When should methotrexate be started in rheumatoid arthritis?",
    )
    assert "CTLA-4" in searched_for(library, "And in melanoma?", history[:4])
    assert "CTLA-4" not in searched_for(library, "What was the median survival?", history)
    assert "methotrexate" in searched_for(library, "And in children?", history)
    # What is spoken of again is meant again.
    again = [*history, *asked("Does CTLA-4 matter there?")]
    assert "CTLA-4" in searched_for(library, "And in melanoma?", again)


def test_the_subject_is_the_one_that_was_opened_last(library: Library) -> None:
    history = asked("What is TIL therapy?", "Who can have it?", "What is a biosimilar?")
    assert openings(history) == [0, 2]
    assert openings(history[:4]) == [1]
    # A name whose letter was said is new.
    assert openings(asked("How does blocking PD-1 help T cells?", "What is CAR-T?")) == [0, 1]
    assert searched_for(library, "Why is it cheaper?", history).startswith("Why is a biosimilar cheaper?")


def test_a_name_is_meant_more_probably_than_a_common_word(library: Library) -> None:
    library.ingest_documents(
        Document(id=f"{n}", title="", text="Bladder cancer is treated by instillation.", sha256="") for n in range(5)
    )
    with library.reading():
        terms = carried(library, "How often?", asked("How is BCG instillation done?"))
    assert terms[0].word == "BCG"
    assert [term.probability for term in terms] == sorted((t.probability for t in terms), reverse=True)


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("Which vaccines prevent cervical cancer in girls?", True),
        ("And what is a biosimilar?", True),
        ("What are the most common side effects of nivolumab?", True),
        ("What are the side effects of the drug?", False),
        ("What is the risk?", False),
        ("And what is the dose?", False),
        ("What is the dose?", False),
        ("Why are people tested for hepatitis before they get rituximab?", True),
        ("Why do they get rituximab before people are tested?", False),
        ("What is the alert card that immunotherapy patients carry?", True),
        ("How many patients with melanoma get that side effect?", False),
        ("How does rituximab stop that kind of lymphoma growing?", False),
        ("What does the Fc region of an antibody do?", True),
        ("define sepsis", True),
        ("List the rules of ownership", True),
        ("List its rules", False),
        ("define it", False),
        (FIRST, True),
        (SECOND, False),
        ("How is it given?", False),
        ("Can the drug be restarted?", False),
        ("What about children?", False),
        ("so does that work in every patient with melanoma", False),
        ("Which of these drugs is approved for lung cancer?", False),
        ("Which of the two is gentler on the immune system?", False),
        ("Which of the two kinds of T cells kills tumour cells?", True),
    ],
)
def test_stands_alone(question: str, alone: bool) -> None:
    assert stands_alone(question) is alone


@pytest.mark.parametrize(
    ("question", "phrase", "whole"),
    [
        ("Is it true that cells die?", "BCG", "Is it true that cells die? (about: BCG)"),
        ("Did they replace it?", "BCG", "Did they replace it? (about: BCG)"),
        ("When was he born?", "Coley", "When was Coley born?"),
        ("When was he born?", "surgeon", "When was he born? (about: surgeon)"),
        ("What was in his toxins?", "Coley", "What was in Coley's toxins?"),
        ("What are their risks?", "inhibitors", "What are the risks of inhibitors?"),
        ("Do its cells fuse?", "BCG", "Do BCG's cells fuse?"),
        ("Is it safer?", "pollen injections for hay fever", "Is it safer? (about: pollen injections for hay fever)"),
        ("Is it worse?", "diabetes", "Is diabetes worse?"),
        ("How much is it?", "Tuesday to Sunday", "How much is it? (about: Tuesday to Sunday)"),
        ("How much is it?", "museum open on Sundays", "How much is museum?"),
        ("Who does it?", "boiler", "Who does it? (about: boiler)"),
        (
            "Why did they stop?",
            "the father of immunotherapy",
            "Why did they stop? (about: the father of immunotherapy)",
        ),
        ("Which of them grow?", "exhausted T cells", "Which of the exhausted T cells grow?"),
        ("Are its cells in it?", "BCG", "Are its cells in it? (about: BCG)"),
        ("Did its makers know?", "PD-1 on T cells", "Did its makers know? (about: PD-1 on T cells)"),
    ],
)
def test_only_a_pronoun_that_is_understood_is_replaced(question: str, phrase: str, whole: str) -> None:
    assert written_into(question, [phrase], sure=True) == whole
    assert written_into(question, [phrase], sure=False) == f"{question} (about: {phrase})"


@pytest.mark.parametrize(
    ("said", "meant", "phrase"),
    [
        (
            "Can people with an autoimmune condition receive inhibitors?",
            "autoimmune condition inhibitors",
            "autoimmune condition",
        ),
        ("What does stage 2 type 1 diabetes mean?", "diabetes stage 1 2", "type 1 diabetes"),
        ("Starting nivolumab was wise.", "nivolumab", "nivolumab"),
        ("Exhausted T cells inside tumours carry receptors.", "exhausted T", "exhausted T cells"),
        ("What is a dangling reference?", "dangling", "dangling reference"),
        ("The trial of 1,645 recipients", "trial", "trial"),
        ("Tremelimumab blocks. We know tremelimumab.", "Tremelimumab", "tremelimumab"),
        ("Kawasaki disease harms children. It is Kawasaki disease.", "kawasaki disease", "Kawasaki disease"),
        ("Is sipuleucel-T a vaccine? Sipuleucel-T is.", "Sipuleucel-T", "sipuleucel-T"),
        ("North Carolina is north of here.", "north carolina", "North Carolina"),
        ("A deposit of GBP 7,200 is held.", "deposit", "deposit"),
        ("Stop warfarin 5 days before surgery.", "warfarin", "warfarin"),
        ("Give ceftriaxone 2 g at once.", "ceftriaxone", "ceftriaxone"),
        ("In stage 2 tumours it fails.", "stage", "stage 2"),
    ],
)
def test_a_phrase_names_something(said: str, meant: str, phrase: str) -> None:
    terms = [Term(stems(word), word, 0.9) for word in meant.split()]
    assert phrases(terms, (), [Turn("user", said)])[0] == phrase


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(
    question=st.text(min_size=1),
    history=st.lists(st.builds(Turn, st.sampled_from(["user", "assistant"]), st.text(max_size=300)), max_size=6),
)
def test_any_history_gives_a_question_of_modest_length(library: Library, question: str, history: list[Turn]) -> None:
    whole = searched_for(library, question, history)
    assert whole
    assert len(whole) <= len(question) + 4 * 7 * 42


def test_a_very_long_history_is_cut(library: Library) -> None:
    history = asked(*("What is BCG? " + "x" * 100_000 + " y" * 50_000 for _ in range(30)))
    assert len(searched_for(library, "How is it given?", history)) < 400


def test_what_was_said_in_one_phrase_is_not_said_in_the_next() -> None:
    turns = [Turn("user", "How much immunoglobulin does a child with Kawasaki disease get?")]
    terms = [Term(stems(word), word, 0.9) for word in ("Kawasaki", "disease", "child")]
    assert phrases(terms[:2], (), turns) == ["Kawasaki disease"]
    other = [*turns, Turn("user", "Immunoglobulin for Kawasaki disease")]
    wanted = [Term(stems(word), word, 0.9) for word in ("immunoglobulin", "Kawasaki", "disease", "child")]
    assert phrases(wanted, (), other) == ["immunoglobulin for Kawasaki disease", "child"]


def test_no_day_is_it(library: Library) -> None:
    turns = [*asked("When is the museum open?"), Turn("assistant", "It is open Tuesday to Sunday.")]
    assert searched_for(library, "How much is it?", turns) == "How much is the museum?"


def test_an_article_is_carried_along(library: Library) -> None:
    history = asked("What is the first drug for gout?")
    assert searched_for(library, "How long does it last?", history) == "How long does the drug for gout last?"


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("back to the mutex: can it deadlock?", True),
        ("OK, let's go back to CAR-T, how is it given?", False),
        ("Coming back to biosimilars - who approves them?", True),
        ("back to the first drug: what does it cost?", False),
        ("Back to my question: is it safe?", False),
        ("Does it go back to normal?", False),
    ],
)
def test_a_turn_may_name_the_subject_it_returns_to(question: str, names: bool) -> None:
    assert bool(RETURNING.search(question)) == names


@pytest.fixture
def clinic(library: Library) -> Library:
    texts = {
        "Zebra study": "The ZEBRA-1 study was stopped early for harm. Its patients were frail.",
        "Ward": "Visiting hours are 14:00 to 19:00. Two visitors a bed.",
        "Formulary": "The dose of ceftriaxone is 2 g. The dose of vancomycin is 15 mg. Its price is 9 EUR.",
        "Surgery": "Restart warfarin on the evening of surgery.",
    }
    library.ingest_documents(Document(id=t, title=t, text=text, sha256="") for t, text in texts.items())
    return library


def test_a_name_is_left_once_something_was_asked_that_no_passage_tells_of_it(clinic: Library) -> None:
    history = asked("Why was ZEBRA-1 stopped early?", "What are the visiting hours?")
    assert searched_for(clinic, "What is the dose of ceftriaxone?", history) == "What is the dose of ceftriaxone?"
    history += asked("What is the dose of ceftriaxone?")
    assert searched_for(clinic, "And vancomycin?", history) == "And vancomycin? (about: ceftriaxone)"
    # A question that points back leaves nothing: the library may say it in other words.
    history = asked("Why was ZEBRA-1 stopped early?", "And who paid for the visiting of it?")
    assert "ZEBRA-1" in searched_for(clinic, "Who took part?", history)


def test_a_whole_question_takes_nothing_along_that_no_passage_holds_beside_it(clinic: Library) -> None:
    history = asked("When is warfarin restarted after surgery?")
    assert searched_for(clinic, "What is the visiting time?", history) == "What is the visiting time?"
    assert searched_for(clinic, "What is the evening?", history) != "What is the evening?"
    # What the library does not hold tells nothing.
    assert "warfarin" in searched_for(clinic, "What is the okapi?", history)


HEATER = (
    "# Heater\n\n## The flame is yellow\n\nThe nozzle is blocked.\n\n## The flame goes out\n\nThe bottle is empty.\n"
)


def test_how_a_thing_is_stands_for_no_pronoun(library: Library) -> None:
    library.ingest_documents([Document("heater.md", "Heater", HEATER, "00", ())])
    why, still = asked("why is the flame yellow?"), asked("the flame is yellow", "I did that, still yellow")
    assert searched_for(library, "and if it goes out?", why) == "and if the flame goes out?"
    assert searched_for(library, "how do I mend it?", why) == "how do I mend the flame? (about: yellow)"
    assert searched_for(library, "and if it goes out?", still) == "and if it goes out? (about: flame)"
    assert searched_for(library, "how do I mend it?", still).endswith("(about: flame, yellow)")


def test_what_a_turn_names_in_front_is_what_it_asks_of(library: Library) -> None:
    before = asked("Which colours does the BX300 have?")
    for turn, whole in (
        ("and the red BX200, why was it recalled?", "why was the red BX200 recalled?"),
        ("And Ann Lee, what is her room?", "what is Ann Lee's room?"),
        ("Going back to the pump, is it loud?", "is the pump loud?"),
    ):
        assert searched_for(library, turn, before) == whole
        with library.reading():
            meant = as_put(library, "How much is it?", [*before, Turn("user", turn)])
        assert len(meant) == 1, "the subject before is left"
        assert meant[0].text.startswith("What is ")
    assert searched_for(library, "The BX200, is it red?", []) == "The BX200, is it red?"
    one = searched_for(library, "and the red one, why was it recalled?", before)
    assert one.startswith("and the red one, why was it recalled? (about: ")
