"""Words and BM25: SQLite's ranking against the formula, and questions that no question mark can break."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest import Document, Passage, content_words, expression, stem, words
from ingest.indexes.lexical import MANY_ALIKE
from ingest.records import Vectors
from ingest.store import Store
from retriever.spelling import slips

CORPUS = Path(__file__).parents[1] / "corpus"
# (context, text), in plain words that the stemmer leaves alone.
TINY = [
    ("Drugs", "alpha beta beta"),
    ("Drugs", "beta gamma delta delta"),
    ("Cells", "alpha gamma epsilon zeta"),
    ("Cells", "eta theta kappa pd 1 pd 1"),
    ("Beta", "lambda mu pd 2 sigma tau upsilon alpha"),
]
NOTHING = Vectors(b"\0\0", b"\0")


@pytest.fixture
def store(library_folder: Path) -> Iterator[Store]:
    opened = Store.open(library_folder, create=True)
    yield opened
    opened.close()


def fill(store: Store, rows: list[tuple[str, str]]) -> None:
    with store.writing() as generation:
        for number, (title, text) in enumerate(rows):
            passage = Passage(f"d{number}", title, None, None, 0, len(text), text)
            store.put(Document(f"d{number}", title, text, ""), [passage], [b"h"], [NOTHING], None, generation)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store.open(tmp_path_factory.mktemp("words"), create=True)
    fill(opened, TINY)
    yield opened
    opened.close()


def bm25(rows: list[tuple[str, str]], phrases: list[str], k1: float = 1.2, b: float = 0.75) -> dict[int, float]:
    """Robertson's BM25, worked out from its definition: id from 1 -> score."""
    documents = [f"{title} {text}".lower().split() for title, text in rows]
    mean = sum(map(len, documents)) / len(documents)

    def count(phrase: str, document: list[str]) -> int:
        wanted = phrase.split()
        return sum(document[i : i + len(wanted)] == wanted for i in range(len(document)))

    scores: dict[int, float] = {}
    for phrase in phrases:
        holding = sum(count(phrase, document) > 0 for document in documents)
        idf = max(math.log((len(documents) - holding + 0.5) / (holding + 0.5)), 1e-6)
        for id, document in enumerate(documents, 1):
            f = count(phrase, document)
            if f:
                weight = f * (k1 + 1) / (f + k1 * (1 - b + b * len(document) / mean))
                scores[id] = scores.get(id, 0.0) + idf * weight
    return scores


@pytest.mark.parametrize(
    ("question", "phrases"),
    [
        ("beta?", ["beta"]),
        ("Delta, epsilon!", ["delta", "epsilon"]),
        ("alpha alpha delta", ["alpha", "delta"]),
        ("What is PD-1?", ["pd", "1", "pd 1"]),
        ("the drugs", ["drugs"]),
        ("sigma tau upsilon kappa theta nowhere", ["sigma", "tau", "upsilon", "kappa", "theta"]),
    ],
)
def test_the_score_is_bm25(store: Store, question: str, phrases: list[str]) -> None:
    fill(store, TINY)
    expected = bm25(TINY, phrases)
    found = store.search_words(expression(question), 10)
    assert dict(found) == pytest.approx(expected, rel=1e-6)
    assert [id for id, _ in found] == sorted(expected, key=lambda id: (-round(expected[id], 9), id))
    assert store.search_words(expression(question), 1) == found[:1]


def test_by_hand(store: Store) -> None:
    fill(store, [("a", "one two"), ("b", "three four"), ("c", "five six")])
    # idf = ln((3 - 1 + .5) / (1 + .5)) = ln(5/3); every document has the mean length: 2.2 / 2.2 = 1
    ((id, score),) = store.search_words('"three"', 5)
    assert id == 2
    assert score == pytest.approx(math.log(5 / 3))


def test_document_frequency_counts_passages_by_stem(store: Store) -> None:
    fill(store, [("Cells", "killing kills"), ("x", "The killed cell"), ("y", "naïve Naivete")])
    assert list(store.document_frequencies([stem("kill")]).values()) == [2]
    assert list(store.document_frequencies([stem("cell")]).values()) == [2]
    assert list(store.document_frequencies([stem(words("naïve")[0])]).values()) == [1]
    assert store.document_frequencies(["absent"]) == {}


def test_many_terms_at_once_are_counted_as_each_alone(store: Store) -> None:
    """Also those that begin alike, of which the index reads on instead of looking each up."""
    fill(store, [("", "inflammation inflamed"), ("", "inflammable; inflated"), ("", "inflammation info z")])
    asked = {*slips("inflamation"), *(f"inf{number}" for number in range(99)), "inflamm", "inflat", "info", "z", "inf"}
    assert sum(term.startswith("inf") for term in asked) >= MANY_ALIKE
    alone = {term: n for word in asked for term, n in store.document_frequencies([word]).items()}
    assert store.document_frequencies(asked) == alone == {"inflamm": 3, "inflat": 1, "info": 1, "z": 1}


def test_stems_are_those_of_the_index(store: Store) -> None:
    """Over every word of the articles: else the rarity of a word would be looked up in vain."""
    vocabulary = Counter(word for path in CORPUS.glob("*.md") for word in words(path.read_text("utf-8")))
    every = sorted(vocabulary)
    fill(store, [("", word) for word in every])
    held = store.document_frequencies(stem(word) for word in every)
    missing = [word for word in every if stem(word) not in held]
    assert len(every) > 4000
    assert len(missing) <= 2, missing


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Иммунный ответ, ещё", "иммунный"),
        ("Иммунный ответ, ещё", "ЕЩЁ"),
        ("면역 치료 한국", "한국"),
        ("がん 免疫", "がん"),
        ("Η θεραπεία έχει", "έχει"),
        ("أدوية مناعة", "أدوية"),
        ("हिन्दी चिकित्सा", "हिन्दी"),
        ("Mécanisme naïf", "mecanisme NAIF"),
        ("Mecanisme naif", unicodedata.normalize("NFD", "mécanisme naïf")),
        ("Nguyễn Øresund łódź", "nguyen"),
        ("5 µg of x²", "µg"),
        ("under_score", "under_score"),
        ("killing", "killed"),
    ],
)
def test_a_word_is_found_in_any_script(store: Store, text: str, question: str) -> None:
    fill(store, [("", text), ("", "something else")])
    assert [id for id, _ in store.search_words(expression(question), 5)] == [1]
    if " " not in question:
        assert list(store.document_frequencies([stem(words(question)[0])]).values()) == [1]


def test_compounds_are_phrases_too() -> None:
    assert expression("Does PD-1 bind PD-L1?") == '"pd" OR "1" OR "bind" OR "l1" OR "pd 1" OR "pd l1"'
    assert expression("4-1BB or CD28") == '"4" OR "1bb" OR "cd28" OR "4 1bb"'
    assert expression("?!") == ""


def test_grammar_is_left_out_unless_there_is_nothing_else() -> None:
    assert content_words("What is the dose of the drug, the dose?") == ["dose", "drug"]
    assert content_words("Who is it?") == ["who", "is", "it"]
    assert content_words("") == []


ODD = st.text(st.sampled_from("\"'*^:(){}[]+-/\\.,;~|&!?\x00\n \uffff🧬 ANDORNEARnot019_éй한"), max_size=60)


@settings(max_examples=500, deadline=None)
@given(question=st.one_of(st.text(max_size=80), ODD))
@example(question='" OR text:*')
@example(question="NEAR(a b, 5) AND NOT c")
@example(question="".join(chr(c) for c in range(1, 256)))
def test_no_question_breaks_the_expression(question: str, tiny: Store) -> None:
    match = expression(question)
    assert re.fullmatch(r'("[^"]*"( OR "[^"]*")*)?', match)
    if match:
        tiny.search_words(match, 3)


def test_a_question_of_very_many_words_is_searched(store: Store) -> None:
    fill(store, TINY)
    question = " ".join(f"w{n}" for n in range(900)) + " delta"
    assert [id for id, _ in store.search_words(expression(question), 5)] == [2]


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60))
def test_words_are_folded_once_and_for_all(text: str) -> None:
    found = words(text)
    assert words(" ".join(found)) == found
    assert words(unicodedata.normalize("NFD", text)) == words(unicodedata.normalize("NFC", text))
