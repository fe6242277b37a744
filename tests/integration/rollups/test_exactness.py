"""Whatever happens to the ledger, and in whichever order: the cells are the sum of the rows, to the nano-dollar."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Team, User
from tests.integration.rollups import raw
from tests.integration.web_cases import add_labels, add_ticket
from triage.models import (
    Attempt,
    Call,
    Certainty,
    Decision,
    Draft,
    DraftState,
    Feature,
    Field,
    FieldDecision,
    Grain,
    Label,
    Obtained,
    RollupNote,
    State,
    Ticket,
    Triage,
)
from triage.models.ledger import CallState
from triage.services import rollups

START = datetime(2026, 10, 30, 22, 40, tzinfo=UTC)
MODELS = ("claude-haiku-5-5", "claude-sonnet-5-5")
SLUGS = ("billing-wrong-charge", "account-login", "delivery-late")
PRICE = {"source": "test", "uncached_input": "0.1", "output": "0.5"}

Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("open", "open", "settle", "settle", "retry", "close", "reuse", "know"),
                *("finish", "judge", "unjudge", "move", "file", "draft", "end_draft"),
                *("solve", "reopen", "refresh"),
            ]
        ),
        st.integers(0, 7),
        st.integers(0, 10**15),
    ),
    min_size=15,
    max_size=50,
)

# What every history begins with, so that there is something to settle late, judge, move and end after a refresh.
BEGINNING: list[Step] = [
    *(("open", place, 10**9 + place) for place in range(4)),
    *(("retry", place, 10**6) for place in (0, 1)),
    *(("finish", place, 600 + place) for place in range(4)),
    *(("draft", place, 0) for place in range(2)),
    ("refresh", 0, 0),
]


class World:
    """A few tickets, and what may happen to them. Each step takes a place (which row) and an amount."""

    def __init__(self) -> None:
        add_labels()
        self.teams = [None, *Team.objects.all(), Team.objects.create(slug="it", name="IT")]
        self.users = [User.objects.system(), User.objects.create(email="alice@example.com")]
        self.tickets = [add_ticket(f"Ticket {n}", created_at=START) for n in range(3)]

    def take(self, steps: list[Step]) -> None:
        for number, (name, place, amount) in enumerate(steps):
            # Every step is 27 minutes later: hours and midnights are crossed.
            getattr(self, name)(place, amount, START + timedelta(minutes=27 * number))

    def open(self, place: int, amount: int, at: datetime) -> None:
        feature = list(Feature)[place % 3]
        call = Call.objects.create(
            feature=feature,
            by=self.users[place % 2],
            about_kind="ticket" if place != 7 else "",
            about_id=str(self.tickets[place % 3].pk) if place != 7 else "",
            fingerprint="f" * 64,
            prompt_version=f"v{place % 2}",
            model_asked=MODELS[place % 2],
            created_at=at,
        )
        self._attempt(call, amount, at, number=1)

    def retry(self, place: int, amount: int, at: datetime) -> None:
        """Another attempt of the same call, on the other model for even places."""
        if call := self._pick(Call.objects.filter(state=CallState.RUNNING), place):
            self._attempt(call, amount, at, number=call.attempts.count() + 1, other=place % 2 == 0)

    def settle(self, place: int, amount: int, at: datetime) -> None:
        if attempt := self._pick(Attempt.objects.filter(certainty=Certainty.OPEN), place):
            kind = [Certainty.KNOWN, Certainty.NONE, Certainty.UNKNOWN, Certainty.KNOWN][place % 4]
            self._settle(attempt, kind, amount, at)

    def know(self, place: int, amount: int, at: datetime) -> None:
        """A late answer, or reconciling, says what an unknown one had cost."""
        if attempt := self._pick(Attempt.objects.filter(certainty=Certainty.UNKNOWN), place):
            self._settle(attempt, Certainty.KNOWN, amount, at)

    def close(self, place: int, amount: int, at: datetime) -> None:
        if call := self._pick(Call.objects.filter(state=CallState.RUNNING), place):
            is_answered = place % 3 != 0
            Call.objects.filter(pk=call.pk).update(
                state=CallState.ANSWERED if is_answered else CallState.FAILED,
                obtained=Obtained.FIRST if is_answered else "",
                error="" if is_answered else "route_exhausted",
                cost_nanousd=amount,
                finished_at=at,
            )

    def reuse(self, place: int, amount: int, at: datetime) -> None:
        Call.objects.create(
            feature=Feature.CLASSIFY,
            by=self.users[0],
            about_kind="ticket",
            about_id=str(self.tickets[place % 3].pk),
            fingerprint="f" * 64,
            model_asked=MODELS[0],
            state=CallState.ANSWERED,
            obtained=[Obtained.STORED, Obtained.JOINED][place % 2],
            saved_nanousd=amount,
            created_at=at,
            finished_at=at,
        )

    def finish(self, place: int, amount: int, at: datetime) -> None:
        run = Triage.objects.create(
            ticket=self.tickets[place % 3],
            state=State.DONE,
            stage=["classify", "escalate"][place % 2],
            escalated=place % 2 == 1,
            first_answer={"label": {"value": SLUGS[amount % 3]}} if place % 2 else None,
            is_rerun=place > 4,
            cost_nanousd=amount,
            finished_at=at,
        )
        FieldDecision.objects.create(
            triage=run,
            field=Field.LABEL,
            value=SLUGS[place % 3],
            confidence=(amount % 1001) / 1000,
            threshold=0.85,
            decision=[Decision.APPLIED, Decision.SUGGESTED][place % 2],
        )

    def judge(self, place: int, amount: int, at: datetime) -> None:
        if made := self._pick(FieldDecision.objects.all(), place):
            FieldDecision.objects.filter(pk=made.pk).update(
                corrected_to=SLUGS[amount % 3], corrected_by=self.users[1], corrected_at=at
            )

    def unjudge(self, place: int, amount: int, at: datetime) -> None:
        if made := self._pick(FieldDecision.objects.all(), place):
            FieldDecision.objects.filter(pk=made.pk).update(
                corrected_to="", corrected_by=None, corrected_at=None
            )

    def move(self, place: int, amount: int, at: datetime) -> None:
        team = self.teams[amount % 3]
        Ticket.objects.filter(pk=self.tickets[place % 3].pk).update(team=team)

    def file(self, place: int, amount: int, at: datetime) -> None:
        label = Label.objects.get(slug=SLUGS[amount % 3]) if place % 4 else None
        Ticket.objects.filter(pk=self.tickets[place % 3].pk).update(label=label)

    def draft(self, place: int, amount: int, at: datetime) -> None:
        ticket = self.tickets[place % 3]
        if not Draft.objects.filter(ticket=ticket, state=DraftState.QUEUED).exists():
            Draft.objects.create(ticket=ticket, by=self.users[1], created_at=at)

    def end_draft(self, place: int, amount: int, at: datetime) -> None:
        if draft := self._pick(Draft.objects.filter(state=DraftState.QUEUED), place):
            ended = [s for s in DraftState if s not in (DraftState.QUEUED, DraftState.RUNNING)]
            state = ended[place % len(ended)]
            Draft.objects.filter(pk=draft.pk).update(
                state=state,
                finished_at=at,
                error_code="overloaded" if state == DraftState.FAILED else "",
                cost_nanousd=amount,
                edited_share=(amount % 3) / 4 if state == DraftState.SENT else None,
            )

    def solve(self, place: int, amount: int, at: datetime) -> None:
        Ticket.objects.filter(pk=self.tickets[place % 3].pk).update(solved_at=at)

    def reopen(self, place: int, amount: int, at: datetime) -> None:
        Ticket.objects.filter(pk=self.tickets[place % 3].pk).update(solved_at=None)

    def refresh(self, place: int, amount: int, at: datetime) -> None:
        rollups.refresh()

    def _attempt(
        self, call: Call, amount: int, at: datetime, *, number: int, other: bool = False
    ) -> None:
        model = MODELS[1 - MODELS.index(call.model_asked)] if other else call.model_asked
        Attempt.objects.create(
            call=call,
            number=number,
            model=model,
            bound_nanousd=amount,
            cost_nanousd=amount,
            price=PRICE,
            lease_until=at,
            opened_at=at,
        )

    def _settle(self, attempt: Attempt, kind: Certainty, amount: int, at: datetime) -> None:
        is_known = kind == Certainty.KNOWN
        Attempt.objects.filter(pk=attempt.pk).update(
            certainty=kind,
            cost_nanousd={Certainty.KNOWN: amount, Certainty.NONE: 0}.get(
                kind, attempt.bound_nanousd
            ),
            settled_at=at,
            error="" if is_known else "overloaded",
            stop_reason="end_turn" if is_known else "",
            uncached_input_tokens=amount % 997 if is_known else 0,
            cache_write_5m_tokens=amount % 3 if is_known else 0,
            cache_read_tokens=amount % 5 * 100 if is_known else 0,
            output_tokens=amount % 89 if is_known else 0,
            latency_ms=amount % 9_000,
        )

    def _pick(self, rows: Any, place: int) -> Any:
        found = list(rows.order_by("pk"))
        return found[place % len(found)] if found else None


@pytest.mark.django_db
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_cells_equal_the_rows_they_sum_whatever_settles_late_or_twice(steps: list[Step]) -> None:
    with transaction.atomic():
        World().take([*BEGINNING, *steps])

        rollups.refresh()

        for grain in Grain:
            assert raw.cells(grain) == raw.rows(grain)
        assert not RollupNote.objects.exists()
        before = {grain: raw.cells(grain) for grain in Grain}
        rollups.rebuild()
        assert {grain: raw.cells(grain) for grain in Grain} == before
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_refreshing_twice_changes_nothing() -> None:
    World().take([("open", 1, 777), ("settle", 0, 500), ("finish", 1, 90), ("judge", 0, 2)])
    rollups.refresh()
    once = {grain: raw.cells(grain) for grain in Grain}

    rollups.refresh()

    assert {grain: raw.cells(grain) for grain in Grain} == once
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM triage_rollupnote")
        assert cursor.fetchone() == (0,)
