"""The README is true: every line of its tour runs as it stands, on the shipped articles."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ui.cli import app

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
TOUR = re.search(r"^## A tour\n.*?^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
LINES = TOUR[1].splitlines() if TOUR else []


@pytest.fixture(scope="module")
def place(demo_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a library to be changed, where the lines are run one after the other."""
    folder = tmp_path_factory.mktemp("tour")
    shutil.copytree(demo_library, folder / "library")
    return folder


def test_there_is_a_tour() -> None:
    assert len(LINES) > 10


@pytest.mark.parametrize("line", LINES)
def test_the_tour_runs(line: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PINCITE_LIBRARY", str(place / "library"))
    monkeypatch.setenv("XDG_STATE_HOME", str(place / "state"))
    command, *arguments = shlex.split(line, comments=True)
    if command == "echo":
        said, _, file = arguments
        Path(file).write_text(said, "utf-8")
        return
    assert command == "pincite"
    if arguments == ["--install-completion"]:
        arguments = ["--show-completion"]  # the shell of this machine is left alone
        monkeypatch.setattr("shellingham.detect_shell", lambda: ("bash", "/bin/bash"))
    ran = CliRunner().invoke(app, arguments, input="/quit\n", prog_name="pincite")
    assert ran.exit_code == 0, ran.output
    assert ran.stdout or arguments == ["chat"]
    assert "Not in your documents" not in ran.stdout
    if "--json" in arguments:
        assert "pembrolizumab" in json.loads(ran.stdout)["citations"][0]["quote"]  # it asks for drugs
