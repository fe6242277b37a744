"""One day of a simulated history, told hour by hour: new tickets, and calls about older ones."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from triage.models import BatchState, Feature
from triage.services.gateway.routes import ROUTES
from triage.services.history.calls import Calls, OpenBatch
from triage.services.history.drafts import Drafts
from triage.services.history.fates import Question
from triage.services.history.ids import BATCHES_A_DAY, Day
from triage.services.history.ledger import Ledger
from triage.services.history.pages import Pages
from triage.services.history.rhythm import Hour, moment
from triage.services.history.scene import DAY_SECONDS, Scene
from triage.services.history.tickets import Tickets

PAGE_ATTEMPTS = 8_000
BATCH_HOURS = (1, 2, 3)
BATCH_SECONDS = 2_700.0  # from handing it in to its end
LIVELY, LIVELY_TICKETS = 0.03, 20  # share of the calls that are about a few tickets that never end
DRAFTED = (
    0.22  # share of the tickets for which, as they come, a draft is asked, for them or for another
)
# What a hundred calls about older tickets are for, where no batch takes them.
AGAIN = (
    *[Feature.DRAFT.value] * 4,
    *[Feature.CLASSIFY.value] * 46,
    *[Feature.ESCALATE.value] * 12,
    *[Feature.BACKFILL.value] * 24,
    *[Feature.EVALUATE.value] * 14,
)
DRAFT, EVALUATE = Feature.DRAFT.value, Feature.EVALUATE.value


class _Batch(NamedTuple):
    opened: OpenBatch
    at: float


class Story:
    """Tells a day. After each page that it yields, the pages are to be written and cleared."""

    def __init__(self, scene: Scene, day: Day) -> None:
        draw = Random(f"{scene.seed}/{day.quota.number}")
        self._scene, self._day, self._draw = scene, day, draw
        self.pages = Pages(scene)
        self.ledger = Ledger(scene, self.pages, day.ids, room=day.quota.attempts)
        self._calls = Calls(scene, self.pages, self.ledger, draw)
        self._calls.reserved = day.quota.tickets
        self._tickets = Tickets(
            scene, self.pages, day.ids, self._calls, known=day.known_requesters, draw=draw
        )
        self._drafts = Drafts(scene, self.pages, self._calls, draw)
        self._batch: _Batch | None = None
        self._batches = self._lines = 0

    def tell(self) -> Iterator[Pages]:
        """Every attempt and ticket of the day's quota, no more and no less."""
        quota = self._day.quota
        told = Hour(-1, 0.0, 0, 0)
        for hour in quota.hours:
            yield from self._tell_hour(hour, told)
            told = hour
        self._end_batch()
        yield self.pages

    def _tell_hour(self, hour: Hour, before: Hour) -> Iterator[Pages]:
        start = self._day.quota.number * DAY_SECONDS + hour.number * 3_600
        quota, tickets = self._day.quota, self._tickets
        span = max(1, hour.attempts - before.attempts)
        while (
            told := quota.attempts - self.ledger.room
        ) < hour.attempts or tickets.told < hour.tickets:
            share = min(1.0, max(0.0, (told - before.attempts + self._draw.random()) / span))
            at = start + moment(hour, share * 0.9999)
            spare = self.ledger.room - (quota.tickets - tickets.told)
            if tickets.told < hour.tickets and (
                tickets.told < before.tickets + share * (hour.tickets - before.tickets)
                or told >= hour.attempts
                or not spare
            ):
                self._calls.reserved = quota.tickets - tickets.told - 1
                tickets.tell(at, is_short=not spare)
                if self._draw.random() < DRAFTED and self.ledger.room > self._calls.reserved:
                    self._draft(at, self._some_ticket())
            elif spare:
                self._again(hour, at)
            else:
                break  # what is left of the room is the coming tickets'
            if len(self.pages.lines["triage_attempt"]) >= PAGE_ATTEMPTS:
                yield self.pages

    def _again(self, hour: Hour, at: float) -> None:
        """A call about a ticket that is there already."""
        ticket_id, luck = self._some_ticket(), self._draw.random()
        if (
            hour.number in BATCH_HOURS
            and luck < 0.75
            and ticket_id
            and self._ask_in_batch(at, ticket_id)
        ):
            return
        feature = AGAIN[int(luck * len(AGAIN))]
        cast = self._scene.cast
        if feature == EVALUATE or not ticket_id:
            self._calls.ask(Question(EVALUATE, at, 0, cast.admin_id))
        elif feature == DRAFT:
            self._draft(at, ticket_id)
        else:
            self._calls.ask(Question(feature, at, ticket_id, cast.system_id))

    def _draft(self, at: float, ticket_id: int) -> None:
        agents = self._scene.cast.agents
        by_id = agents[int(len(agents) * self._draw.random() ** 1.6)]
        self._drafts.tell(at, ticket_id=ticket_id, by_id=by_id)

    def _some_ticket(self) -> int:
        """Any of the tickets so far; 0 where there are none."""
        ids, known = self._day.ids, self._day.known
        count = known + self._tickets.told
        if not count:
            return 0
        number = int(self._draw.random() * count)
        if self._draw.random() < LIVELY:
            number = min(count - 1, int(count * 0.37) + number % LIVELY_TICKETS)
        return ids.first_ticket + number if number < known else ids.ticket + number - known

    def _ask_in_batch(self, at: float, ticket_id: int) -> bool:
        """Whether a batch takes it: it must end before the history does."""
        if self._batch is None or at - self._batch.at > BATCH_SECONDS:
            self._end_batch()
            ends_at = at + BATCH_SECONDS * 1.5
            if self._batches >= BATCHES_A_DAY or ends_at > self._scene.ends_at:
                return False
            opened = OpenBatch(self._day.ids.batch + self._batches, ends_at)
            self._batch = _Batch(opened, at)
            self._batches += 1
        question = Question(Feature.BACKFILL.value, at, ticket_id, self._scene.cast.system_id)
        self._calls.ask_in_batch(question, self._batch.opened)
        self._lines += 1
        return True

    def _end_batch(self) -> None:
        """The batch's own row, once all its lines are told."""
        if self._batch is None:
            return
        (id_, ends_at), at = self._batch
        model = ROUTES[Feature.BACKFILL].model_asked
        began, ended = self.pages.when(at), self.pages.when(ends_at)
        self.pages.lines["triage_batch"].append(
            f"{id_}\tbackfill\t{model}\t{BatchState.COLLECTED.value}\t{self._lines}\tmsgbatch_simulated_{id_}\t\t[]\t\t{began}"
            f"\t{began}\t{self.pages.when(at + DAY_SECONDS)}\t{ended}\t{ended}\n"
        )
        self._batch, self._lines = None, 0
