"""Budgets hold: what does not fit is not asked, whoever else is asking; and what was not spent is not counted."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db.models import Sum

from accounts.models import User
from tests.integration.gateway.conftest import Ask, build_request
from triage.exceptions import BudgetExceeded, CostCapReached, GatewayError
from triage.models import (
    Alert,
    AlertKind,
    Attempt,
    Budget,
    Call,
    Certainty,
    Feature,
    FeatureRoute,
    Obtained,
    Period,
    Scope,
    Shedding,
    Spend,
    StoredReply,
)
from triage.services import gateway
from triage.services.gateway import attempts, routes
from triage.services.gateway.budgets import DEFAULT_SHARES
from triage.services.gateway.catalog import HAIKU
from triage.simulator import RunningSimulator
from triage.types import NANOUSD_PER_USD


@pytest.fixture
def cost(ask: Ask, claude: RunningSimulator) -> int:
    """What one call of these tests costs once the prefix is cached; two are made."""
    for number in range(2):
        reply = ask(build_request(f"warm {number}"))
    return reply.cost_nanousd


@pytest.fixture
def bound() -> int:
    """Above the bound of one of these tests' attempts, far below a day of them."""
    return 10_000_000


def set_budget(
    hard: int | None,
    *,
    soft: int | None = None,
    scope: Scope = Scope.INSTALLATION,
    key: str = "",
    period: Period = Period.DAY,
) -> Budget:
    return Budget.objects.create(
        scope=scope, key=key, period=period, hard_nanousd=hard, soft_nanousd=soft
    )


def spent(scope: Scope = Scope.INSTALLATION, key: str = "", period: Period = Period.DAY) -> int:
    row = Spend.objects.get(scope=scope, key=key, period=period)
    assert row.held_nanousd == 0
    return row.spent_nanousd


def test_every_attempt_counts_for_the_installation_its_feature_and_its_user_by_day_and_month(
    ask: Ask, claude: RunningSimulator
) -> None:
    cost = ask().cost_nanousd

    system = str(User.objects.system().pk)
    scopes = [(Scope.INSTALLATION, ""), (Scope.FEATURE, "classify"), (Scope.USER, system)]
    assert [spent(*scope, period) for scope in scopes for period in Period] == [cost] * 6


def test_what_is_spent_is_the_sum_of_the_attempts_after_any_mixture_of_ends(
    ask: Ask, claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "BACKOFF_BASE_SECONDS", 0.01)
    claude.set_scenario("529:0.3+reset:0.2+refusal:0.2", 3)

    for number in range(12):
        with suppress(GatewayError):
            ask(build_request(f"{number}"))

    total = Attempt.objects.aggregate(total=Sum("cost_nanousd"))["total"]
    assert {"known", "none", "unknown"} <= set(Attempt.objects.values_list("certainty", flat=True))
    assert [spent(period=period) for period in Period] == [total, total]


def test_a_call_that_does_not_fit_is_refused_before_anything_is_asked_or_held(
    ask: Ask, claude: RunningSimulator
) -> None:
    set_budget(1_000)

    with pytest.raises(BudgetExceeded) as caught:
        ask()

    error = caught.value
    tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(1)
    assert error.limit == "the budget of the installation for this day"
    assert (error.allowed, error.used) == ("$0.0000", "$0.0000")
    assert error.resets_at in (tomorrow, tomorrow - timedelta(1))
    assert 0 < error.retry_after_seconds <= 86_401
    assert not claude.bill()["requests"]
    assert not Attempt.objects.exists()
    assert not Spend.objects.exists()
    assert not StoredReply.objects.exists()
    call = Call.objects.get()
    assert (call.state, call.error, call.tries) == ("failed", "budget_exceeded", 0)


@pytest.mark.parametrize(
    ("scope", "key"),
    [(Scope.FEATURE, "classify"), (Scope.USER, "system"), (Scope.INSTALLATION, "")],
)
@pytest.mark.parametrize("period", Period)
def test_each_scope_and_period_has_a_limit_of_its_own(
    ask: Ask, claude: RunningSimulator, scope: Scope, key: str, period: Period
) -> None:
    key = str(User.objects.system().pk) if key == "system" else key
    set_budget(1_000, scope=scope, key=key, period=period)

    with pytest.raises(BudgetExceeded) as caught:
        ask()

    assert caught.value.limit.endswith(f"for this {period}")


def test_another_features_and_another_users_budget_is_nobody_elses(
    ask: Ask, claude: RunningSimulator
) -> None:
    set_budget(0, scope=Scope.FEATURE, key="draft")
    set_budget(0, scope=Scope.USER, key="999999")

    assert ask().obtained == Obtained.FIRST


def test_a_stored_reply_is_served_when_the_budget_is_out(
    ask: Ask, claude: RunningSimulator
) -> None:
    ask()
    set_budget(1)

    reply = ask()

    assert (reply.obtained, reply.cost_nanousd) == (Obtained.STORED, 0)


def test_a_stored_reply_that_redis_has_forgotten_is_served_too(
    ask: Ask, claude: RunningSimulator
) -> None:
    ask()
    set_budget(1)
    cache.clear()

    assert ask().obtained == Obtained.STORED


def test_only_the_cost_counts_once_a_call_is_settled(
    ask: Ask, claude: RunningSimulator, cost: int, bound: int
) -> None:
    used = spent()
    set_budget(used + 20 * cost + bound)

    replies = [ask(build_request(f"{number}")) for number in range(20)]

    assert spent() == used + sum(reply.cost_nanousd for reply in replies)


def test_a_call_waits_for_what_others_hold_and_goes_when_they_have_settled(
    ask: Ask, claude: RunningSimulator, cost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = an_open_attempt(bound=5 * NANOUSD_PER_USD)
    set_budget(spent_and_held() + 1)  # the hold alone fills it
    polls: list[float] = []

    def settle_meanwhile(seconds: float) -> None:
        polls.append(seconds)
        Attempt.objects.filter(pk=held.pk).update(
            certainty="known", cost_nanousd=1, settled_at=datetime.now(UTC)
        )

    monkeypatch.setattr(routes, "sleep", settle_meanwhile)
    reply = ask(build_request("patience"))

    assert reply.obtained == Obtained.FIRST
    assert polls == [attempts.HOLD_POLL_SECONDS]


def test_a_hold_that_never_settles_refuses_with_a_short_retry(
    ask: Ask, claude: RunningSimulator, cost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "HOLD_WAIT_SECONDS", 0.5)
    an_open_attempt(bound=5 * NANOUSD_PER_USD)
    set_budget(spent_and_held() + 1)

    with pytest.raises(BudgetExceeded) as caught:
        ask(build_request("no patience"))

    assert caught.value.retry_after_seconds < 60


def test_when_a_lease_ends_the_hold_becomes_spent_in_the_same_statement(
    ask: Ask, claude: RunningSimulator
) -> None:
    attempt = an_open_attempt(bound=700, lease=timedelta(seconds=-1))
    row = Spend.objects.get(scope=Scope.INSTALLATION, period=Period.DAY)
    assert (row.held_nanousd, row.spent_nanousd) == (700, 0)

    assert gateway.expire_attempts() == 1

    attempt.refresh_from_db()
    assert (attempt.certainty, attempt.cost_nanousd) == (Certainty.UNKNOWN, 700)
    assert spent() == 700


def test_a_budget_set_in_the_middle_of_the_month_counts_what_was_spent_before(
    ask: Ask, claude: RunningSimulator, cost: int
) -> None:
    set_budget(spent() + cost, period=Period.MONTH)

    with pytest.raises(BudgetExceeded):
        ask(build_request("one more"))


def test_features_are_shed_in_the_order_of_their_shares(
    ask: Ask, claude: RunningSimulator, cost: int, bound: int
) -> None:
    set_budget((spent() + bound) * 100 // 85)  # 85 % of it has room for one more call, 80 % has not
    Shedding.objects.create(feature="escalate", share_percent=80)

    with pytest.raises(BudgetExceeded):
        ask(build_request("shed"), feature=Feature.ESCALATE)

    assert ask(build_request("served")).obtained == Obtained.FIRST


def test_by_default_drafts_are_shed_first_and_triage_last() -> None:
    assert list(DEFAULT_SHARES) == sorted(DEFAULT_SHARES, key=DEFAULT_SHARES.__getitem__)
    assert (min(DEFAULT_SHARES.values()), max(DEFAULT_SHARES.values())) == (80, 100)
    assert next(iter(DEFAULT_SHARES)) == Feature.DRAFT
    assert DEFAULT_SHARES[Feature.CLASSIFY] == 100
    assert set(DEFAULT_SHARES) == set(Feature)


def test_above_the_soft_limit_an_alert_is_opened_once_and_calls_go_on(
    ask: Ask, claude: RunningSimulator
) -> None:
    set_budget(None, soft=1)

    for number in range(3):
        ask(build_request(f"{number}"))

    alert = Alert.objects.get()
    assert (alert.kind, alert.scope) == (
        AlertKind.BUDGET_SOFT,
        "the budget of the installation for this day",
    )
    assert alert.times == 1


def test_a_refusal_opens_an_alert(ask: Ask, claude: RunningSimulator) -> None:
    set_budget(1)

    for _ in range(2):
        with pytest.raises(BudgetExceeded):
            ask()

    assert Alert.objects.get(kind=AlertKind.BUDGET_HARD).times == 2


def test_one_money_budget_covers_all_tries_of_a_call(
    ask: Ask, claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "BACKOFF_BASE_SECONDS", 0.01)
    row = FeatureRoute.objects.create(
        feature="classify", attempt_seconds=5, deadline_seconds=20, max_cost_nanousd=2_500_000
    )
    row.hops.create(position=1, model=HAIKU, tries=9)
    routes.forget()
    claude.set_scenario("reset", 0)  # each try may have been billed: its bound counts

    with pytest.raises(CostCapReached) as caught:
        ask()

    tries = Attempt.objects.count()
    assert 1 <= tries < 9
    assert caught.value.cost_nanousd == sum(Attempt.objects.values_list("cost_nanousd", flat=True))
    assert caught.value.cost_nanousd <= 2_500_000


def an_open_attempt(*, bound: int, lease: timedelta = timedelta(minutes=5)) -> Attempt:
    call = Call.objects.create(
        feature="classify", by=User.objects.system(), fingerprint="x", model_asked=HAIKU
    )
    return Attempt.objects.create(
        call=call,
        number=1,
        model=HAIKU,
        bound_nanousd=bound,
        cost_nanousd=bound,
        price={},
        lease_until=datetime.now(UTC) + lease,
    )


def spent_and_held() -> int:
    row = Spend.objects.get(scope=Scope.INSTALLATION, period=Period.DAY)
    return row.spent_nanousd + row.held_nanousd
