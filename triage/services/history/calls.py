"""How simulated calls go: most are answered at once, some stumble along their feature's route, some are refused."""

from random import Random
from typing import NamedTuple

from triage.models import Feature, Obtained
from triage.services.gateway.catalog import HAIKU
from triage.services.gateway.routes import ROUTES
from triage.services.history.fates import PLAIN, Fate, Fates, Question
from triage.services.history.ledger import ASKED, Ledger, Told
from triage.services.history.pages import Pages
from triage.services.history.scene import Scene
from triage.services.history.shapes import (
    CUT_STREAM,
    FAILURES,
    OVERLOADED,
    REFUSALS,
    Failure,
    Kind,
    Shapes,
)

CACHE_SECONDS = 300.0
LOST_ENTRY = 0.002  # share of the calls whose cache entry is gone without a reason
WARM_IN_BATCH = 0.9
BACKOFF_SECONDS = 0.6
REUSED_MS = 18
AGAIN = 0.2  # share of the tries after a failure that fail too
FIRST, DRAFT = Obtained.FIRST.value, Feature.DRAFT.value
UNUSABLE = {"refusal": "refusal", "max_tokens": "answer_cut"}


class OpenBatch(NamedTuple):
    id: int
    ends_at: float


class Calls:
    """One day's calls. Of the ledger's room, `reserved` attempts are for tickets that are still to come."""

    def __init__(self, scene: Scene, pages: Pages, ledger: Ledger, draw: Random) -> None:
        self._scene, self._pages, self._ledger, self._draw = scene, pages, ledger, draw
        self._shapes = Shapes(scene, draw)
        self._fates = Fates(scene, draw)
        self._used: dict[tuple[str, bool, bool], float] = {}
        self.reserved = 0

    def ask(self, question: Question) -> Told:
        """One call with its attempts, all written down."""
        fate = self._fates.one(question, room=self._ledger.room - self.reserved)
        if fate is PLAIN:
            return self._plain(question)
        if fate in (Fate.STORED, Fate.JOINED):
            return self._reused(question, fate)
        if fate is Fate.LIMITED:
            return self._close(question, Told(question.at, 0, error="rate_exceeded"))
        return self._walk(question, fate)

    def ask_in_batch(self, question: Question, batch: OpenBatch) -> Told:
        """A line of a batch: half the price, and an answer when the batch ends."""
        model = ASKED[question.feature]
        is_warm = self._draw.random() < WARM_IN_BATCH
        chapter = self._scene.chapter_at(question.at)
        shape = self._shapes.one(Kind(model, chapter=chapter, is_warm=is_warm, is_batch=True))
        opened, ended = self._pages.when(question.at), self._pages.when(batch.ends_at)
        self._ledger.add_attempt(shape, opened, ended, batch=str(batch.id))
        latency = round((batch.ends_at - question.at) * 1000)
        told = Told(batch.ends_at, latency, shape.cost_nanousd, 1, Obtained.BATCH.value, model)
        return self._ledger.add_call(question, told, opened, ended)

    def _plain(self, question: Question) -> Told:
        """One attempt, answered by the first model."""
        model, at = ASKED[question.feature], question.at
        shape = self._shapes.one(self._kind(model, question))
        ended_at = at + shape.latency_ms / 1000
        opened, ended = self._pages.when(at), self._pages.when(ended_at)
        self._ledger.add_attempt(shape, opened, ended)
        told = Told(ended_at, shape.latency_ms, shape.cost_nanousd, 1, FIRST, model)
        return self._ledger.add_call(question, told, opened, ended)

    def _reused(self, question: Question, fate: Fate) -> Told:
        """An equal question was answered before; a new one where there is none yet."""
        paid = self._ledger.paid(question.feature)
        if paid is None:
            return self._plain(question)
        ended_at = question.at + REUSED_MS / 1000
        told = Told(ended_at, REUSED_MS, obtained=fate.value, model_served=paid.model_served)
        opened, ended = self._pages.when(question.at), self._pages.when(ended_at)
        return self._ledger.add_call(question, told, opened, ended, reused=paid)

    def _walk(self, question: Question, fate: Fate) -> Told:
        """Tries along the route until one is answered, or none is left."""
        at, cost, number = question.at, 0, 0
        hops = ROUTES[Feature(question.feature)].hops
        for hop in hops:
            is_sure = question.is_due and hop is hops[-1]
            for _ in range(self._fates.tries(fate, hop.model, hop.tries)):
                failure = None if is_sure else self._failure(fate, hop.model, at, number)
                kind = self._kind(hop.model, question, failure)
                if fate is Fate.UNUSABLE:
                    kind = kind._replace(stop_reason=self._fates.stop_reason())
                shape = self._shapes.one(kind)
                ended_at = at + shape.latency_ms / 1000
                number += 1
                cost += shape.cost_nanousd
                opened, settled = self._pages.when(at), self._pages.when(ended_at)
                self._ledger.add_attempt(shape, opened, settled, number=number)
                if failure is None or failure is CUT_STREAM:
                    told = _ended(question, ended_at, cost, number, kind)
                    return self._close(question, told)
                at = ended_at + BACKOFF_SECONDS * number
                if failure.leaves_model:
                    break
        latency = round((at - question.at) * 1000)
        return self._close(question, Told(at, latency, cost, number, error="route_exhausted"))

    def _failure(self, fate: Fate, model: str, at: float, number: int) -> Failure | None:
        """What the try after `number` others fails of; None where it is answered."""
        if fate is Fate.UNUSABLE:
            return None
        if fate is Fate.CUT_STREAM:
            return CUT_STREAM
        if model == HAIKU and self._scene.is_outage(at):
            return OVERLOADED
        if fate is Fate.EXHAUSTED:
            return self._draw.choice(REFUSALS)
        is_failing = self._draw.random() < AGAIN if number else fate is Fate.STUMBLES
        return self._draw.choice(FAILURES) if is_failing else None

    def _kind(self, model: str, question: Question, failure: Failure | None = None) -> Kind:
        """Warm if the same prompt was answered by the same model a short while ago."""
        at, is_draft = question.at, question.feature == DRAFT
        chapter = not is_draft and at >= self._scene.changes_at
        if failure:
            return Kind(model, is_draft, chapter, failure=failure)
        prompt = (model, is_draft, chapter)
        idle = at - self._used.get(prompt, -CACHE_SECONDS)
        self._used[prompt] = at
        is_warm = idle < CACHE_SECONDS and self._draw.random() >= LOST_ENTRY
        return Kind(model, is_draft, chapter, is_warm)

    def _close(self, question: Question, told: Told) -> Told:
        opened, ended = self._pages.when(question.at), self._pages.when(told.ended_at)
        return self._ledger.add_call(question, told, opened, ended)


def _ended(question: Question, at: float, cost: int, number: int, kind: Kind) -> Told:
    """The last attempt brought something; whether it can be used is another question."""
    latency = round((at - question.at) * 1000)
    error = kind.failure.error if kind.failure else UNUSABLE.get(kind.stop_reason, "")
    if error:
        return Told(at, latency, cost, number, error=error)
    is_fallback = kind.model != ASKED[question.feature]
    obtained = (
        Obtained.FALLBACK if is_fallback else Obtained.RETRY if number > 1 else Obtained.FIRST
    )
    return Told(at, latency, cost, number, obtained.value, kind.model)
