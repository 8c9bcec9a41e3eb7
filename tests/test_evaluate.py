"""`pincite eval`: run files and answers as the contract says, metrics as worked out by hand."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from ingest import Library, PinciteError, Settings, SourceError
from retriever import Answer, LibraryState, Turn
from retriever.evaluate import compare, evaluate
from retriever.evaluate.metrics import (
    answering,
    auroc,
    calibration_error,
    chance,
    holds,
    ndcg_by_query,
    overlap_f1,
    plain,
    ranking,
)
from retriever.evaluate.sets import EvalQuery, EvalSet, load

CORPUS = [
    {"_id": "d1", "title": "Kitchen", "text": "The kettle in the kitchen is blue.\r\n\r\nIt whistles. \u00a0🫖"},
    {"_id": "d2", "title": "", "text": "The cellar holds forty bottles of cider."},
    {"_id": "d3", "title": "Garden", "text": "A ladder leans on the wall of the garden."},
    {"_id": "title only", "title": "Lighthouses of the north coast", "text": ""},
    {"_id": "empty", "title": "", "text": " "},
]
QUERIES: list[dict[str, Any]] = [
    {"_id": "q1", "text": "What colour is the kettle?", "answers": ["blue"], "answerable": True},
    {"_id": "q2", "text": "How many are there?", "history": [{"role": "user", "text": "cider bottles in the cellar"}],
     "gold_sentences": ["The cellar holds forty bottles of cider."], "answerable": True},
    {"_id": "q3", "text": "Who plays the trumpet tonight?", "answerable": False},
    {"_id": "q 4", "text": "lighthouses"},
]  # fmt: skip
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t2\nq2\td3\t0\nq9\td1\t1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "tiny"
    place.mkdir()
    (place / "corpus.jsonl").write_text("\n".join(map(json.dumps, CORPUS)) + "\n\n", "utf-8")
    (place / "queries.jsonl").write_text("\n".join(map(json.dumps, QUERIES)), "utf-8")
    (place / "qrels.tsv").write_text(QRELS, "utf-8")
    return place


def run_of(file: Path) -> list[list[str]]:
    return [line.split() for line in file.read_text("utf-8").splitlines()]


# --- a whole run -------------------------------------------------------------------------------------


def test_run_and_answers_are_as_the_contract_says(folder: Path, tmp_path: Path, fake_encoder: object) -> None:
    result = evaluate(folder, tmp_path / "out")
    run = run_of(tmp_path / "out" / "tiny" / "run.trec")
    assert {(len(row), row[1], row[5]) for row in run} == {(6, "Q0", "pincite")}
    for query in ("q1", "q2", "q3", "q%204"):
        rows = [row for row in run if row[0] == query]
        assert [int(row[3]) for row in rows] == list(range(1, len(rows) + 1))
        assert sorted(row[2] for row in rows) == ["d1", "d2", "d3", "title%20only"], "each document once, by its _id"
        scores = [float(row[4]) for row in rows]
        assert scores == sorted(scores, reverse=True)
    best = [row[2] for row in run if row[3] == "1"]
    assert best[:2] == ["d1", "d2"], "the history says what q2 is about"
    assert best[3] == "title%20only", "a document is found by its title where it has no text"
    file = tmp_path / "out" / "tiny" / "answers.jsonl"
    lines = [json.loads(line) for line in file.read_text("utf-8").split("\n")[:-1]]
    assert [list(line) for line in lines] == [["_id", "answer"]] * 4
    assert [line["_id"] for line in lines] == ["q1", "q2", "q3", "q 4"]
    texts = {row["_id"]: row["text"] for row in CORPUS}
    for line in lines:
        for hit in line["answer"]["evidence"]:
            assert texts[hit["document"]][hit["start"] : hit["end"]] == hit["text"], "offsets count in `text`"
        for citation in line["answer"]["citations"]:
            assert texts[citation["document"]][citation["start"] : citation["end"]] == citation["quote"]
    assert lines[1]["answer"]["question"] == "How many are there?"
    assert "cider" in lines[1]["answer"]["searched_for"]
    assert (result["set"], result["asked"], result["queries"]) == ("tiny", 4, 2)
    assert (result["nDCG@10"], result["R@100"], result["RR@10"]) == (1.0, 1.0, 1.0)
    assert {"declined_of_answerable", "declined_of_unanswerable", "auroc", "ask_ms_p50"} <= set(result)
    assert "1 of 4 judgements name what the set does not have, the first one the question 'q9'." in result["note"]
    json.dumps(result)


def test_limit_asks_the_first_queries_only(folder: Path, tmp_path: Path, fake_encoder: object) -> None:
    seen: list[tuple[str, int, int]] = []
    result = evaluate(folder, tmp_path / "out", limit=1, progress=lambda *step: seen.append(step))
    assert (result["asked"], result["queries"]) == (1, 1)
    assert {row[0] for row in run_of(tmp_path / "out" / "tiny" / "run.trec")} == {"q1"}
    assert seen == [("tiny", 0, 1)]


def test_a_place_that_cannot_be_written_is_told_before_anything_is_asked(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PinciteError, match="tiny cannot be written"):
        evaluate(folder, tmp_path / "file", progress=lambda *step: pytest.fail("asked"))
    with pytest.raises(PinciteError, match="first cannot be written"):
        compare(folder, Settings(), Settings(), progress=lambda *step: pytest.fail("asked"), out=tmp_path / "file")


def test_the_best_passage_of_a_document_counts(tmp_path: Path, fake_encoder: object) -> None:
    long = "\n\n".join(f"{topic} " * 130 for topic in ("ladder", "kettle", "candle"))
    place = tmp_path / "long"
    place.mkdir()
    rows = [{"_id": f"d{n}", "text": f"candle {n} basket"} for n in range(130)] + [{"_id": "long", "text": long}]
    (place / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (place / "queries.jsonl").write_text('{"_id": "q", "text": "kettle"}')
    result = evaluate(place, tmp_path / "out")
    run = run_of(tmp_path / "out" / "long" / "run.trec")
    assert run[0][2] == "long"
    assert 90 < len(run) == len({row[2] for row in run}) <= 100, "documents, not passages"
    assert "nDCG@10" not in result, "without judgements no ranking is scored"


def test_settings_reach_the_answers(folder: Path, tmp_path: Path, fake_encoder: object) -> None:
    shy = evaluate(folder, settings=Settings(decline_below=1.0))
    assert (shy["declined_of_answerable"], shy["declined_of_unanswerable"]) == (1.0, 1.0)
    eager = evaluate(folder, settings=Settings(decline_below=0.0))
    assert (eager["declined_of_answerable"], eager["declined_of_unanswerable"]) == (0.0, 0.0)


# --- questions of one's own, and two settings -------------------------------------------------------


def test_a_file_of_questions_is_asked_of_the_library(folder: Path, tmp_path: Path, fake_encoder: object) -> None:
    with Library.open(tmp_path / "mine", create=True) as library:
        library.ingest_documents(load(folder).documents())
    file = tmp_path / "asked.jsonl"
    rows = [{"text": "What colour is the kettle?", "documents": ["d1"], "answers": ["blue"]}, {"text": "cider?"}]
    file.write_text("\n".join(map(json.dumps, rows)))
    result = evaluate(file, tmp_path / "out", library=tmp_path / "mine")
    assert (result["set"], result["asked"], result["queries"], result["nDCG@10"]) == ("asked", 2, 1, 1.0)
    assert {row[0] for row in run_of(tmp_path / "out" / "asked" / "run.trec")} == {"1", "2"}
    file.write_text('{"question": "What?"}')
    with pytest.raises(SourceError, match="line 1"):
        evaluate(file, library=tmp_path / "mine")
    file.write_text("")
    with pytest.raises(SourceError, match="asked.jsonl holds no question"):
        evaluate(file, library=tmp_path / "mine")
    for documents, told in (("d1", "a list of names"), (["d1", "d99"], "names 'd99', which is not in the library")):
        file.write_text(json.dumps({"text": "What?", "documents": documents}))
        with pytest.raises(PinciteError, match=told):
            evaluate(file, library=tmp_path / "mine")


def test_two_settings_are_compared(folder: Path, tmp_path: Path, fake_encoder: object) -> None:
    settings = Settings(decline_below=0.0), Settings(decline_below=1.0)
    result = compare(folder, *settings, out=tmp_path / "out", name="tiny-2")
    assert result["set"] == "tiny-2"
    for which, answered in (("first", True), ("second", False)):
        written = tmp_path / "out" / "tiny-2" / which
        answers = [json.loads(line)["answer"] for line in (written / "answers.jsonl").read_text().splitlines()]
        assert [answer["answered"] for answer in answers] == [answered] * 4
        assert run_of(written / "run.trec")[0][:4] == ["q1", "Q0", "d1", "1"]
    assert (result["first"]["declined_of_answerable"], result["second"]["declined_of_answerable"]) == (0.0, 1.0)
    assert result["difference"]["declined_of_answerable"] == 1.0
    assert (result["difference"]["nDCG@10"], result["better"], result["worse"]) == (0.0, 0, 0)
    assert result["p_value"] == 1.0
    json.dumps(result)


def test_a_gain_by_chance_is_told_from_one_that_is_not() -> None:
    assert chance([0.0, 0.0]) == 1.0
    assert chance([0.1, 0.2, 0.3]) == pytest.approx(2 / 8, abs=0.02), "two of eight signs are as far from 0"
    run = {"q1": {"d2": 2.0, "d1": 1.0}, "q2": {"d2": 1.0}}
    evalset = EvalSet(Path("x"), (), {"q1": {"d1": 1}, "q2": {"d2": 2, "d3": 0}, "q3": {"d1": 1}})
    assert ndcg_by_query(evalset, run) == {"q1": pytest.approx(1 / math.log2(3)), "q2": 1.0}


# --- sets that are not as they should be -------------------------------------------------------------


def test_a_set_is_read_as_it_is_written(folder: Path) -> None:
    tiny = load(folder)
    assert tiny.name == "tiny"
    assert [(d.id, d.title, d.text) for d in tiny.documents()] == [
        (row["_id"], row["title"], row["text"]) for row in CORPUS[:4]
    ]
    assert tiny.queries[1].history == (Turn("user", "cider bottles in the cellar"),)
    assert [query.answerable for query in tiny.queries] == [True, True, False, None]
    assert tiny.qrels == {"q1": {"d1": 1}, "q2": {"d2": 2, "d3": 0}, "q9": {"d1": 1}}
    assert load(folder / ".." / "tiny" / ".").name == "tiny"
    (folder / "qrels").mkdir()
    (folder / "qrels.tsv").rename(folder / "qrels" / "test.tsv")  # where BEIR has it
    assert load(folder).qrels == tiny.qrels
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td2\t1.0\n")
    assert load(folder).qrels == {"q1": {"d2": 1}}


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("queries.jsonl", None, "queries.jsonl cannot be read"),
        ("corpus.jsonl", None, "corpus.jsonl is missing"),
        ("queries.jsonl", "[1]", "line 1"),
        ("queries.jsonl", '{"_id": 1, "text": "x"}\n{"text": "x"}', "line 2"),
        ("queries.jsonl", "{", "not JSON Lines"),
        ("queries.jsonl", b"\xff", "not JSON Lines"),
        ("queries.jsonl", '{"_id": "q7", "text": "x", "history": [{"role": "x"}]}', "query q7: a turn is"),
        ("queries.jsonl", '{"_id": "q7", "text": "x", "history": 5}', "query q7"),
        (
            "queries.jsonl",
            '{"_id": "q", "text": "x"}\n{"_id": " ", "text": "x"}',
            "line 2: an _id is a text, not empty",
        ),
        ("corpus.jsonl", '{"_id": null, "text": "x"}', "corpus.jsonl, line 1: an _id is a text"),
        ("corpus.jsonl", '{"_id": "half \\ud83e", "text": "x"}', "corpus.jsonl, line 1: an _id is a text"),
        ("queries.jsonl", '{"_id": "q7", "text": "x", "answers": "blue"}', "query q7: answers is a list of texts"),
        ("queries.jsonl", '{"_id": "q7", "text": "x", "gold_sentences": 5}', "query q7: gold_sentences is a list of"),
        ("queries.jsonl", '{"_id": "q7", "text": "x"}\n\n{"_id": "q7', "line 3, column 9"),
        ("queries.jsonl", '{"_id": "q8", "text": " "}', "query q8: its text is empty"),
        ("queries.jsonl", '{"_id": "q8", "text": 5}', "query q8: its text is empty, or no text"),
        ("queries.jsonl", "\n", "queries.jsonl holds no question"),
        (
            "queries.jsonl",
            '{"_id": 1, "text": "x"}\n\n{"_id": 2, "text": "x", "answerable": "no"}',
            "line 3: answerable is",
        ),
        ("queries.jsonl", '{"_id": 1, "text": "x", "answerable": 0}', "line 1: answerable is true, false or null"),
        ("qrels.tsv", "q1\td1\t1\nq2\td2\t1\n", "its first line is its head"),
        ("qrels.tsv", "header\nq1 d1 1\n", "qrels.tsv, line 2"),
        ("qrels.tsv", "header\nq1\td1\tone\n", "qrels.tsv, line 2"),
        ("qrels.tsv", "header\nq1\td1\tinf\n", "qrels.tsv, line 2"),
        ("qrels.tsv", "header\nq1\td1\t0.5\n", "line 2: a score is a whole number .* not 0.5"),
        ("qrels.tsv", "header\nq1\td1\t1e30\n", "line 2: a score is a whole number of at most 1,000"),
        ("qrels.tsv", "header\nq1\td1\t1\nq1\td1\t1\nq1\td1\t2\n", "line 4: 'd1' has another score for 'q1' above"),
        ("qrels.tsv", b"header\nq1\td1\t1\n\xff", "qrels.tsv, line"),
        ("queries.jsonl", "[" * 5000, "not JSON Lines"),
        (
            "queries.jsonl",
            '{"_id": "q", "text": "x"}\n{"_id": "q", "text": "y"}',
            "more than one query has the _id 'q'",
        ),
        ("corpus.jsonl", '{"_id": "d"}', "line 1"),
        (
            "corpus.jsonl",
            '{"_id": "d", "text": "x"}\n{"_id": "d", "text": "y"}',
            "more than one document has the _id 'd'",
        ),
    ],
)
def test_a_set_that_is_malformed_is_told(folder: Path, file: str, content: str | bytes | None, told: str) -> None:
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(SourceError, match=told):
        list(load(folder).documents())


def test_judgements_of_another_set_are_told(folder: Path, fake_encoder: object) -> None:
    head = "query-id\tcorpus-id\tscore\n"
    for rows, told in (
        ("q1\td1\t1\nq2\tempty\t1\n", None),
        ("q1\td1\t1\nq2\td7\t1\nq2\td8\t0\n", "2 of 3 judgements .*, the first one the document 'd7'"),
    ):
        (folder / "qrels.tsv").write_text(head + rows)
        note = evaluate(folder, limit=1).get("note")
        assert re.search(told or "^None$", str(note))
    (folder / "qrels.tsv").write_text(head + "1\td1\t1\nq1\tD1\t1\n")
    told = "2 of 2 judgements .* the question '1'; they are of another set"
    with pytest.raises(SourceError, match=told):
        evaluate(folder)
    with pytest.raises(SourceError, match=told):
        compare(folder, Settings(), Settings())


def test_marks_and_ends_of_lines_of_other_systems_are_read(folder: Path) -> None:
    before = load(folder)
    for name in ("corpus.jsonl", "queries.jsonl", "qrels.tsv"):
        text = (folder / name).read_text("utf-8")
        (folder / name).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load(folder) == before
    assert len(list(load(folder).documents())) == 4


def test_texts_of_any_length_and_kind_are_asked(folder: Path, fake_encoder: object) -> None:
    rows = [{"_id": "q1", "text": "kettle " * 2000}, {"_id": "q2", "text": "half \ud83e of a pair"}]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "corpus.jsonl").write_text(json.dumps({"_id": "d1", "title": "\udc00", "text": "A kettle \ud83e."}))
    assert evaluate(folder)["asked"] == 2


# --- metrics -----------------------------------------------------------------------------------------


def evalset(qrels: dict[str, dict[str, int]], **queries: dict[str, Any]) -> EvalSet:
    empty: dict[str, Any] = {"history": (), "answers": (), "gold_sentences": (), "answerable": None}
    made = tuple(EvalQuery(id=id, text=id, **(empty | values)) for id, values in queries.items())
    return EvalSet(Path("tiny"), made, qrels)


def answer(confidence: float, answered: bool, text: str = "a b c", ms: float = 1.0) -> Answer:
    return Answer("q", "q", answered, text, confidence, (), (), LibraryState(1, 1, 1), {"total": ms})


def test_ranking_by_hand() -> None:
    found = ranking(
        evalset({"q1": {"a": 1, "b": 2}, "q2": {"z": 1}, "q3": {"a": 0}, "q4": {"a": 1}}),
        {
            "q1": {"x": 0.9, "b": 0.8, "a": 0.7},  # b in the second place, a in the third
            "q2": {"y": 0.5},  # nothing found
            "q3": {"a": 1.0},  # nothing to be found: not counted
        },
    )
    dcg = 2 / math.log2(3) + 1 / math.log2(4)
    ideal = 2 / math.log2(2) + 1 / math.log2(3)
    assert found == {
        "queries": 2,
        "nDCG@10": round(dcg / ideal / 2, 4),
        "R@10": 0.5,
        "R@100": 0.5,
        "RR@10": 0.25,
    }
    assert ranking(evalset({}), {"q1": {"a": 1.0}}) == {}


def test_abstention_by_hand() -> None:
    found = answering(
        evalset(
            {}, a={"answerable": True}, b={"answerable": True}, c={"answerable": False}, d={}, e={"answerable": True}
        ),
        {
            "a": answer(0.9, True, "one two three", 10),
            "b": answer(0.2, False, ms=20),
            "c": answer(0.3, True, "one", 30),
            "d": answer(0.5, True, "one two", 40),  # the set does not say
        },
    )
    assert found["declined_of_answerable"] == 0.5
    assert found["declined_of_unanswerable"] == 0.0
    assert found["auroc"] == 0.5
    # Three bins of one answer each: (|.9 - 1| + |.2 - 1| + |.3 - 0|) / 3
    assert found["calibration_error"] == pytest.approx(0.4)
    assert found["median_words"] == 2
    assert (found["ask_ms_p50"], found["ask_ms_p95"]) == (25.0, 38.5)


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    assert auroc([0.9, 0.8], [0.1]) == 1
    assert auroc([0.1], [0.8, 0.9]) == 0
    assert auroc([0.5], [0.5]) == 0.5
    positive, negative = [0.3, 0.6, 0.9, 0.6], [0.2, 0.6, 0.7]
    pairs = [(p > n) + 0.5 * (p == n) for p in positive for n in negative]
    assert auroc(positive, negative) == round(sum(pairs) / len(pairs), 4)


def test_calibration_error_by_hand() -> None:
    assert calibration_error([1.0, 1.0, 0.0], [True, True, False]) == 0
    assert calibration_error([0.75, 0.75, 0.75, 0.75], [True, True, True, False]) == 0
    assert calibration_error([1.0], [False]) == 1
    assert calibration_error([0.05, 0.95], [True, True]) == pytest.approx((0.95 + 0.05) / 2)


def test_an_answer_string_is_held_as_whole_words() -> None:
    assert plain("In 1998 , the Team's") == "in 1998 the team s"
    assert holds("It was found in 1998.", ["1998"])
    assert holds("The team 's win", ["Team's"])
    assert not holds("It was found in 19981.", ["1998"])
    assert not holds("anything", ["", "?"])
    assert not holds("anything", [])


def test_overlap_by_hand() -> None:
    assert overlap_f1(["the cat sat"], ["the cat ran off"]) == pytest.approx(2 * 2 / (3 + 4))
    assert overlap_f1(["cat cat"], ["cat"]) == pytest.approx(2 / 3)
    assert overlap_f1(["a", "b"], ["b a"]) == 1
    assert overlap_f1([], ["a"]) == overlap_f1(["a"], ["b"]) == 0
