"""A model in a file: the same answers after it, no code in it, and what is no model is refused."""

import io
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.evaluation.local_cases import tickets
from triage.exceptions import InvalidInput
from triage.services.local.storage import load, save
from triage.services.local.training import train


@pytest.fixture(scope="module")
def stored() -> bytes:
    file = io.BytesIO()
    save(train(*tickets(40)), file)
    return file.getvalue()


def test_a_loaded_model_answers_the_same(tmp_path: Path) -> None:
    model, asked = train(*tickets(40)), tickets(20, seed=2)[0]
    save(model, tmp_path / "model.npz")

    loaded = load(tmp_path / "model.npz")

    assert (loaded.predict(asked).probabilities == model.predict(asked).probabilities).all()
    assert (loaded.version, loaded.tickets) == (model.version, 40)


class Bomb:
    """Pickled, it runs code when it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("raise SystemExit('code ran')",)


def test_code_in_a_file_is_not_run() -> None:
    for content in (pickle.dumps(Bomb()), _npz(about=np.array([Bomb()], dtype=object))):
        with pytest.raises(InvalidInput, match="model: not readable"):
            load(io.BytesIO(content))


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("format", 2, "format 2 is not 1"),
        ("labels", ["billing", "login"], "do not fit"),
        ("temperature", 0, "0.0 is no temperature"),
        ("words", None, "not readable"),
    ],
)
def test_what_does_not_fit_is_named(stored: bytes, name: str, value: Any, problem: str) -> None:
    arrays = dict(np.load(io.BytesIO(stored)))
    about = json.loads(arrays["about"].tobytes()) | {name: value}
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)

    with pytest.raises(InvalidInput, match=problem):
        load(io.BytesIO(_npz(**arrays)))


def test_weights_that_are_no_numbers_are_refused(stored: bytes) -> None:
    arrays = dict(np.load(io.BytesIO(stored)))
    arrays["intercepts"] = arrays["intercepts"] * np.nan

    with pytest.raises(InvalidInput, match="no number"):
        load(io.BytesIO(_npz(**arrays)))


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04broken"])
def test_what_is_no_model_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput):
        load(io.BytesIO(content))


def _npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()
