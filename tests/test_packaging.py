"""The wheel: all that the product needs is in it, and it works without the checkout."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = place.glob("*.whl")
    return built


def test_the_wheel_holds_code_assets_and_articles_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert wheel.name == f"pincite-{version('pincite')}-py3-none-any.whl"
    for package in ("ingest", "retriever", "ui"):
        files = {
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / package).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert files <= names, f"missing: {files - names}"
    articles = {path.relative_to(ROOT / "corpus").as_posix() for path in (ROOT / "corpus").rglob("*") if path.is_file()}
    assert {f"ingest/_corpus/{name}" for name in articles} <= names
    assert {name.split("/")[0].removesuffix(f"-{version('pincite')}.dist-info") for name in names} == {
        *("ingest", "retriever", "ui", "pincite")
    }
    # "Typing :: Typed" in pyproject.toml: without it type checkers pass over the package's own types.
    assert {f"{package}/py.typed" for package in ("ingest", "retriever", "ui")} <= names


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a clone can tell which files there are")
def test_the_source_distribution_holds_what_its_readme_and_tests_name(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(built) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert {name for name in tracked.split() if not name.startswith(".")} <= names


def test_what_is_in_the_wheel_runs_alone(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
        "import ui.cli; from ingest.corpus import corpus_folder\n"
        "assert ui.cli.__file__.startswith(sys.path[0]) and str(corpus_folder()).startswith(sys.path[0])\n"
        "assert len(list(corpus_folder().rglob('*.md'))) >= 30\n"
        "ui.cli.main()"
    )
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-P", "-c", code, str(tmp_path / "site"), "--version"]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == (f"pincite {version('pincite')}\n", "")


def test_podman_is_told_to_keep_the_health_check() -> None:
    """Images in podman's own format have none."""
    told = (ROOT / "packaging" / "Containerfile").read_text("utf-8")
    assert "\nHEALTHCHECK " in told
    assert told.count("podman build") == told.count("podman build --format docker ") > 0


@pytest.mark.parametrize(("set_before", "threads"), [({}, 1), ({"OPENBLAS_NUM_THREADS": "2"}, 2)])
def test_the_command_multiplies_matrices_by_one_thread(set_before: dict[str, str], threads: int) -> None:
    shown = subprocess.run(
        [
            sys.executable,
            "-c",
            "import ui.cli, json, numpy, threadpoolctl; print(json.dumps(threadpoolctl.threadpool_info()))",
        ],
        env={k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"} | set_before,
        capture_output=True,
        check=True,
        text=True,
    )
    pools = [pool["num_threads"] for pool in json.loads(shown.stdout) if pool["internal_api"] == "openblas"]
    assert all(count == min(threads, os.cpu_count() or 1) for count in pools)
