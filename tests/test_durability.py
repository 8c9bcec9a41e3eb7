"""Killed at any moment, nothing is lost or left behind: the short form of tests/durability."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def ran(*arguments: str) -> str:
    """What a harness prints; the test fails as it does."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize("size", [(), ("--large",)])
def test_killed_at_any_moment_nothing_is_lost(size: tuple[str, ...]) -> None:
    told = ran("tests.durability.kills", "--kills", "15", "--seed", "7", *size)
    assert told.splitlines()[-1].startswith("15 kills inside a write")
    assert " 0 faults" in told


@pytest.mark.parametrize("size", [(), ("--large",)])
def test_whatever_the_disk_alters_is_found_and_mended(size: tuple[str, ...]) -> None:
    told = ran("tests.durability.mutations", "--mutations", "30", "--seed", "7", *size)
    assert " 0 faults" in told
    assert "and mended" in told


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_readers_never_see_parts_of_two_states() -> None:
    told = ran("tests.durability.readers", "--readers", "4", "--minutes", "0.08")
    assert "0 processes failed, 0 mixed states, check: whole" in told
