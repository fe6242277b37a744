"""A command typed by hand beside `make run` needs no settings; a configured installation gets none it did not ask for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.supervisor_settings import fill_in_for_a_laptop
from tests.servers import ROOT

NAMES = ("SECRET_KEY", "DEBUG", "TRIAGE_SIMULATOR", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "")  # restored afterwards, whatever the test sets
        os.environ.pop(name)


def test_where_nothing_is_configured_a_command_shares_the_application_s_key(tmp_path: Path) -> None:
    fill_in_for_a_laptop(tmp_path)
    first = os.environ["SECRET_KEY"]
    os.environ.pop("SECRET_KEY")
    os.environ.pop("DEBUG")
    fill_in_for_a_laptop(tmp_path)

    assert os.environ["SECRET_KEY"] == first
    assert (os.environ["DEBUG"], os.environ["TRIAGE_SIMULATOR"]) == ("1", "1")


def test_with_a_real_key_nothing_speaks_of_the_simulator(tmp_path: Path) -> None:
    os.environ["ANTHROPIC_API_KEY"] = "a key"

    fill_in_for_a_laptop(tmp_path)

    assert "TRIAGE_SIMULATOR" not in os.environ


@pytest.mark.parametrize("name", ["SECRET_KEY", "DEBUG"])
def test_a_configured_installation_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / ".env").write_text(f"{name}=0\n")

    fill_in_for_a_laptop(tmp_path)

    assert not any(other in os.environ for other in NAMES)
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("switch", "key", "told"),
    [("0", "simulator", "True"), ("1", "a key", "True"), ("0", "a key", "False")],
)
def test_a_simulator_of_ones_own_is_told_by_its_key(switch: str, key: str, told: str) -> None:
    environment = {**os.environ, "SECRET_KEY": "x", "DEBUG": "1", "ANTHROPIC_API_KEY": key}
    asked = "from config import settings; print(settings.TRIAGE_SIMULATOR)"

    answer = subprocess.run(
        [sys.executable, "-c", asked],
        env=environment | {"TRIAGE_SIMULATOR": switch},
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
    )

    assert answer.stdout.strip() == told
