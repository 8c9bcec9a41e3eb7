"""The command `pincite` as a user runs it: every verb, its JSON, its exit code, and clean streams."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ingest import Library
from ingest.database import Database
from ingest.encode import Encoder
from retriever import Retriever

ROOT = Path(__file__).parents[1]
QUESTION = "How does blocking PD-1 help T cells attack a tumour?"
FAR = "Which team won the football world cup in 1998?"
VERBS = ("ingest", "ask", "search", "text", "documents", "remove", "check", "eval", "chat", "serve", "open", "mcp")

# What the entry point of the installed command does; any socket that leaves the process is refused.
MAIN = """
import socket
def refuse(*args): raise SystemExit("a connection was tried")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
from ui.cli import main
main()
"""
KITCHEN = "# Kitchen\n\nThe kettle is blue. It whistles in B flat — naïvely.\n\n## Drawer\n\nSpoons: 12. 🥄 勺子\n"
CELLAR = "# Cellar\n\nThe cellar holds forty bottles of cider and one bicycle.\n"

ANSWER_KEYS = [
    "question", "searched_for", "answered", "text", "confidence", "citations", "evidence", "library", "timings_ms", "note",
]  # fmt: skip
CITATION_KEYS = ["number", "document", "title", "heading", "page", "start", "end", "quote", "verdict"]
HIT_KEYS = ["document", "title", "heading", "page", "start", "end", "text", "score", "found_by"]
REPORT_KEYS = {"added", "changed", "removed", "unchanged", "failed", "documents", "passages", "seconds"}


class Ran:
    """What a run of the command left behind."""

    def __init__(self, done: subprocess.CompletedProcess[bytes]) -> None:
        self.code = done.returncode
        self.raw = done.stdout
        self.out = done.stdout.decode("utf-8")
        self.err = done.stderr.decode("utf-8")

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        assert self.out.count("\n") == 1, "JSON is one line"
        return json.loads(self.out)

    def fails(self, pattern: str) -> None:
        """Exit code 1, nothing on stdout, and one line on stderr that a person can act on."""
        assert self.code == 1, (self.code, self.err)
        assert self.out == ""
        lines = self.err.strip().split("\n")
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        assert re.search(pattern, lines[0]), lines[0]

    def wrong_usage(self) -> None:
        assert self.code == 2, (self.code, self.err)
        assert self.out == ""
        assert "Usage:" in self.err


def pincite(*args: str | os.PathLike[str] | bytes, input: str = "", **environment: str) -> Ran:
    settings = {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1", "COLUMNS": "120"}
    settings["PYTHONFAULTHANDLER"] = "1"  # a crash says where
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", MAIN, *args],
        capture_output=True,
        input=input.encode(),
        env=os.environ | settings | environment,
        timeout=120,
    )
    return Ran(done)


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "kitchen.md").write_text(KITCHEN, "utf-8")
    (folder / "cellar.md").write_text(CELLAR, "utf-8")
    return folder


@pytest.fixture
def filled(sources: Path, library_folder: Path, encoder_cache: Encoder) -> Path:
    with Library.open(library_folder, create=True) as library:
        library.ingest(sources)
    return library_folder


# --- ingest ------------------------------------------------------------------------------------------


def test_ingest_reports_in_json_and_keeps_in_line_with_the_folder(
    sources: Path, library_folder: Path, encoder_cache: Encoder
) -> None:
    first = pincite("ingest", sources, "--library", library_folder, "--json")
    report = first.json
    assert set(report) >= REPORT_KEYS
    counts = {key: report[key] for key in ("added", "changed", "removed", "unchanged", "failed", "documents")}
    assert counts == {"added": 2, "changed": 0, "removed": 0, "unchanged": 0, "failed": [], "documents": 2}
    assert report["passages"] >= 2
    assert isinstance(report["seconds"], float)
    assert first.err == ""

    (sources / "kitchen.md").write_text(KITCHEN + "\nThe lamp is green.\n", "utf-8")
    (sources / "cellar.md").unlink()
    (sources / "bad.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(300))
    (sources / "photo.xyz").write_bytes(b"?")
    second = pincite("ingest", sources, "--library", library_folder, "--json")
    report = second.json
    assert (report["added"], report["changed"], report["removed"], report["documents"]) == (0, 1, 1, 1)
    assert [Path(failed["path"]).name for failed in report["failed"]] == ["bad.txt"]
    assert list(report["failed"][0]) == ["path", "reason"]
    assert "bad.txt" in second.err
    assert "1 .xyz" in second.err


def test_ingest_says_in_words_what_it_did(sources: Path, library_folder: Path, encoder_cache: Encoder) -> None:
    ran = pincite("ingest", sources / "kitchen.md", "--library", library_folder)
    assert ran.code == 0
    assert ran.out.startswith("1 added, 0 changed, 0 removed, 0 unchanged, 0 failed in ")
    assert ran.out.count("\n") == 1
    unchanged = pincite("ingest", sources / "kitchen.md", "--library", library_folder)
    assert unchanged.out.startswith("0 added, 0 changed, 0 removed, 1 unchanged")
    again = pincite("ingest", sources / "kitchen.md", "--library", library_folder, "--again")
    assert again.out.startswith("0 added, 1 changed, 0 removed, 0 unchanged")
    pincite("ingest", sources, "--again", "--watch", "--library", library_folder).wrong_usage()


def test_ingest_of_nothing(tmp_path: Path, library_folder: Path, encoder_cache: Encoder) -> None:
    (tmp_path / "empty").mkdir()
    pincite("ingest", tmp_path / "absent", "--library", library_folder).fails("absent does not exist")
    pincite("ingest", tmp_path / "empty", "--library", library_folder).fails("nothing to read in .*empty")
    pincite("ingest", "--library", library_folder).wrong_usage()


def test_ingest_of_one_file_that_cannot_be_read_is_an_error(
    tmp_path: Path, library_folder: Path, encoder_cache: Encoder
) -> None:
    (tmp_path / "bad.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(300))
    ran = pincite("ingest", tmp_path / "bad.txt", "--library", library_folder, "--json")
    assert ran.code == 1
    assert len(json.loads(ran.out)["failed"]) == 1
    assert ran.err.count("\n") == 1
    assert "bad.txt" in ran.err


# --- ask, search -------------------------------------------------------------------------------------


def test_ask_prints_the_answer_of_the_contract(demo_library: Path) -> None:
    ran = pincite("ask", QUESTION, "--library", demo_library, "--json")
    answer = ran.json
    assert ran.err == ""
    assert list(answer) == ANSWER_KEYS
    assert answer["question"] == QUESTION
    assert answer["answered"] is True
    assert list(answer["library"]) == ["generation", "documents", "passages"]
    assert all(list(citation) == CITATION_KEYS for citation in answer["citations"])
    assert all(list(hit) == HIT_KEYS for hit in answer["evidence"])
    first = answer["citations"][0]
    assert Path(first["document"]).stem == "pd-1-and-pd-l1"
    assert first["verdict"] == "exact"
    text = pincite("text", first["document"], "--library", demo_library)
    assert text.out[first["start"] : first["end"]] == first["quote"]
    with Retriever.open(demo_library) as retriever:
        expected = retriever.ask(QUESTION).to_dict()
    assert answer | {"timings_ms": 0} == expected | {"timings_ms": 0}


def test_ask_in_words(demo_library: Path) -> None:
    ran = pincite("ask", QUESTION, PINCITE_LIBRARY=str(demo_library))
    assert (ran.code, ran.err) == (0, "")
    assert "[1]" in ran.out
    assert re.search(r"\[1\] PD-1 and PD-L1.* \((editions/)?pd-1-and-pd-l1\.\w+\)", ran.out)
    assert "Confidence" in ran.out
    assert "\x1b" not in ran.out


def test_a_terminal_that_says_it_has_no_columns_is_shown_the_answer(demo_library: Path) -> None:
    wide = pincite("ask", QUESTION, PINCITE_LIBRARY=str(demo_library))
    for columns in ("0", "1"):
        ran = pincite("ask", QUESTION, PINCITE_LIBRARY=str(demo_library), COLUMNS=columns)
        assert "".join(ran.out.split()) == "".join(wide.out.split())
        assert max(map(len, ran.out.split("\n"))) >= 20


def test_a_declined_question_is_a_success(demo_library: Path) -> None:
    ran = pincite("ask", FAR, "--library", demo_library)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Not in your documents")
    assert "nearest passages" in ran.out


def test_search_with_and_without_history(demo_library: Path, tmp_path: Path) -> None:
    history = tmp_path / "history.json"
    history.write_text('[{"role": "user", "text": "How is BCG given for bladder cancer?"}]', "utf-8")
    follow_up = "And what are its side effects?"
    found = pincite("search", follow_up, "-k", "3", "--history", history, "--library", demo_library, "--json").json
    assert list(found) == ["searched_for", "hits"]
    assert "BCG" in found["searched_for"]
    assert len(found["hits"]) == 3
    assert all(list(hit) == HIT_KEYS for hit in found["hits"])
    assert "bcg.md" in [hit["document"] for hit in found["hits"]]
    answer = pincite("ask", follow_up, "--history", history, "--library", demo_library, "--json").json
    assert answer["searched_for"] == found["searched_for"]
    words = pincite("search", QUESTION, "-k", "2", "--library", demo_library)
    assert (words.code, words.err) == (0, "")
    assert re.findall(r"^(\d)\. ", words.out, re.MULTILINE) == ["1", "2"]


@pytest.mark.parametrize("history", ["{}", '[{"role": "system", "text": "x"}]', "[" * 5000, "\xff"])
def test_a_history_of_another_form_is_an_error(tmp_path: Path, filled: Path, history: str) -> None:
    file = tmp_path / "history.json"
    file.write_text(history, "latin-1")
    pincite("ask", "And?", "--history", file, "--library", filled).fails("history.json .*conversation")


def test_a_history_that_is_not_there_is_an_error(filled: Path) -> None:
    pincite("ask", "And?", "--history", "absent.json", "--library", filled).fails("absent.json cannot be read: No such")


def test_a_history_with_a_mark_of_its_encoding_is_read(filled: Path, tmp_path: Path) -> None:
    (tmp_path / "marked.json").write_text('\ufeff[{"role": "user", "text": "Which colour has the kettle?"}]', "utf-8")
    asked = pincite("search", "And is it loud?", "--history", tmp_path / "marked.json", "--library", filled, "--json")
    assert "kettle" in asked.json["searched_for"]


def test_questions_that_cannot_be_asked(filled: Path) -> None:
    pincite("ask", "", "--library", filled).fails("empty")
    pincite("ask", "a" * 100_000, "--library", filled).fails("100,000 characters")
    pincite("search", "  ", "--library", filled).fails("empty")
    pincite("search", "x", "-k", "0", "--library", filled).wrong_usage()
    pincite("ask", "--library", filled).wrong_usage()


def test_bytes_that_are_no_text_can_be_asked(filled: Path) -> None:
    answer = pincite("ask", b"Which colour \xff has the kettle?", "--library", filled, "--json").json
    assert answer["question"] == "Which colour \ufffd has the kettle?"


# --- text, documents, remove, check ------------------------------------------------------------------


def test_text_is_exact(filled: Path, sources: Path) -> None:
    with Library.open(filled) as library:
        expected = library.text("kitchen.md")
    ran = pincite("text", "kitchen.md", "--library", filled)
    assert ran.raw == expected.encode("utf-8")
    assert "🥄 勺子" in ran.out
    assert not ran.out.endswith("\n")
    plain = pincite("text", "kitchen.md", "--library", filled, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert plain.raw == ran.raw
    pincite("text", "attic.md", "--library", filled).fails("attic.md")


def test_documents_lists_them(filled: Path, sources: Path) -> None:
    listed = pincite("documents", "--library", filled, "--json").json
    assert [list(row) for row in listed] == [["document", "title", "passages", "sha256", "tags"]] * 2
    assert [(row["document"], row["title"]) for row in listed] == [("cellar.md", "Cellar"), ("kitchen.md", "Kitchen")]
    assert all(row["passages"] >= 1 and len(row["sha256"]) == 64 for row in listed)
    words = pincite("documents", "--library", filled)
    assert words.out.splitlines()[0].startswith("cellar.md\tCellar\t")


def test_remove_is_all_or_nothing(filled: Path) -> None:
    pincite("remove", "kitchen.md", "attic.md", "--library", filled).fails("attic.md")
    assert len(pincite("documents", "--library", filled, "--json").json) == 2
    ran = pincite("remove", "kit*.md", "kitchen.md", "--library", filled)
    assert (ran.code, ran.out, ran.err) == (0, "1 removed.\n", "")
    assert [row["document"] for row in pincite("documents", "--library", filled, "--json").json] == ["cellar.md"]


def test_check_finds_what_differs_and_repairs_it(filled: Path) -> None:
    good = pincite("check", "--library", filled, "--json").json
    assert (good["ok"], good["problems"], good["documents"]) == (True, [], 2)
    pincite("ingest", filled.parent / "house", "--library", filled)
    (index,) = (filled / "indexes").glob("*.faiss")
    damaged = bytearray(index.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    index.write_bytes(damaged)
    bad = pincite("check", "--library", filled, "--json")
    assert bad.code == 1
    report = json.loads(bad.out)
    assert report["ok"] is False
    assert "dense index" in report["problems"][0]
    assert bad.err.count("\n") == 1
    assert "--repair" in bad.err
    mended = pincite("check", "--library", filled, "--repair")
    assert mended.code == 0, mended.err
    assert mended.out.startswith("The library is whole: 2 documents in ")


def test_words_that_differ_from_the_passages_are_found(filled: Path) -> None:
    db = Database(filled / "pincite.db")
    db.execute("UPDATE passages SET text = replace(text, 'forty', 'fifty')")
    db.close()
    bad = pincite("check", "--library", filled)
    assert bad.code == 1
    assert "lexical index" in bad.out
    assert "vector" in bad.out
    mended = pincite("check", "--library", filled, "--repair")
    assert mended.code == 0, mended.err
    assert (
        "forty"
        in pincite("text", "cellar.md", "--library", filled).out
        + pincite("text", "kitchen.md", "--library", filled).out
    )


# --- libraries that cannot be used -------------------------------------------------------------------


@pytest.mark.parametrize("verb", [["ask", "Why?"], ["documents"], ["check"]])
def test_no_library_is_an_error(tmp_path: Path, verb: list[str]) -> None:
    pincite(*verb, "--library", tmp_path / "none").fails("pincite ingest")
    assert not (tmp_path / "none").exists()


def test_a_library_that_is_a_file_is_an_error(sources: Path) -> None:
    pincite("ask", "Why?", "--library", sources / "cellar.md").fails("cellar.md is a file")


def test_a_damaged_library_is_an_error(filled: Path) -> None:
    """Damage of every kind, without a process each: test_store.py."""
    file = filled / "pincite.db"
    data = file.read_bytes()
    file.write_bytes(data[:4096] + bytes(len(data) - 4096))
    pincite("ask", "Which colour?", "--library", filled).fails("damaged")
    pincite("check", "--library", filled).fails("damaged")
    file.write_bytes(b"garbage" * 1000)
    pincite("documents", "--library", filled).fails("damaged.*pincite check --repair")
    file.write_bytes(b"")
    pincite("text", "kitchen.md", "--library", filled).fails("damaged")
    mended = pincite("check", "--library", filled, "--repair")
    assert mended.code == 0, mended.err
    assert "Which" not in pincite("text", "kitchen.md", "--library", filled).err
    (filled / "indexes" / "documents.json").unlink()
    file.write_bytes(b"garbage" * 1000)
    pincite("check", "--library", filled, "--repair").fails("ingest them again")


def test_a_newer_library_is_an_error(filled: Path) -> None:
    db = Database(filled / "pincite.db")
    db.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    db.close()
    pincite("documents", "--library", filled).fails("format 99")


def test_an_unknown_setting_is_an_error(filled: Path) -> None:
    pincite("documents", "--library", filled, PINCITE_ENCODR="x").fails("encodr")
    (filled / "pincite.toml").write_text("decline_bellow = 0.2\n", "utf-8")
    pincite("documents", "--library", filled).fails("decline_bellow.*pincite.toml")


def test_an_encoder_that_is_not_there_is_an_error(sources: Path, library_folder: Path, filled: Path) -> None:
    ran = pincite("ingest", sources, "--library", library_folder.with_name("new"), PINCITE_ENCODER="no/such-model")
    ran.fails("no encoder 'no/such-model'")
    for name, told in (("no/such-model", "no encoder 'no/such-model'"), ("/absent", "folder /absent is not there")):
        ran = pincite("ask", "Why?", "--library", filled, PINCITE_ENCODER=name)
        ran.fails(f"{told}.* The library was encoded with all-MiniLM-L6-v2.")
        assert "--repair" not in ran.err


# --- eval, chat, help --------------------------------------------------------------------------------


def test_eval_prints_metrics_and_writes_runs(tmp_path: Path, encoder_cache: Encoder) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    rows = [("d1", "The kettle in the kitchen is blue."), ("d2", "The cellar holds forty bottles of cider.")]
    lines = [json.dumps({"_id": id, "title": "", "text": text}) for id, text in rows]
    (folder / "corpus.jsonl").write_text("\n".join(lines), "utf-8")
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "What colour is the kettle?", "answers": ["blue"]}\n')
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\n")
    ran = pincite("eval", folder, "--out", tmp_path / "out", "--json")
    assert ran.err == ""
    assert (ran.json["set"], ran.json["nDCG@10"], ran.json["asked"]) == ("tiny", 1.0, 1)
    assert (tmp_path / "out" / "tiny" / "run.trec").read_text().startswith("q1 Q0 d1 1 ")
    answered = json.loads((tmp_path / "out" / "tiny" / "answers.jsonl").read_text())
    assert list(answered) == ["_id", "answer"]
    assert list(answered["answer"]) == ANSWER_KEYS
    both = pincite("eval", folder, "--compare", "decline_below=0", "decline_below=1", "--json").json
    assert (both["first"]["nDCG@10"], both["difference"]["nDCG@10"]) == (1.0, 0.0)
    pincite("eval", folder, "--compare", "decline_below=0", "decline=1").fails("Unknown setting 'decline'")
    pincite("eval", tmp_path / "absent").fails("absent is not a folder or a file")
    pincite("eval", tmp_path).fails("queries.jsonl")
    # Another set of that name, with a judgement of a question that is not there.
    other = tmp_path / "other" / "tiny"
    shutil.copytree(folder, other)
    (other / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq9\td1\t1\nq1\td1\t1\n")
    ran = pincite("eval", folder, other, "--out", tmp_path / "both", "--json")
    assert [result["set"] for result in ran.json] == ["tiny", "tiny-2"]
    assert all((tmp_path / "both" / name / "run.trec").is_file() for name in ("tiny", "tiny-2"))
    assert re.fullmatch(
        r".*: 1 of 2 judgements name what the set does not have, the first one the question 'q9'\.\n", ran.err
    )


def test_a_conversation_in_the_terminal(demo_library: Path) -> None:
    asked = f"{QUESTION}\n\nAnd what are its side effects?\n{'x' * 5000}\n/quit\nnot read\n"
    ran = pincite("chat", "--library", demo_library, input=asked)
    assert ran.code == 0, ran.err
    assert ran.out.count("Confidence") == 2
    searched = re.search(r"Searched for: (And what are [^?]+\?)", " ".join(ran.out.split()))
    assert searched
    assert "side effects" in searched[1]
    assert "PD-1" in searched[1]
    assert "5,000 characters" in ran.err
    assert "documents. Ask a question" in ran.err


def test_help_of_every_verb() -> None:
    whole = pincite("--help")
    assert whole.code == 0
    assert whole.err == ""
    for verb in VERBS:
        assert re.search(rf"^\W*{verb}\b", whole.out, re.MULTILINE), verb
    for verb in ("ingest", "eval", "serve"):
        one = pincite(verb, "--help")
        assert (one.code, one.err) == (0, "")
        assert "--library" in one.out


def test_wrong_usage() -> None:
    pincite("answer").wrong_usage()
    pincite("documents", "--colour").wrong_usage()
    pincite("serve", "--port", "70000").wrong_usage()


def test_an_empty_name_of_a_library_is_not_this_folder(sources: Path, tmp_path: Path) -> None:
    pincite("ingest", sources, "--library", "").wrong_usage()


def test_a_terminal_without_the_characters_gets_others_and_json_is_whole(filled: Path) -> None:
    ran = pincite("search", "spoons", "-k", "1", "--library", filled, PYTHONIOENCODING="ascii")
    assert (ran.code, ran.err) == (0, "")
    assert "Spoons: 12. ? ??" in ran.out
    ran = pincite("search", "spoons", "-k", "1", "--library", filled, "--json", PYTHONIOENCODING="ascii")
    assert "🥄 勺子" in ran.json["hits"][0]["text"]


@pytest.mark.parametrize(
    ("redirection", "code", "told"),
    [
        ("> /dev/full", 1, "The output cannot be used: No space left"),
        (">&-", 1, "The output cannot be used: Bad file descriptor"),
        (">&- <&- --json", 1, "The output cannot be used: Bad file descriptor"),
        ("2>&-", 0, ""),
        ("<&-", 0, ""),
    ],
)
def test_streams_that_cannot_be_used_are_no_crash(filled: Path, redirection: str, code: int, told: str) -> None:
    if "full" in redirection and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    command = shlex.join([sys.executable, "-c", MAIN, "documents", "--library", str(filled)])
    ran = subprocess.run(
        ["sh", "-c", f"exec {command} {redirection}"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert ran.returncode == code
    assert ran.stderr.startswith(told)
    assert ran.stderr.count("\n") == bool(told)


@pytest.mark.parametrize("verb", [["text", "kitchen.md"], ["documents"], ["ask", "Which colour has the kettle?"]])
def test_a_reader_that_goes_away_is_no_failure(filled: Path, verb: list[str]) -> None:
    command = [sys.executable, "-c", MAIN, *verb, "--library", str(filled)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
