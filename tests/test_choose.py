"""Which sentences answer, and how sure that is: spans, words and kinds, worked out by hand."""

import math
from collections.abc import Iterable

import numpy as np
import pytest

from ingest import Document, Library, Section, stem, stems
from retriever import Retriever, Turn
from retriever.choose import Sentence, asked_kind, cover, score_sentences
from retriever.confidence import MANY, USUAL, WEIGHTS, confidence, estimate, features, missing, unknown
from retriever.rewrite import parts
from retriever.search import Candidate, Part, Query, encode_query, search, word_rarity

KITCHEN = (
    "Kitchen\n\nThe kettle is blue. It whistles in the morning and wakes the whole house.\n\n"
    "Spoons lie in the drawer: twelve of silver. The cat was born in 1998.\n"
)
CELLAR = "  The cellar is wet. Forty bottles of cider stand there because it is cool. Who knows?"


@pytest.fixture
def house(library: Library) -> Library:
    library.ingest_documents([Document("kitchen", "Kitchen", KITCHEN, ""), Document("cellar", "", CELLAR, "")])
    return library


def chosen(library: Library, question: str) -> tuple[Query, list[Candidate], list[Sentence]]:
    with library.reading():
        query = encode_query(library, [Part(question)])
        candidates = search(library, query)
        return query, candidates, score_sentences(library, query, question, candidates)


def sure(library: Library, question: str) -> float:
    return estimate(*chosen(library, question))


def test_sentences_are_exact_and_best_first(house: Library) -> None:
    texts = {"kitchen": KITCHEN, "cellar": CELLAR}
    _, _, ranked = chosen(house, "What colour is the kettle?")
    assert len(ranked) >= 6
    for sentence in ranked:
        assert texts[sentence.candidate.passage.document][sentence.start : sentence.end] == sentence.text
        assert sentence.text == sentence.text.strip()
    assert [s.score for s in ranked] == sorted((s.score for s in ranked), reverse=True)
    assert len({(s.candidate.id, s.start) for s in ranked}) == len(ranked)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What colour is the kettle?", "The kettle is blue."),
        ("What whistles in the morning?", "It whistles in the morning and wakes the whole house."),
        ("How many spoons lie in the drawer?", "Spoons lie in the drawer: twelve of silver."),
        ("When was the cat born?", "The cat was born in 1998."),
        ("Why do bottles of cider stand there?", "Forty bottles of cider stand there because it is cool."),
    ],
)
def test_the_best_sentence_is_the_one_that_answers(house: Library, question: str, answer: str) -> None:
    assert chosen(house, question)[2][0].text == answer


def test_no_heading_above_a_sentence_is_chosen(library: Library) -> None:
    text = "The first hour of sepsis\n\nRecognition\n\nIt is an organ dysfunction caused by infection."
    sections = (Section(0, ("The first hour of sepsis",)), Section(26, ("The first hour of sepsis", "Recognition")))
    library.ingest_documents([Document("d", "", text, "", sections)])
    assert chosen(library, "What is the first hour of sepsis?")[2][0].text.startswith("It is")


def test_the_same_words_in_two_documents_are_read_once(house: Library) -> None:
    house.ingest_documents([Document("copy", "Another title", KITCHEN.upper(), "")])
    _, candidates, ranked = chosen(house, "What colour is the kettle?")
    assert len({c.passage.document for c in candidates}) == 3
    texts = [sentence.text.lower() for sentence in ranked]
    assert len(texts) == len(set(texts))


def test_a_sentence_in_white_space_finds_its_tokens(house: Library) -> None:
    """Its passage begins with white space, so tokens and text are shifted against each other."""
    ranked = {s.text: s for s in chosen(house, "cellar wet")[2]}
    wet, cider = ranked["The cellar is wet."], ranked["Forty bottles of cider stand there because it is cool."]
    assert wet.features["late"] > 2 * max(cider.features["late"], 0.05)


def test_rarity_is_the_inverse_document_frequency(house: Library) -> None:
    rarity = word_rarity(house, "Which kettle, which cellar, which zebra in the house?")
    assert list(rarity) == [stem(word) for word in ("kettle", "cellar", "zebra", "house")]
    _, passages = house.store.counts()
    for word, holding in (("kettle", 1), ("zebra", 0)):
        assert rarity[stem(word)] == pytest.approx(math.log(1 + (passages - holding + 0.5) / (holding + 0.5)))
    assert rarity["zebra"] > rarity["kettl"]


def test_rarity_is_looked_up_once_for_a_question(house: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    frequencies = house.store.document_frequencies

    def counted(terms: Iterable[str]) -> dict[str, int]:
        asked.extend(terms)
        return frequencies(terms)

    monkeypatch.setattr(house.store, "document_frequencies", counted)
    query, _, _ = chosen(house, "What colour is the kettle?")
    assert asked == list(query.rarity) == [stem("colour"), stem("kettle")]


def test_cover_is_the_share_of_the_rare_words() -> None:
    rarity = {"kettl": 3.0, "blue": 1.0}
    assert cover(stems("The kettles sing."), rarity) == 0.75
    assert cover(stems("BLUE!"), rarity) == 0.25
    assert cover(stems("Blue kettle"), rarity) == 1
    assert cover(stems(""), rarity) == 0
    assert cover({"kettl"}, {}) == 0


@pytest.mark.parametrize(
    ("question", "kind", "answers", "does_not"),
    [
        ("How many spoons are there?", "number", "There are twelve or 2 of them, ten at most.", "There are some."),
        ("What percentage responds?", "number", "40 % respond.", "Most respond."),
        ("When was it approved?", "date", "It was approved in 2014.", "It was approved."),
        ("In what year did she die?", "date", "She died in 1911.", "She died young."),
        ("Who discovered PD-1?", "name", "It was found by Honjo.", "it was found by a team."),
        ("Why does it fail?", "reason", "It fails because cells die.", "It fails often."),
    ],
)
def test_the_kind_of_thing_asked_for(question: str, kind: str, answers: str, does_not: str) -> None:
    found = asked_kind(question)
    assert found is not None
    assert found[0] == kind
    assert found[1].search(answers)
    assert not found[1].search(does_not)


def test_an_open_question_asks_for_no_kind() -> None:
    assert asked_kind("What is a kettle?") is None


def signs(library: Library, question: str) -> dict[str, float]:
    return features(*chosen(library, question))


def test_the_signs_of_confidence(house: Library) -> None:
    """By hand, with the fast encoder; what they are worth together takes the real one (test_retriever, tests/evals)."""
    assert set(signs(house, "What is a kettle?")) == set(WEIGHTS)
    kettle, zebra = signs(house, "What colour is the kettle?"), signs(house, "What colour is the zebra?")
    assert kettle["held"] > zebra["held"]
    assert kettle["passage_words"] > zebra["passage_words"]
    assert kettle["alone_late"] > zebra["alone_late"]
    assert signs(house, "Which kettle is blue?")["held"] == pytest.approx(1)
    # Among so few nothing stands out.
    assert kettle["stands_out_late"] == zebra["stands_out_late"] == USUAL["stands_out_late"]


def test_a_follow_up_is_judged_by_what_it_was_rewritten_into(house: Library) -> None:
    rewritten, asked = "What colour is the kettle?", "And what is its colour then?"
    with house.reading():
        query = encode_query(house, [Part(rewritten), Part(asked)])
        found = search(house, query)
        beside = features(query, found, score_sentences(house, query, rewritten, found))["dense"]
    alone = signs(house, rewritten)["dense"]
    assert beside == pytest.approx(alone, abs=1e-5)
    assert max(c.scores["dense"] for c in found) != pytest.approx(alone, abs=1e-3)


def test_the_best_of_few_stands_out_among_the_whole_library(house: Library) -> None:
    house.ingest_documents([Document(f"word{n}", "", f"Word number {n} of many.", "") for n in range(MANY)])
    question = "What colour is the kettle?"
    query, everywhere, ranked = chosen(house, question)
    with house.reading():
        few = search(house, query, documents=["kitchen"])
        ranked = score_sentences(house, query, question, few)
    among = features(query, few, ranked, everywhere)
    dense = np.array([c.scores["dense"] for c in everywhere])
    assert among["stands_out_dense"] == pytest.approx(float((few[0].scores["dense"] - dense.mean()) / dense.std() / 5))
    assert features(query, few, ranked)["stands_out_dense"] == USUAL["stands_out_dense"]
    assert estimate(query, few, ranked, lambda: everywhere) == confidence(among)
    assert estimate(query, everywhere, ranked, lambda: pytest.fail("not looked for")) == estimate(
        query, everywhere, ranked
    )


def test_that_passages_on_a_topic_carried_over_stand_out_says_nothing(library: Library) -> None:
    colours = [Document(f"{n}", "", f"Kettle number {n} of the kitchen is grey.", "") for n in range(2 * MANY)]
    retriever = Retriever(library)
    library.ingest_documents([*colours, Document("blue", "", "The teapot from Delft is blue and white.", "")])
    carried = retriever.ask("Is it blue?", [Turn("user", "Tell me about the teapot from Delft.")])
    assert "teapot" in carried.searched_for
    with library.reading():
        query = encode_query(library, parts(carried.searched_for, "Is it blue?"))
        found = search(library, query)
        ranked = score_sentences(library, query, carried.searched_for, found)
    stands_out, given = features(query, found, ranked), features(query, found, ranked, given=True)
    assert given == stands_out | USUAL
    assert given != stands_out
    assert carried.confidence == confidence(given)


def test_confidence_is_the_logistic_function() -> None:
    nothing = dict.fromkeys(WEIGHTS, 0.0)
    for name, weight in WEIGHTS.items():
        odds = [confidence(nothing | {name: value}) for value in (0.0, 1.0)]
        logits = [math.log(p / (1 - p)) for p in odds]
        assert logits[1] - logits[0] == pytest.approx(weight)


def test_questions_without_words_are_judged_too(house: Library) -> None:
    assert 0 <= sure(house, "the of") <= 1
    for question in ("?", "🧬", "&&"):
        assert sure(house, question) == 0


def test_what_is_missing_is_named_as_it_was_asked(house: Library) -> None:
    question = "Which quantum zebra is in the kettle with the blue Trumpet?"
    for asked, lacking in (
        (question, ["quantum zebra", "Trumpet"]),
        ("Which quantum, zebra of Trumpet is in the kettle?", ["quantum", "zebra of Trumpet"]),
        ("What colour is the kettle?", ["colour"]),
        ("?", []),
    ):
        query, candidates, _ = chosen(house, asked)
        with house.reading():
            assert missing(house, asked, query, candidates) == lacking
            assert missing(house, asked, query, []) == []


def test_what_a_file_is_named_with_is_not_missing(library: Library) -> None:
    library.ingest_documents([Document("leases/nda-orchid.pdf", "Agreement", "It is governed by German law.", "")])
    query, candidates, _ = chosen(library, "Which law governs the NDA and the zebra?")
    with library.reading():
        assert missing(library, "Which law governs the NDA and the zebra?", query, candidates) == ["zebra"]


def test_an_option_or_error_that_no_passage_names_is_unknown(house: Library) -> None:
    with house.reading():
        assert unknown(house, "What do `--whistle` and --no-capture do?") == ["no-capture"]
        assert unknown(house, "How is error[E0382] mended, or ORA-1998?") == ["E0382"]
        assert unknown(house, "What does --all do in PD-1 or CTLA4, and a-capture?") == []


def test_a_common_word_is_not_missed(house: Library) -> None:
    """It stands in a passage that is none of the best."""
    query, candidates, _ = chosen(house, "Which zebra is in the kettle?")
    with house.reading():
        assert missing(house, "Which zebra is in the kettle?", query, candidates[-1:]) == ["zebra"]
