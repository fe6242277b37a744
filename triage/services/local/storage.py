"""A local model as one file: a .npz of numbers and of JSON as bytes. Loading it never runs code, and checks what it finds."""

import json
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile

import numpy as np

from triage.exceptions import InvalidInput
from triage.services.local.model import Model, Weights
from triage.services.local.vectors import Vocabulary

FORMAT = 1
Where = Path | IO[bytes]


def save(model: Model, to: Where) -> None:
    """Some MB for thousands of tickets. It holds words of the tickets: keep it as they are kept."""
    about = {
        "format": FORMAT,
        "version": model.version,
        "tickets": model.tickets,
        "labels": model.labels,
        "words": model.vocabulary.words,
        "pieces": model.vocabulary.pieces,
        "temperature": model.weights.temperature,
    }
    arrays = {
        "about": np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
        "rarities": model.weights.rarities,
        "coefficients": model.weights.coefficients,
        "intercepts": model.weights.intercepts,
    }
    np.savez_compressed(to, allow_pickle=False, **arrays)


def load(source: Where) -> Model:
    """The model of `save`; raises `InvalidInput` for what is none."""
    try:
        with np.load(source, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        model = _read(json.loads(arrays["about"].tobytes()), arrays)
    except (BadZipFile, EOFError, KeyError, TypeError, ValueError, AttributeError) as exc:
        raise InvalidInput("model", f"not readable: {exc}") from exc
    _check(model)
    return model


def _read(about: dict[str, Any], arrays: dict[str, Any]) -> Model:
    if about["format"] != FORMAT:
        raise ValueError(f"format {about['format']!r} is not {FORMAT}")
    vocabulary = Vocabulary(tuple(map(str, about["words"])), tuple(map(str, about["pieces"])))
    weights = Weights(
        rarities=arrays["rarities"],
        coefficients=arrays["coefficients"],
        intercepts=arrays["intercepts"],
        temperature=float(about["temperature"]),
        words=len(vocabulary.words),
    )
    labels = tuple(map(str, about["labels"]))
    return Model(str(about["version"]), int(about["tickets"]), labels, vocabulary, weights)


def _check(model: Model) -> None:
    """The arrays fit each other and hold numbers."""
    grams, labels, weights = len(model.vocabulary), len(model.labels), model.weights
    arrays = (weights.rarities, weights.coefficients, weights.intercepts)
    shapes = ((grams,), (grams, labels), (labels,))
    if labels < 2 or tuple(array.shape for array in arrays) != shapes:
        raise InvalidInput("model", "its arrays do not fit its labels and words")
    if any(array.dtype.kind != "f" or not np.isfinite(array).all() for array in arrays):
        raise InvalidInput("model", "its arrays hold what is no number")
    if not (weights.temperature > 0 and np.isfinite(weights.temperature)):
        raise InvalidInput("model", f"{weights.temperature} is no temperature")
