"""Ctrl-C in the middle of an ingest: one line, nothing lost, and the next run goes on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingest import Library, LibraryError
from ingest.encode import Encoder

ROOT = Path(__file__).parents[1]


def started(*args: str | Path) -> subprocess.Popen[bytes]:
    # Whatever started the tests in the background made its children deaf to Ctrl-C.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from ui.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        process_group=0,  # as a terminal would have it: the signal reaches the whole group
    )


def test_ctrl_c_while_the_program_is_loaded_says_nothing() -> None:
    code = """
import sys, ui
class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
ui.main()
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=ROOT)
    assert (run.returncode, run.stdout, run.stderr) == (130, b"", b"")


def documents(folder: Path) -> int:
    try:
        with Library.open(folder) as library:
            return len(library.documents())
    except LibraryError:
        return 0


def wait_for(folder: Path, count: int) -> None:
    until = time.monotonic() + 60
    while documents(folder) < count:
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, encoder_cache: Encoder) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    assert encoder_cache
    words = " ".join(f"The weather of day {n} was like that of the day before it." for n in range(200))
    for n in range(16):
        (folder / f"n{n:02}.md").write_text(f"# Note {n}\n\n{words} And it was note {n}.", "utf-8")
    return folder


def test_an_interrupted_ingest_keeps_what_it_has_and_goes_on(folder: Path, library_folder: Path) -> None:
    run = started("ingest", folder, "--library", library_folder)
    wait_for(library_folder, 1)
    os.killpg(run.pid, signal.SIGINT)
    out, err = run.communicate(timeout=30)
    assert (run.returncode, out) == (1, b"")
    assert err.decode() == "Stopped. What was read so far is kept; run the same command again to go on.\n"
    before = documents(library_folder)
    assert 0 < before < 16
    again = started("ingest", folder, "--library", library_folder)
    out, err = again.communicate(timeout=120)
    assert out.decode().startswith(f"{16 - before} added, 0 changed, 0 removed, {before} unchanged"), err
    with Library.open(library_folder) as library:
        assert library.check() == []


def test_a_folder_is_followed_until_ctrl_c(tmp_path: Path, library_folder: Path, encoder_cache: Encoder) -> None:
    assert encoder_cache
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.md").write_text("Cats purr.")
    run = started("ingest", folder, "--watch", "--library", library_folder)
    wait_for(library_folder, 1)
    (folder / "b.md").write_text("Dogs bark.")
    wait_for(library_folder, 2)
    time.sleep(0.3)
    os.killpg(run.pid, signal.SIGINT)
    out, err = run.communicate(timeout=30)
    assert run.returncode == 0, err
    assert b"Traceback" not in err
    assert out.decode().count(" added,") == 2
