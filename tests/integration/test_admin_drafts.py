"""The Drafts page: what became of drafts, by hand-checked sums, and what the page shows before anything comes live."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Team, User
from tests.integration.web_cases import add_labels, add_ticket
from triage.admin.dashboards.drafts_chart import stacked
from triage.models import Draft, DraftCell, DraftState, Grain, Label, Ticket
from triage.selectors.periods import Period
from triage.selectors.reports import REPORTS
from triage.selectors.reports.fates import Fate, Verdict
from triage.selectors.tables import Asked, Table
from triage.services import rollups

PAGE = "/admin/drafts/"
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
IN_NOVEMBER = {"from": "2026-11-01", "to": "2026-11-30"}
LATE = "delivery-late"
WRONG = "billing-wrong-charge"


def add_cell(
    day: int = 10, *, label: str = WRONG, team_id: int = 0, by_id: int = 1, **sums: int
) -> None:
    """A day's cell in November; what is not named is 0, and `drafts` is what the parts add up to."""
    parts = ("underway", "waiting", "sent_unchanged", "sent_edited", "discarded")
    ends = ("broken", "failed", "cancelled")
    money = ("edited_milli", "cost_nanousd", "sent_nanousd")
    values = {name: sums.get(name, 0) for name in (*parts, *ends, *money)}
    DraftCell.objects.create(
        grain=Grain.DAY,
        starts_at=datetime(2026, 11, day, tzinfo=UTC),
        label=label,
        team_id=team_id,
        by_id=by_id,
        drafts=sum(values[name] for name in (*parts, *ends)),
        **values,
    )


def table(name: str, **asked: Any) -> Table:
    return REPORTS[name].build(Asked(NOVEMBER, **asked))


def rows(found: Table) -> list[dict[str, Any]]:
    names = [column.name for column in found.columns]
    return [dict(zip(names, row, strict=True)) for row in found.rows]


def shown(client: Client, **query: str) -> str:
    return " ".join(client.get(PAGE, IN_NOVEMBER | query).text.split())


def test_a_labels_row_adds_up_its_days(db: None) -> None:
    add_labels()
    add_cell(3, sent_unchanged=4, sent_edited=2, edited_milli=500, discarded=2, cost_nanousd=9_000)
    add_cell(
        4, sent_edited=2, edited_milli=700, broken=1, failed=1, cancelled=1, cost_nanousd=3_000
    )
    add_cell(5, waiting=2, underway=1)
    add_cell(6, label=LATE, discarded=1)

    first, second = rows(table("drafts-by-label"))

    assert first == {
        "label": "Wrong charge",
        "drafts": 16,  # 8 + 5 + 3
        "sent_unchanged": 4,
        "sent_edited": 4,
        "edited_share": 0.3,  # (0.5 + 0.7) / 4
        "discarded": 2,
        "unfinished": 3,
        "waiting": 3,
        "used_share": 0.8,  # 8 of 8 + 2
        "cost": 12_000,
        "cost_per_sent": 1_500,  # 12,000 / 8
        "pays": "yes",
    }
    assert (second["label"], second["used_share"], second["edited_share"]) == (
        "Late delivery",
        0,
        None,
    )
    assert second["cost_per_sent"] is None


def test_the_total_is_the_sum_and_its_shares_are_those_of_the_sum(db: None) -> None:
    add_cell(sent_unchanged=1, cost_nanousd=100, sent_nanousd=100)
    add_cell(label=LATE, discarded=3, cost_nanousd=300)

    found = table("drafts-by-label")
    total = dict(zip([column.name for column in found.columns], found.total or (), strict=True))

    assert (total["drafts"], total["used_share"]) == (4, 0.25)  # 1 of 4
    assert (total["cost"], total["cost_per_sent"]) == (400, 400)  # 400 / 1
    assert total["pays"] is None


@pytest.mark.parametrize(
    ("sent", "discarded", "verdict"),
    [
        (0, 0, Verdict.TOO_EARLY),
        (0, 9, Verdict.TOO_EARLY),  # nine decided
        (1, 9, Verdict.DOES_NOT),  # 10 %
        (19, 81, Verdict.DOES_NOT),
        (2, 8, Verdict.PAYS),  # 20 %
        (10, 0, Verdict.PAYS),
    ],
)
def test_drafting_does_not_pay_where_fewer_than_a_fifth_of_ten_are_used(
    sent: int, discarded: int, verdict: Verdict
) -> None:
    assert Fate(sent_edited=sent, discarded=discarded, failed=50).verdict is verdict


def test_a_row_leads_to_what_it_is_about_and_what_is_gone_keeps_its_name(bob: User) -> None:
    label = add_labels()[WRONG]
    team = Team.objects.get()
    add_cell(team_id=team.pk, by_id=bob.pk, sent_unchanged=3)
    add_cell(label="gone", team_id=10**6, by_id=10**6, sent_unchanged=2)
    add_cell(label="", sent_unchanged=1, by_id=10**6 + 1)

    found = {name: table(f"drafts-by-{name}") for name in ("label", "team", "user")}

    assert [row[0] for row in found["label"].rows] == ["Wrong charge", "gone", "No label"]
    assert [row[0] for row in found["team"].rows] == ["Billing", "1000000", "No team"]
    assert [row[0] for row in found["user"].rows] == ["Bob", "1000000", "1000001"]
    firsts = [each.abouts[0] for each in found.values()]
    assert [(about.page, about.args) for about in firsts if about] == [
        ("admin:triage_label_change", (label.pk,)),
        ("admin:accounts_team_change", (team.pk,)),
        ("admin:accounts_user_change", (bob.pk,)),
    ]
    assert not any(about for each in found.values() for about in each.abouts[1:])


def test_the_team_and_the_days_that_are_asked_for_alone_count(db: None) -> None:
    add_cell(team_id=7, sent_unchanged=1)
    add_cell(team_id=8, sent_unchanged=10)
    DraftCell.objects.filter(team_id=8).update(starts_at=datetime(2026, 12, 1, tzinfo=UTC))
    add_cell(12, team_id=0, sent_unchanged=100)

    assert [row["drafts"] for row in rows(table("drafts-by-day"))] == [100, 1]
    assert [row["drafts"] for row in rows(table("drafts-by-day", team_id=7))] == [1]
    assert [row["drafts"] for row in rows(table("drafts-by-day", team_id=0))] == [100]


def test_hours_are_not_counted_beside_their_day(db: None) -> None:
    add_cell(sent_unchanged=1)
    DraftCell.objects.update(grain=Grain.HOUR)
    add_cell(sent_unchanged=1)

    assert rows(table("drafts-by-label"))[0]["drafts"] == 1


def test_only_the_busiest_users_are_named_and_the_total_counts_all(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("triage.selectors.reports.drafts.NAMED_AT_MOST", 2)
    for by_id in (1, 2, 3):
        add_cell(by_id=by_id, sent_unchanged=by_id)

    found = table("drafts-by-user")

    assert [row[:2] for row in found.rows] == [("3", 3), ("2", 2)]
    assert (found.total or ())[:2] == ("All", 6)


@pytest.mark.parametrize(
    ("name", "queries"),
    [("drafts-by-label", 2), ("drafts-by-team", 2), ("drafts-by-user", 2), ("drafts-by-day", 1)],
)
def test_a_table_takes_few_queries_whatever_there_is(
    name: str, queries: int, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(1, 20):
        add_cell(number, label=f"l{number}", team_id=number, by_id=number, sent_unchanged=1)

    with django_assert_num_queries(queries):
        table(name)


def test_what_is_rolled_up_of_real_drafts_stands_in_the_table(alice: User) -> None:
    labels = add_labels()
    for state, share in (
        (DraftState.SENT, 0.0),
        (DraftState.SENT, 0.25),
        (DraftState.FAILED, None),
    ):
        add_draft(alice, state, label=labels[WRONG], edited_share=share)
    rollups.refresh()
    today = timezone.now().date()

    (row,) = rows(REPORTS["drafts-by-label"].build(Asked(Period(today, today))))

    assert (row["drafts"], row["sent_unchanged"], row["sent_edited"], row["unfinished"]) == (
        3,
        1,
        1,
        1,
    )
    assert (row["edited_share"], row["cost"], row["cost_per_sent"]) == (0.25, 6_000, 3_000)


def add_draft(by: User, state: DraftState, *, label: Label | None = None, **fields: Any) -> Draft:
    """A draft that is over, of a ticket of its own, for 2,000 nano-dollars."""
    ticket = add_ticket()
    Ticket.objects.filter(pk=ticket.pk).update(label=label)
    return Draft.objects.create(
        ticket=ticket,
        by=by,
        state=state,
        error_code="timeout" if state == DraftState.FAILED else "",
        finished_at=timezone.now(),
        cost_nanousd=2_000,
        **fields,
    )


def test_the_tiles_say_what_their_shares_are_of(as_bob: Client) -> None:
    add_cell(sent_unchanged=3, sent_edited=1, discarded=4, failed=2, cost_nanousd=8_000_000)
    DraftCell.objects.update(sent_nanousd=6_000_000)

    tiles = as_bob.get(PAGE, IN_NOVEMBER).context["tiles"]

    assert [(tile.name, tile.value) for tile in tiles] == [
        ("Drafts", "10"),
        ("Sent unchanged", "37.5 %"),  # 3 of 8
        ("Per sent draft", "$0.002"),  # 0.008 / 4
        ("Wasted", "60.0 %"),  # 4 + 2 of 10
    ]
    assert tiles[1].note == "3 of 8 that were sent or discarded"
    assert "$0.002 went into drafts not sent" in tiles[3].note


def test_advice_names_the_labels_where_drafting_does_not_pay(as_bob: Client) -> None:
    add_labels()
    add_cell(label=LATE, sent_edited=1, discarded=11)
    add_cell(label=WRONG, sent_edited=11, discarded=1)

    html = shown(as_bob)

    assert "Advice: leave drafting off for Late delivery." in html


def test_without_drafts_the_page_says_what_will_stand_there(as_bob: Client) -> None:
    html = shown(as_bob)

    assert "No draft was asked for from 1 November to 30 November 2026" in html
    assert "Advice" not in html
    assert "When an agent asks for one, it appears here as it is written." in html


def test_nonsense_in_the_address_is_named(as_bob: Client) -> None:
    html = shown(as_bob, team="<b>", **{"from": "yesterday"})

    assert "“yesterday” is not a date" in html
    assert "There is no team “&lt;b&gt;”." in html


def test_what_was_just_finished_stands_there_and_what_is_older_does_not(
    as_bob: Client, alice: User
) -> None:
    new = add_draft(alice, DraftState.READY)
    old = add_draft(alice, DraftState.SENT)
    Draft.objects.filter(pk=old.pk).update(created_at=datetime(2026, 11, 1, tzinfo=UTC))
    add_draft(alice, DraftState.QUEUED)

    finished = as_bob.get(PAGE).context["finished"]

    assert [line["draft"] for line in finished] == [new.pk]
    assert finished[0]["cost"] == "$0.000002"


def test_the_page_takes_few_queries(
    as_bob: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(1, 20):
        add_cell(number, label=f"l{number}", team_id=number, by_id=number, sent_unchanged=1)

    with django_assert_max_num_queries(15):
        as_bob.get(PAGE, IN_NOVEMBER)


def test_the_csv_is_the_table(as_bob: Client) -> None:
    add_cell(sent_unchanged=2, cost_nanousd=3_000)

    lines = as_bob.get("/admin/reports/drafts-by-label.csv", IN_NOVEMBER).text.splitlines()

    assert lines[0].startswith("label,drafts,sent_unchanged,sent_edited,edited_share,discarded")
    assert lines[1] == f"{WRONG},2,2,0,,0,0,0,1.0,0.000003000,0.000001500,too early to say"


@pytest.mark.parametrize("number", [0, 1, 3, 4, 17, 40, 41, 999, 123_456])
def test_the_picture_stays_inside_its_frame_and_says_what_it_draws(number: int) -> None:
    day = date(2026, 11, 3)
    chart = stacked(NOVEMBER, {day: Fate(drafts=number, sent_unchanged=number)})

    assert 2 <= len(chart.counts) <= 6
    assert all(bar.y >= 11.9 and bar.height > 0 for bar in chart.bars)
    texts = [bar.text for bar in chart.bars]
    assert texts == ([f"3 November 2026, sent unchanged: {number:,}"] if number else [])
