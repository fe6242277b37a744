"""Stage 0: the local model of our own, before anything is asked. With a champion it guesses at every ticket, and where that is
switched on and certified it answers alone, for nothing.

Its guess never enters a prompt: the guide is shared by all tickets, and a model that is shown an answer leans towards it. A
process reads anew every few seconds which model is the champion and what it may do; without one that is all that happens here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from time import monotonic
from typing import Any

import structlog
from django.conf import settings

from triage.exceptions import InvalidInput
from triage.models import Automation, LocalModel, LocalModelState, TaxonomyVersion, Ticket
from triage.services import taxonomy
from triage.services.classification.answer import Answer, Guess
from triage.services.local import storage
from triage.services.local.fusion import fuse
from triage.services.local.model import Guesses, Model, places_of
from triage.services.local.vectors import Floats
from triage.services.taxonomy import Taxonomy

log = structlog.get_logger(__name__)

REREAD_SECONDS = 5.0
# Measured on BANKING77: 2 to 9 % of the n-grams of tickets on its subject were unknown, 42 to 53 % of others.
UNKNOWN_AT_MOST = 0.3
REASON = "By its words, as in tickets whose label people have confirmed."
Meanings = Mapping[str, tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class LocalGuess:
    """The local model's answer to one ticket, as `Triage.local_answer` keeps it.

    Args:
        version: Of the model.
        chance: Of `label`, 0 to 1.
        unknown: The share of the text's n-grams (0 to 1) that were in no training text.
        explored: It could have answered alone, and by lot Claude was asked all the same.
        propensity: Where it could have answered alone, the chance (0 to 1) of that lot; else None.
        threshold: The chance from which it could; None where nothing is proven for that label.
    """

    version: str
    label: str
    chance: float
    unknown: float
    explored: bool = False
    propensity: float | None = None
    threshold: float | None = None

    @property
    def is_alone(self) -> bool:
        """It decides, and nobody is asked."""
        return self.propensity is not None and not self.explored

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class Guessed:
    """A guess with the chances behind it."""

    guess: LocalGuess
    local: LocalModel
    labels: tuple[str, ...]
    chances: Floats
    took_ms: int

    def answer(self, current: Taxonomy) -> Answer:
        """As the other stages answer: the likeliest label, the next one, and nothing beside the label."""
        second = int(self.chances[0].argsort()[-2])
        next_best = Guess(self.labels[second], float(self.chances[0][second]))
        return Answer(
            Guess(self.guess.label, self.guess.chance),
            next_best if next_best.value in current.labels else None,
            reason=REASON,
            sides={},
        )

    def chance_beside(self, label: str, *, model: str) -> float | None:
        """How likely `label` is once `model` has named it too; None where that label or that model is not known."""
        (chance,) = _fused(self.local, self.labels, self.chances, [label], model=model)
        return chance


class _Known:
    """The champion and what it may do, as this process last read them."""

    champion: LocalModel | None = None
    automation = Automation()
    until = 0.0


def champion() -> LocalModel | None:
    """The model in use, without its content. At most two queries every few seconds.

    `thresholds` are chances by label group ({"easy": 0.93}), from which on it may answer alone; for a group that is missing
    nothing is proven. `certificate["groups"]` says the group of each label by its slug, and `certificate["unknown_at_most"]`,
    where it stands, up to which share of unknown n-grams that holds. `trust` is by model id.
    """
    if monotonic() >= _Known.until:
        champions = LocalModel.objects.filter(state=LocalModelState.CHAMPION)
        _Known.champion = champions.defer("content").first()
        if _Known.champion:
            _Known.automation = Automation.objects.first() or Automation()
        _Known.until = monotonic() + REREAD_SECONDS
    return _Known.champion


def forget() -> None:
    """Read the champion and what it may do anew at the next call."""
    _Known.until = 0.0
    _loaded.cache_clear()
    _meanings_of_digest.cache_clear()


def text_of(subject: str, description: str) -> str:
    """What the local model reads of a ticket; it is trained on the very same."""
    return f"{subject}\n{description}" if subject else description


def threshold_of(local: LocalModel, slug: str) -> float | None:
    """The chance from which `local` may give this label alone; None where none is proven."""
    group = local.certificate.get("groups", {}).get(slug)
    threshold = local.thresholds.get(group)
    return None if threshold is None else float(threshold)


def chances_beside(texts: Sequence[str], said: Sequence[str], *, model: str) -> list[float | None]:
    """For each text how likely the label in `said` is by the champion once `model` has named it; None where it is not known."""
    local = champion()
    loaded = _loaded(local.pk) if local else None
    if local is None or loaded is None:
        return [None] * len(texts)
    chances = loaded.predict(texts).probabilities
    return _fused(local, loaded.labels, chances, said, model=model)


def guess(ticket: Ticket, current: Taxonomy, *, triage_id: int, is_rerun: bool) -> Guessed | None:
    """What the local model says to the ticket, and whether that decides; None without a champion, or if it cannot be read."""
    started = monotonic()
    local = champion()
    model = _loaded(local.pk) if local else None
    if local is None or model is None:
        return None
    guesses = model.predict([text_of(ticket.subject, ticket.description)])
    (said,) = said_by(local, model, guesses)
    is_asked = _Known.automation.is_local_on and not is_rerun
    if is_asked and may_answer(said, local, current, is_flagged=bool(ticket.instruction_text)):
        share = _Known.automation.exploration_share
        said = replace(said, propensity=share, explored=_lot(triage_id) < share)
    took_ms = round((monotonic() - started) * 1000)
    return Guessed(said, local, model.labels, guesses.probabilities, took_ms)


def said_by(local: LocalModel, model: Model, guesses: Guesses) -> list[LocalGuess]:
    """What `local`, loaded as `model`, says of each text, with the chance from which it may answer it alone."""
    rows = zip(guesses.chosen, guesses.confidences.tolist(), guesses.unknown.tolist(), strict=True)
    return [
        LocalGuess(model.version, label, chance, unknown, threshold=threshold_of(local, label))
        for label, chance, unknown in rows
    ]


def may_answer(said: LocalGuess, local: LocalModel, current: Taxonomy, *, is_flagged: bool) -> bool:
    """Whether it is proven for a label and a text like these, and nothing speaks for another look: were it switched on.

    Args:
        is_flagged: The ticket reads like an instruction.
    """
    label = current.labels.get(said.label)
    if label is None or said.threshold is None:
        return False
    is_sure = said.chance >= said.threshold
    is_familiar = said.unknown <= local.certificate.get("unknown_at_most", UNKNOWN_AT_MOST)
    is_plain = not label.always_escalate and not is_flagged
    return is_sure and is_familiar and is_plain and _means_the_same(local, current)


def _fused(
    local: LocalModel, labels: Sequence[str], chances: Floats, said: Sequence[str], *, model: str
) -> list[float | None]:
    """Trust that was fitted on the simulator's answers says nothing of Claude's, nor the reverse: then there is none."""
    trust = local.trust.get(model)
    is_simulated = local.certificate.get("is_simulated", settings.TRIAGE_SIMULATOR)
    if trust is None or is_simulated != settings.TRIAGE_SIMULATOR:
        return [None] * len(said)
    places = places_of(said, labels)
    rows = zip(fuse(chances, places, trust=trust), places.tolist(), strict=True)
    return [float(row[place]) if place >= 0 else None for row, place in rows]


def _means_the_same(local: LocalModel, current: Taxonomy) -> bool:
    """Whether the labels are those that it was trained for: a new one, or another meaning, undoes what was proven."""
    return local.taxonomy_digest == current.digest or (
        _meanings_of_digest(local.taxonomy_digest) == _meanings(current)
    )


@lru_cache(maxsize=4)
def _meanings_of_digest(digest: str) -> Meanings | None:
    version = TaxonomyVersion.objects.filter(digest=digest).values_list("pk", flat=True).first()
    return _meanings(taxonomy.load(version)) if version else None


def _meanings(of: Taxonomy) -> Meanings:
    return {
        slug: (label.name, label.description, label.exclusions) for slug, label in of.labels.items()
    }


def _lot(triage_id: int) -> float:
    """0 to 1, the same for the same run whenever it is drawn."""
    digest = sha256(f"explore:{triage_id}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


@lru_cache(maxsize=2)
def _loaded(local_id: int) -> Model | None:
    """The model of that row, once a process; one that cannot be read is none, for triage goes on without it."""
    content = LocalModel.objects.values_list("content", flat=True).filter(pk=local_id).first()
    try:
        return storage.load(BytesIO(bytes(content or b"")))
    except InvalidInput as error:
        log.error("local model not readable", local_model=local_id, error=str(error))
        return None
