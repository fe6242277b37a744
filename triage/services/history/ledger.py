"""The lines of simulated calls and attempts, and what they add up to. The hot path of a history: one formatted line each."""

from collections import defaultdict
from typing import NamedTuple

from triage.models import Feature
from triage.models.ledger import CallState
from triage.services.gateway.routes import ROUTES
from triage.services.history.fates import Question
from triage.services.history.ids import Ids
from triage.services.history.pages import Pages
from triage.services.history.scene import Scene
from triage.services.history.shapes import NULL, Shape

FINGERPRINT_TAIL = "5eed" * 12
ASKED = {feature.value: route.model_asked for feature, route in ROUTES.items()}
ANSWERED, FAILED = CallState.ANSWERED.value, CallState.FAILED.value


class Told(NamedTuple):
    """How a call ended, and when. `obtained` and `model_served` are "" where `error` says why there is no answer."""

    ended_at: float
    latency_ms: int
    cost_nanousd: int = 0
    tries: int = 0
    obtained: str = ""
    model_served: str = ""
    error: str = ""


class Paid(NamedTuple):
    """An answer that an equal call may reuse."""

    fingerprint: str
    model_served: str
    cost_nanousd: int


class Ledger:
    """One day's lines. `room` is how many attempts may still be made; `spent` is by feature and user."""

    def __init__(self, scene: Scene, pages: Pages, ids: Ids, *, room: int) -> None:
        self._pages = pages
        self._calls = pages.lines["triage_call"]
        self._attempts = pages.lines["triage_attempt"]
        self._next_call, self._next_attempt = ids.call, ids.attempt
        self._changes_at = scene.changes_at
        self._versions = {
            feature.value: tuple(
                chapter.drafting if feature is Feature.DRAFT else chapter.sorting
                for chapter in scene.chapters
            )
            for feature in Feature
        }
        self._paid: dict[str, Paid] = {}
        self.room = room
        self.spent: dict[tuple[str, int], int] = defaultdict(int)

    def paid(self, feature: str) -> Paid | None:
        """The last answer that a call of the feature has paid for."""
        return self._paid.get(feature)

    def add_attempt(
        self, shape: Shape, opened: str, settled: str, *, number: int = 1, batch: str = NULL
    ) -> None:
        """An attempt of the call that is to be added next."""
        id_ = self._next_attempt
        self._next_attempt += 1
        self.room -= 1
        self._attempts.append(
            f"{id_}\t{self._next_call}\t{batch}\t{number}\t{opened}\t{settled}\t{settled}\treq_simulated_{id_:x}\t{shape.text}\n"
        )

    def add_call(
        self, question: Question, told: Told, opened: str, ended: str, *, reused: Paid | None = None
    ) -> Told:
        """The call's line. Fingerprints rise with the calls, so that their index grows at its end."""
        id_ = self._next_call
        self._next_call += 1
        feature, at, ticket_id, by_id, _ = question
        _, latency, cost, tries, obtained, served, error = told
        fingerprint = reused.fingerprint if reused else f"{id_:016x}{FINGERPRINT_TAIL}"
        if tries:
            self.spent[feature, by_id] += cost
            if obtained:
                self._paid[feature] = Paid(fingerprint, served, cost)
        about = f"ticket\t{ticket_id}" if ticket_id else "\t"
        self._calls.append(
            f"{id_}\t{feature}\t{by_id}\t{about}\t{fingerprint}\t{self._versions[feature][at >= self._changes_at]}"
            f"\t{ASKED[feature]}\t{served}\t{ANSWERED if obtained else FAILED}\t{obtained}\t{tries}\t{cost}"
            f"\t{reused.cost_nanousd if reused else 0}\t{error}\t{latency}\t{opened}\t{ended}\n"
        )
        return told
