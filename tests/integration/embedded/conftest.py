import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.embedded.cases import NAMES


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A folder that stands for a checkout."""
    yield tmp_path
    note = tmp_path / "var" / "postgres-location"
    if note.exists():
        shutil.rmtree(note.read_text().strip())
