"""The quotas page: budgets as they stand, who may still call, who stops first, and who was refused."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from tests.integration.admin_cases import HAIKU, NOON, SONNET, add_attempt, add_call
from triage.models import Budget, Certainty, Feature, Shedding
from triage.selectors.periods import Period
from triage.selectors.reports import REPORTS
from triage.selectors.tables import About, Asked, Table
from triage.services import rollups
from triage.services.gateway import rates
from triage.services.gateway.fleet import scripts
from triage.services.gateway.fleet.outage import Outage

QUOTAS = "/admin/quotas/"
NOVEMBER = {"from": "2026-11-01", "to": "2026-11-30"}
DAYS = Period(NOON.date(), NOON.date())
QUOTA_TABLES = [name for name in REPORTS if name.startswith("quotas-")]


@pytest.fixture(autouse=True)
def at_noon(db: None) -> Any:
    """Budgets and rates are of today."""
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def no_redis(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens where Redis should be, and what the process remembers of that is the test's own."""
    default = settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {**settings.CACHES, "default": default}
    monkeypatch.setattr(scripts, "outage", Outage("a test"))


def built(name: str, **asked: Any) -> Table:
    return REPORTS[f"quotas-{name}"].build(Asked(DAYS, **asked))


def named(table: Table) -> list[dict[str, Any]]:
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def shown(client: Client, **query: str) -> str:
    return " ".join(client.get(QUOTAS, NOVEMBER | query).text.split())


def add_budget(scope: str = "installation", key: str = "", **fields: Any) -> Budget:
    return Budget.objects.create(scope=scope, key=key, **({"period": "day"} | fields))


def test_a_budget_stands_with_what_is_spent_held_and_left() -> None:
    budget = add_budget(soft_nanousd=600, hard_nanousd=1_000)
    add_attempt(add_call(), 500)
    add_attempt(add_call(), 200, certainty=Certainty.OPEN)

    table = built("budgets")
    row = named(table)[0]

    assert (row["spent"], row["held"], row["left"], row["used"]) == (500, 200, 300, 0.7)
    assert row["starts_anew_on"] == date(2026, 11, 11)
    assert table.abouts[0] == About("admin:triage_budget_change", (budget.pk,))


@time_machine.travel(datetime(2026, 12, 31, 23, 59, tzinfo=UTC), tick=False)
def test_a_month_starts_anew_on_the_first() -> None:
    add_budget(period="month", soft_nanousd=600)

    [row] = named(built("budgets"))

    assert row["starts_anew_on"] == date(2027, 1, 1)
    assert (row["left"], row["hard"]) == (600, None)


def test_what_has_no_budget_stands_below_with_a_form_that_is_filled_in(alice: User) -> None:
    add_budget("feature", "classify", hard_nanousd=1_000)
    call = add_call(Feature.DRAFT)
    call.by = alice
    call.save()
    add_attempt(call, 70)

    table = built("budgets")
    rows = [(row["scope"], row["key"], row["period"], row["spent"]) for row in named(table)]

    assert rows == [
        ("feature", "classify", "day", 0),
        ("installation", "", "month", 70),
        ("feature", "draft", "month", 70),
        ("user", "alice@example.com", "month", 70),
    ]
    query = (("scope", "user"), ("user", str(alice.pk)), ("period", "month"))
    assert table.abouts[-1] == About("admin:triage_budget_add", query=query)


def test_the_link_to_a_new_budget_fills_in_its_form(alice: User, as_bob: Client) -> None:
    call = add_call()
    call.by = alice
    call.save()
    add_attempt(call, 70)

    rows = as_bob.get(QUOTAS).context["budget_rows"]
    form = as_bob.get(rows[-1].address).context["adminform"].form

    assert rows[-1].action == "Set one"
    assert form["scope"].value() == "user"
    assert form["user"].value() == str(alice.pk)
    assert form["period"].value() == "month"


@pytest.mark.parametrize(
    ("spent", "words", "tone"),
    [
        (500, "50.0 %", "good"),
        (700, "70.0 %, above the soft limit", "warning"),
        (1_200, "120.0 %, used up", "danger"),
    ],
)
def test_a_bar_says_in_words_what_it_shows(
    spent: int, words: str, tone: str, as_bob: Client
) -> None:
    add_budget("feature", "classify", soft_nanousd=600, hard_nanousd=1_000)
    add_attempt(add_call(), spent)

    bar = as_bob.get(QUOTAS).context["budget_rows"][0].bar

    assert (bar.text, bar.tone) == (words, tone)
    assert bar.spent <= bar.used <= bar.limit


def test_the_page_leaves_out_the_share_that_a_bar_shows(as_bob: Client) -> None:
    add_budget("feature", "classify", hard_nanousd=1_000)

    context = as_bob.get(QUOTAS).context
    heads = [head.title for head in context["quotas_budgets"].heads]

    assert "Used" not in heads
    assert len(context["budget_rows"][0].cells) == len(heads)
    assert context["budget_rows"][0].cells[-1].text == "11 Nov 2026"


def test_a_budget_of_nothing_has_a_bar_too(as_bob: Client) -> None:
    add_budget("feature", "classify", hard_nanousd=0)

    context = as_bob.get(QUOTAS).context

    assert context["budget_rows"][0].bar.text == "—, used up"
    assert [tile.value for tile in context["tiles"]] == ["1", "1", "$0.00", "0"]


def test_money_that_is_held_leads_to_its_call() -> None:
    call = add_call(Feature.DRAFT)
    add_attempt(call, 900, model=SONNET, certainty=Certainty.OPEN, at=NOON)
    add_attempt(add_call(), 5)

    table = built("holds")

    # A hold is its bound, which is at least 1,000,000 in these tests.
    by = User.objects.system().email
    assert table.rows == (("draft", SONNET, by, 1_000_000, NOON, NOON),)
    assert table.abouts == (About("admin:triage_call_change", (call.pk,)),)


def test_who_was_refused_stands_with_the_newest_first() -> None:
    add_call(obtained="", error="route_exhausted")
    add_call(obtained="", error="cost_cap", at=NOON - timedelta(hours=1), about_id="7")
    newest = add_call(Feature.DRAFT, obtained="", error="budget_exceeded")
    add_call(obtained="", error="rate_exceeded", at=NOON - timedelta(days=1))

    table = built("refused")

    assert [(row["feature"], row["error"], row["about"]) for row in named(table)] == [
        ("draft", "budget_exceeded", ""),
        ("classify", "cost_cap", "ticket 7"),
    ]
    assert named(table)[0]["why"] == "A budget had no room"
    assert table.abouts[0] == About("admin:triage_call_change", (newest.pk,))


def test_refused_calls_can_be_chosen_by_feature_and_model() -> None:
    add_call(Feature.DRAFT, obtained="", error="budget_exceeded")

    assert built("refused", feature=Feature.CLASSIFY).rows == ()
    assert built("refused", model=SONNET).rows == ()
    assert len(built("refused", feature=Feature.DRAFT, model=HAIKU).rows) == 1


def test_refusals_are_counted_by_feature_and_limit() -> None:
    for error in ("budget_exceeded", "budget_exceeded", "rate_exceeded", "route_exhausted"):
        add_call(obtained="", error=error)
    rollups.refresh()

    table = built("refusals")

    assert [row[1::2][:2] for row in table.rows] == [("budget_exceeded", 2), ("rate_exceeded", 1)]
    assert table.total == ("All", "", "", 3, None, None)


def test_a_rate_is_the_users_own_or_everybodys(alice: User, bob: User, settings: Settings) -> None:
    settings.TRIAGE_RATE_PER_MINUTE = 20
    User.objects.filter(pk=bob.pk).update(calls_per_minute=3)
    call = add_call(Feature.DRAFT)
    call.by = alice
    call.save()
    add_call()  # by the user System, whom no rate holds back
    rollups.refresh()

    assert built("rates").rows == (
        ("alice@example.com", 20, "everybody", 1),
        ("bob@example.com", 3, "this user", 0),
    )


def test_a_rate_stands_with_the_calls_of_the_last_minute(bob: User, as_bob: Client) -> None:
    User.objects.filter(pk=bob.pk).update(calls_per_minute=2)
    bob.refresh_from_db()
    rates.check(bob)
    assert as_bob.get(QUOTAS).context["rate_rows"][0].bar.text == "1 of 2"

    rates.check(bob)

    assert as_bob.get(QUOTAS).context["rate_rows"][0].bar.text.startswith("2 of 2, refused until")


def test_with_redis_down_rates_are_not_known(bob: User, as_bob: Client, no_redis: None) -> None:
    User.objects.filter(pk=bob.pk).update(calls_per_minute=2)

    html = shown(as_bob)

    assert "no user is refused for their rate" in html
    assert "Not known" in html


def test_who_has_a_budget_is_not_named_among_those_without(alice: User) -> None:
    add_budget("user", str(alice.pk), hard_nanousd=1_000)
    call = add_call()
    call.by = alice
    call.save()
    add_attempt(call, 70)

    rows = [(row["key"], row["spent"]) for row in named(built("budgets"))]

    assert rows == [("alice@example.com", 70), ("", 70), ("classify", 70)]


def test_drafts_stop_first_and_triage_last(as_bob: Client) -> None:
    add_budget(hard_nanousd=1_000_000)
    Shedding.objects.create(feature=Feature.ESCALATE, share_percent=50)
    add_attempt(add_call(), 600_000)

    rows = as_bob.get(QUOTAS).context["shed_rows"]

    assert [(row.feature, row.share, row.source) for row in rows] == [
        ("Escalate", "50 %", "an admin"),
        ("Draft", "80 %", "default"),
        ("Evaluate", "85 %", "default"),
        ("Backfill", "90 %", "default"),
        ("Classify", "100 %", "default"),
    ]
    assert (rows[0].per_day, rows[0].per_month) == ("$0.0005", "—")
    assert rows[0].bar.text == "120.0 % of its share of the day: stopped"
    assert rows[1].bar.text == "75.0 % of its share of the day"  # 600,000 of 800,000


def test_without_any_limit_the_page_says_what_will_stand_there(as_bob: Client) -> None:
    html = shown(as_bob)

    assert "There is no budget, and nothing was spent this month." in html
    assert "No request is under way, so no money is held." in html
    assert "Nobody was refused in this time." in html
    assert "The installation has no hard limit" in html


@pytest.mark.parametrize("query", [{"to": "9999"}, {"feature": "<b>"}, {"model": "\x00"}])
def test_nonsense_in_the_address_is_named(query: dict[str, str], as_bob: Client) -> None:
    response = as_bob.get(QUOTAS, query)

    assert response.status_code == 200
    assert 'role="alert"' in response.text
    assert "<b>”" not in response.text


@pytest.mark.parametrize("name", QUOTA_TABLES)
def test_every_table_is_a_file_too(name: str, as_bob: Client) -> None:
    assert as_bob.get(f"/admin/reports/{name}.csv", NOVEMBER).status_code == 200


@pytest.mark.parametrize(
    ("name", "queries"),
    [("budgets", 4), ("holds", 1), ("refused", 1), ("refusals", 1), ("rates", 2)],
)
def test_a_table_takes_few_queries(
    name: str, queries: int, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    User.objects.system()
    add_budget(hard_nanousd=1_000)
    for feature in Feature:
        call = add_call(feature, obtained="", error="budget_exceeded")
        call.by = alice
        call.save()
        add_attempt(call, 5, certainty=Certainty.OPEN)

    with django_assert_num_queries(queries):
        built(name)
