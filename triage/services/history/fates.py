"""What becomes of a simulated call: nine in ten are answered at once. The shares are invented, after what gateways report."""

from enum import StrEnum
from random import Random
from typing import NamedTuple

from triage.models import Feature, Obtained
from triage.services.gateway.catalog import HAIKU
from triage.services.gateway.routes import ROUTES
from triage.services.history.scene import Scene

NEEDED_ROOM = 9  # attempts: what the longest walk along a route makes
TROUBLE = 0.055  # share of the calls that are not plain
BREAKER_OPEN = 0.7  # of an outage's calls, those that find the first model given up already


class Fate(StrEnum):
    PLAIN = "plain"
    STORED = Obtained.STORED.value
    JOINED = Obtained.JOINED.value
    STUMBLES = "stumbles"
    OUTAGE = "outage"
    UNUSABLE = "unusable"
    CUT_STREAM = "cut_stream"
    EXHAUSTED = "exhausted"
    LIMITED = "limited"


PLAIN = Fate.PLAIN
ANSWERED = ((Fate.STORED, 0.46), (Fate.JOINED, 0.07), (Fate.STUMBLES, 0.47))
# What may happen besides, to calls that nobody has to have the answer of.
ANY = (
    (Fate.STORED, 0.40),
    (Fate.JOINED, 0.06),
    (Fate.STUMBLES, 0.40),
    (Fate.UNUSABLE, 0.08),
    (Fate.EXHAUSTED, 0.06),
)
DRAFT = (
    (Fate.STORED, 0.18),
    (Fate.STUMBLES, 0.40),
    (Fate.CUT_STREAM, 0.17),
    (Fate.UNUSABLE, 0.10),
    (Fate.EXHAUSTED, 0.05),
    (Fate.LIMITED, 0.10),
)


class Question(NamedTuple):
    """What is asked: for a feature, about a ticket (0 is none), by a user. `is_due` must be answered."""

    feature: str
    at: float
    ticket_id: int
    by_id: int
    is_due: bool = False


class Fates:
    """Drawn for one day's calls."""

    def __init__(self, scene: Scene, draw: Random) -> None:
        self._draw = draw
        self._from, self._until = scene.outage
        self._random = draw.random
        self._asks_first = {
            feature.value: route.model_asked == HAIKU for feature, route in ROUTES.items()
        }

    def one(self, question: Question, *, room: int) -> Fate:
        """`room` is how many attempts may still be made: with little of it all goes well."""
        feature, at = question.feature, question.at
        if room < NEEDED_ROOM:
            return PLAIN
        if self._from <= at < self._until and self._asks_first[feature]:
            return Fate.OUTAGE
        if self._random() >= TROUBLE:
            return PLAIN
        table = ANSWERED if question.is_due else DRAFT if feature == Feature.DRAFT else ANY
        fates, weights = zip(*table, strict=True)
        fate: Fate = self._draw.choices(fates, weights)[0]
        return fate

    def tries(self, fate: Fate, model: str, most: int) -> int:
        """How often a model is tried on a walk along the route."""
        if fate is Fate.OUTAGE and model == HAIKU:
            return 0 if self._random() < BREAKER_OPEN else self._draw.randint(1, 2)
        return most

    def stop_reason(self) -> str:
        return "refusal" if self._random() < 0.3 else "max_tokens"
