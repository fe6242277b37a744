"""`reconcile` against the simulator's bill, after calls that went well and calls that did not."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.utils import timezone
from pytest_django import Settings

from tests.integration.gateway.conftest import Ask, build_request
from triage.exceptions import GatewayError
from triage.models import Alert, Attempt, Call, Certainty, Feature, Reconciliation, Spend
from triage.services.gateway import Reuse, routes
from triage.services.gateway.catalog import HAIKU, HAIKU_4_5
from triage.simulator import RunningSimulator

SHORT = routes.Route(
    (routes.Hop(HAIKU, 2), routes.Hop(HAIKU_4_5, 1)), attempt_seconds=0.8, deadline_seconds=6
)


@pytest.fixture(autouse=True)
def short_route(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "BACKOFF_BASE_SECONDS", 0.02)
    monkeypatch.setitem(routes.ROUTES, Feature.CLASSIFY, SHORT)
    routes.forget()


def run(*args: str) -> str:
    out = StringIO()
    call_command("reconcile", *args, stdout=out)
    return out.getvalue()


def ledger() -> int:
    return Attempt.objects.aggregate(Sum("cost_nanousd"))["cost_nanousd__sum"] or 0


def spent() -> set[int]:
    """What the budgets think was spent: the same in every scope and period, if it is right."""
    return set(Spend.objects.values_list("spent_nanousd", flat=True))


def billed(claude: RunningSimulator) -> int:
    total: int = claude.wait_until_settled()["totals"]["cost_nanousd"]
    return total


def ask_under(scenario: str, ask: Ask, claude: RunningSimulator, times: int = 1) -> None:
    """Calls under faults; those that fail for good are part of it."""
    with claude.outage(scenario):
        for number in range(times):
            try:
                ask(build_request(f"{scenario} {number}"), reuse=Reuse.NEVER)
            except GatewayError:
                continue


def test_a_ledger_of_answers_equals_the_bill_to_the_nano_dollar(
    ask: Ask, claude: RunningSimulator
) -> None:
    for number in range(3):
        ask(build_request(f"My parcel {number} is late."))

    said = run()

    assert "3 attempts compared; 0 unsure ones were settled" in said
    assert "difference $0.000000000; nothing is unsure. (simulated)" in said
    assert ledger() == billed(claude)
    kept = Reconciliation.objects.get()
    assert (kept.compared, kept.differences) == (3, 0)
    assert kept.ledger_nanousd == kept.account_nanousd == ledger()


def test_a_dry_run_is_not_kept(ask: Ask, claude: RunningSimulator) -> None:
    ask(build_request("My parcel is late."))

    run("--dry-run")

    assert not Reconciliation.objects.exists()


def test_a_request_that_never_arrived_whole_was_not_billed(
    ask: Ask, claude: RunningSimulator
) -> None:
    ask(build_request("First."))
    ask_under("resetx1", ask, claude)
    unknown = Attempt.objects.get(certainty=Certainty.UNKNOWN)

    run()

    unknown.refresh_from_db()
    assert (unknown.certainty, unknown.cost_nanousd) == (Certainty.NONE, 0)
    assert "nothing was billed" in unknown.error_text
    assert unknown.error == "connection_lost"
    assert ledger() == billed(claude)


def test_an_answer_that_came_too_late_is_found_and_costs_what_was_billed(
    ask: Ask, claude: RunningSimulator
) -> None:
    ask(build_request("First."))
    ask_under("late(1.6)x1", ask, claude)
    late = Attempt.objects.get(certainty=Certainty.UNKNOWN)
    settled_at = late.settled_at
    claude.wait_until_settled()

    said = run()

    late.refresh_from_db()
    row = next(r for r in claude.bill()["requests"] if r["request_id"] == late.request_id)
    assert (late.certainty, late.settled_at) == (Certainty.KNOWN, settled_at)
    assert late.cost_nanousd == row["cost_nanousd"] > 0
    assert late.output_tokens == row["tokens"]["output"] > 0
    assert late.error_text.endswith("Resolved from the provider's account.")
    assert "1 unsure ones were settled, 0 of them as not billed" in said


def test_calls_and_budgets_follow_what_was_found(ask: Ask, claude: RunningSimulator) -> None:
    ask(build_request("First."))
    ask_under("resetx1", ask, claude)
    ask_under("late(1.6)x1", ask, claude)
    total = billed(claude)
    assert spent() != {total}

    run()

    assert ledger() == total
    assert spent() == {total}
    assert Call.objects.aggregate(Sum("cost_nanousd"))["cost_nanousd__sum"] == total


def test_a_second_run_changes_nothing(ask: Ask, claude: RunningSimulator) -> None:
    ask_under("resetx1+late(1.2)x2", ask, claude, times=3)
    claude.wait_until_settled()
    run()
    rows = list(Attempt.objects.order_by("id").values())

    said = run()

    assert "0 unsure ones were settled" in said
    assert list(Attempt.objects.order_by("id").values()) == rows


def test_a_dry_run_says_the_same_and_writes_nothing(ask: Ask, claude: RunningSimulator) -> None:
    ask(build_request("First."))
    ask_under("resetx1", ask, claude)

    said = run("--dry-run")

    assert "1 unsure ones would be settled" in said
    assert Attempt.objects.filter(certainty=Certainty.UNKNOWN).count() == 1


def test_an_attempt_whose_owner_died_is_found_once_its_lease_has_ended(
    ask: Ask, claude: RunningSimulator
) -> None:
    ask(build_request("First."))
    done = ask(build_request("Second."))
    bound = 10**9
    ended = timezone.now() - timedelta(seconds=1)
    clone = Attempt.objects.get(call_id=done.call_id)
    Attempt.objects.filter(pk=clone.pk).delete()
    Attempt.objects.create(
        call=clone.call,
        number=1,
        model=clone.model,
        bound_nanousd=bound,
        cost_nanousd=bound,
        price=clone.price,
        opened_at=clone.opened_at,
        lease_until=max(ended, clone.opened_at + timedelta(milliseconds=1)),
    )

    run()

    found = Attempt.objects.get(call_id=done.call_id)
    assert (found.certainty, found.cost_nanousd) == (Certainty.KNOWN, done.cost_nanousd)
    assert found.error == "owner_lost"
    assert ledger() == billed(claude)


def test_what_is_still_being_worked_is_left_for_later(ask: Ask, claude: RunningSimulator) -> None:
    ask(build_request("First."))
    ask_under("late(3)x1", ask, claude)
    late = Attempt.objects.get(certainty=Certainty.UNKNOWN)

    said = run()

    assert "1 attempts are unsure" in said
    late.refresh_from_db()
    assert late.certainty == Certainty.UNKNOWN
    claude.reset()


def test_a_request_without_a_row_is_a_difference_that_alerts_until_it_is_gone(
    ask: Ask, claude: RunningSimulator
) -> None:
    ask(build_request("First."))
    forgotten = ask(build_request("Second."))
    request_id = Attempt.objects.get(call_id=forgotten.call_id).request_id
    Attempt.objects.filter(call_id=forgotten.call_id).delete()
    out = StringIO()

    with pytest.raises(CommandError, match="1 differences"):
        call_command("reconcile", stdout=out)

    assert f"billed without a row: {request_id} to {HAIKU}" in out.getvalue()
    alert = Alert.objects.get(kind="ledger_differs")
    assert alert.resolved_at is None
    since = timezone.now().isoformat()
    ask(build_request("Third."))
    run("--since", since)
    alert.refresh_from_db()
    assert alert.resolved_at is not None


def test_attempts_from_before_the_account_are_counted_and_left_alone(
    ask: Ask, claude: RunningSimulator
) -> None:
    ask_under("resetx1", ask, claude)
    hour_ago = timezone.now() - timedelta(hours=1)
    Attempt.objects.filter(certainty=Certainty.UNKNOWN).update(opened_at=hour_ago)
    Attempt.objects.filter(certainty=Certainty.KNOWN).delete()
    claude.reset()
    ask(build_request("Now."))

    said = run()

    assert "1 attempts are older than the account and were not compared" in said
    assert Attempt.objects.filter(certainty=Certainty.UNKNOWN).count() == 1


def test_without_a_provider_there_is_one_clear_line(db: None, settings: Settings) -> None:
    settings.ANTHROPIC_BASE_URL = "http://127.0.0.1:9"

    with pytest.raises(CommandError, match=r"the account cannot be read: .*refused"):
        run()


def test_away_from_the_simulator_an_export_is_asked_for(db: None, settings: Settings) -> None:
    settings.TRIAGE_SIMULATOR = False

    with pytest.raises(CommandError, match="--usage FILE"):
        run()
