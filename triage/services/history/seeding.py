"""seed(): a simulated history that ends now, day by day, by several processes at once."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import connection

from triage.exceptions import InvalidInput
from triage.models import Call
from triage.services import rollups
from triage.services.history.casting import set_scene
from triage.services.history.ids import lay_out
from triage.services.history.pages import COLUMNS
from triage.services.history.rhythm import quotas
from triage.services.history.scene import calendar
from triage.services.history.writers import write_alone, write_together

MOST_TICKETS = 1_000_000
TICKETS_PER_ATTEMPT = 0.6
MOST_DAYS = 366
SIDES_BELOW = 100_000  # tickets: with more of them only labels are decided on
ALONE_BELOW = 40_000  # attempts: fewer are written before other processes have started


@dataclass(frozen=True, slots=True)
class Wish:
    """How much history there shall be."""

    attempts: int
    days: int = 30
    tickets: int | None = None
    seed: int = 0

    @property
    def all_tickets(self) -> int:
        if self.tickets is not None:
            return self.tickets
        return min(round(self.attempts * TICKETS_PER_ATTEMPT), MOST_TICKETS)


@dataclass(frozen=True, slots=True)
class Step:
    """How far it is: attempts and days that are committed."""

    attempts: int
    days: int
    starts_at: datetime


def has_real_history() -> bool:
    """Whether there are calls that were none of the simulator's."""
    return not settings.TRIAGE_SIMULATOR and Call.objects.exists()


def seed(wish: Wish, *, now: datetime) -> Generator[Step, None, None]:
    """Write a history, a day a transaction; a step for each day that is done. Closed early, days underway are ended first.

    Nothing is asked of Claude. Figures of pages follow with `finish`, or with the next refresh.

    Raises:
        InvalidInput: The wish cannot be had.
    """
    _check(wish)
    span = calendar(now, wish.days)
    scene = set_scene(span, seed=wish.seed, has_sides=wish.all_tickets < SIDES_BELOW)
    days = lay_out(quotas(span, attempts=wish.attempts, tickets=wish.all_tickets))
    write = write_alone if wish.attempts < ALONE_BELOW else write_together
    attempts = 0
    for number, written in enumerate(write(scene, days), start=1):
        attempts += written
        yield Step(attempts, number, scene.starts_at)


def finish(starts_at: datetime, *, tell: Callable[[date], None]) -> None:
    """The planner's statistics and the figures of the pages, from `starts_at` on; `tell` is called with each day."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(COLUMNS)}")
        cursor.execute("SELECT gin_clean_pending_list('ticket_search')")
    rollups.rebuild(starts_at, tell=tell)


def _check(wish: Wish) -> None:
    if wish.attempts < 1:
        raise InvalidInput("attempts", "there must be one at least")
    if not 1 <= wish.days <= MOST_DAYS:
        raise InvalidInput("days", f"must be from 1 to {MOST_DAYS}")
    if not 0 <= wish.all_tickets <= wish.attempts:
        raise InvalidInput("tickets", "each ticket needs an attempt of its own")
