"""Simulated drafts: who asked for them, what they cost, and whether they were sent, changed or thrown away."""

from random import Random

from triage.models import DraftState, Feature
from triage.services.history.calls import Calls
from triage.services.history.fates import Question
from triage.services.history.ledger import ASKED, Told
from triage.services.history.pages import Pages
from triage.services.history.scene import Scene
from triage.services.history.shapes import NULL

TEXT = "Simulated reply: thank you for writing to us, we are looking into it and will come back to you today."
DECIDED_AFTER = (5.6, 1.0)  # log-normal, seconds: a median of four and a half minutes
# What becomes of a finished draft, each up to that share.
FATES = (
    (DraftState.SENT, 0.66),
    (DraftState.DISCARDED, 0.87),
    (DraftState.ACCEPTED, 0.92),
    (DraftState.CANCELLED, 0.95),
    (DraftState.READY, 1.0),
)
UNCHANGED = 0.42  # of the sent ones
WAITING = (DraftState.READY, DraftState.CANCELLED)


class Drafts:
    """One day's drafts."""

    def __init__(self, scene: Scene, pages: Pages, calls: Calls, draw: Random) -> None:
        self._scene, self._pages, self._calls, self._draw = scene, pages, calls, draw

    def tell(self, at: float, *, ticket_id: int, by_id: int) -> None:
        """An agent asks for a draft; it is finished, and decided on later, if there is time."""
        told = self._calls.ask(Question(Feature.DRAFT.value, at, ticket_id, by_id))
        state = self._state(told)
        decided_at = told.ended_at + self._draw.lognormvariate(*DECIDED_AFTER)
        if state not in (*WAITING, *BROKEN) and decided_at >= self._scene.ends_at:
            state = DraftState.READY
        self._write(at, ticket_id, by_id, told, state, decided_at)

    def _state(self, told: Told) -> DraftState:
        if told.error:
            return DraftState.BROKEN if told.error == "unexpected_close" else DraftState.FAILED
        luck = self._draw.random()
        return next(state for state, most in FATES if luck < most)

    def _write(
        self,
        at: float,
        ticket_id: int,
        by_id: int,
        told: Told,
        state: DraftState,
        decided_at: float,
    ) -> None:
        is_decided = state not in (*WAITING, *BROKEN)
        decided = f"{by_id}\t{self._pages.when(decided_at)}" if is_decided else f"{NULL}\t{NULL}"
        text = "" if state is DraftState.FAILED else TEXT
        message = "Simulated." if told.error else ""
        version = self._scene.chapters[self._scene.chapter_at(at)].drafting
        self._pages.lines["triage_draft"].append(
            f"{ticket_id}\t{by_id}\t{state.value}\tf\t\t\t[]\t{text}\t{told.error}\t{message}\t0\t{ASKED[Feature.DRAFT.value]}"
            f"\t{told.model_served}\t{told.obtained}\t{version}\t0\t0\t{told.cost_nanousd}\t1\t{self._pages.when(at)}"
            f"\t{self._pages.when(told.ended_at)}\t{decided}\t{self._edited(state)}\n"
        )

    def _edited(self, state: DraftState) -> float | str:
        if state is not DraftState.SENT:
            return NULL
        if self._draw.random() < UNCHANGED:
            return 0.0
        return max(0.0001, round(self._draw.betavariate(1.3, 4.0), 4))


BROKEN = (DraftState.BROKEN, DraftState.FAILED)
