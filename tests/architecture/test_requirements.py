"""The pins: exact, hashed, and from whatever index the installer is told to use."""

import re
from pathlib import Path

import pytest

from tests.servers import ROOT

FILES = sorted((ROOT / "requirements").glob("*.txt"))
PIN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[[a-z0-9,_-]+\])?==[^\s;\\]+")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")
ADDRESS = re.compile(r"\w+://|--(extra-)?index-url|--find-links|--trusted-host|\s@\s")


def entries(path: Path) -> list[str]:
    """The logical lines, comments left out."""
    text = re.sub(r"\\\n\s*", " ", path.read_text())
    lines = (line.split(" #")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def test_there_are_pins_for_each_way_of_installing() -> None:
    assert {path.stem for path in FILES} == {"base", "run", "dev"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_requirements_name_no_address(path: Path) -> None:
    assert [line for line in path.read_text().splitlines() if ADDRESS.search(line)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_pin_is_exact_and_has_a_hash(path: Path) -> None:
    found = entries(path)

    assert len(found) > 20
    assert [entry for entry in found if not PIN.match(entry)] == []
    assert [entry for entry in found if not HASH.search(entry)] == []


def test_each_larger_set_holds_the_smaller_one_unchanged() -> None:
    base, run, dev = (
        {entry.split("--hash")[0].strip() for entry in entries(ROOT / "requirements" / f"{n}.txt")}
        for n in ("base", "run", "dev")
    )

    assert base <= run <= dev
