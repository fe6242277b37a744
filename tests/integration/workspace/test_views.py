"""Views of the queue that people keep: who sees them, what is in them, and who may delete them."""

from collections.abc import Mapping

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import Team, User
from tests.integration.workspace.cases import REFUND, a_team, add_labels, add_many
from triage.exceptions import InvalidInput
from triage.models import Label, SavedView, Sharing
from triage.selectors import queue
from triage.selectors.queue import Filters, View
from triage.selectors.views import COUNTED_AT_MOST, SavedViewRow, filters_of, views_of
from triage.services import views

OPEN: Mapping[str, str] = {"view": "open"}


@pytest.fixture
def trust(alice: User) -> Team:
    """Alice's team."""
    alice.team = a_team()
    alice.save()
    return alice.team


def keep(
    name: str,
    *,
    by: User,
    query: Mapping[str, str] = OPEN,
    sharing: Sharing = Sharing.PRIVATE,
) -> SavedView:
    return views.save_view(name=name, query=query, sharing=sharing, by=by)


def names(user: User) -> list[str]:
    return [row.name for row in views_of(user)]


def test_a_view_is_kept_with_the_filters_that_say_something(alice: User) -> None:
    add_labels()
    query = {"view": "open", "label": REFUND, "priority": "high", "text": " lemon ", "status": ""}

    view = keep("  Big   money ", by=alice, query=query)

    (row,) = views_of(alice)
    assert (view.name, view.owner) == ("Big money", alice)
    assert row == SavedViewRow(
        id=view.pk,
        name="Big money",
        query={"view": "open", "label": REFUND, "priority": "high", "text": "lemon"},
        filters=Filters(View.OPEN, label=REFUND, priority="high", text="lemon"),
        sharing=Sharing.PRIVATE,
        owner_name="Alice",
        is_mine=True,
        count=None,
    )


def test_a_private_view_is_its_owners_alone(alice: User, bob: User) -> None:
    keep("mine", by=alice)

    assert (names(alice), names(bob)) == (["mine"], [])


def test_a_teams_view_is_seen_by_the_team_alone(alice: User, bob: User, trust: Team) -> None:
    keep("ours", by=alice, sharing=Sharing.TEAM)
    seen = []

    for team in (None, a_team("billing"), trust):
        bob.team = team
        seen.append(names(bob))

    assert seen == [[], [], ["ours"]]


def test_everybodys_views_come_after_ones_own_and_say_whose_they_are(
    alice: User, bob: User
) -> None:
    keep("a shared one", by=bob, sharing=Sharing.ALL)
    keep("zebra", by=alice)

    rows = views_of(alice)

    assert [(row.name, row.owner_name, row.is_mine) for row in rows] == [
        ("zebra", "Alice", True),
        ("a shared one", "Bob", False),
    ]


def test_a_view_counts_what_the_looker_sees_in_it(alice: User, bob: User) -> None:
    add_many(2, assignee=alice)
    add_many(1, assignee=bob)
    keep("theirs", by=bob, query={"view": "mine"}, sharing=Sharing.ALL)

    assert [row.count for row in views_of(alice)] == [2]
    assert [row.count for row in views_of(bob)] == [1]


def test_a_count_stops_where_the_shipped_views_stop(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "COUNT_STOP", 3)
    add_many(10)
    keep("all", by=alice)

    assert [row.count for row in views_of(alice)] == [4]


def test_twelve_views_are_counted_in_four_queries_and_no_more_of_them(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    add_labels()
    a_team()
    for number in range(COUNTED_AT_MOST + 3):
        keep(f"view {number:02}", by=alice, query={"label": REFUND, "team": "trust"})

    with django_assert_num_queries(4):
        rows = views_of(alice)

    assert [row.count for row in rows] == [0] * 12 + [None] * 3


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"view": "open", "text": "lemon"}, None),
        ({"view": "solved", "priority": "high", "status": "solved"}, None),
        ({"view": "solved", "priority": "high"}, 2),
        ({"view": "open", "priority": "high", "status": "new"}, 0),
    ],
)
def test_what_no_index_counts_is_not_counted(
    query: dict[str, str], count: int | None, alice: User
) -> None:
    add_many(2, status="solved", priority="high")
    keep("x", by=alice, query=query)

    assert [row.count for row in views_of(alice)] == [count]


def test_a_view_of_a_label_that_is_gone_is_empty(alice: User) -> None:
    add_labels()
    add_many(2)
    keep("refunds", by=alice, query={"view": "open", "label": REFUND})
    Label.objects.filter(slug=REFUND).delete()

    assert [row.count for row in views_of(alice)] == [0]


@pytest.mark.parametrize(
    "query",
    [
        {"after": "x"},
        {"view": "lost"},
        {"label": "nope"},
        {"team": "nope"},
        {"priority": "medium"},
        {"status": "\0"},
        {"text": "x" * 201},
        {"view": "open", "order": "id; DROP TABLE"},
    ],
)
def test_what_is_no_filter_is_not_kept(query: dict[str, str], alice: User) -> None:
    if query == {"status": "\0"}:
        assert keep("blank", by=alice, query=query).query == {}
        return

    with pytest.raises(InvalidInput) as refused:
        keep("odd", by=alice, query=query)

    assert refused.value.field == "query"
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("name", ["", " \n ", "\0", "x" * 61])
def test_a_view_needs_a_name(name: str, alice: User) -> None:
    with pytest.raises(InvalidInput, match="name"):
        keep(name, by=alice)


def test_two_views_of_one_person_do_not_share_a_name(alice: User, bob: User) -> None:
    keep("open", by=alice)
    keep("open", by=bob)

    with pytest.raises(InvalidInput, match="already"):
        keep("open", by=alice)


@pytest.mark.parametrize("sharing", ["team", "world"])
def test_one_without_a_team_shares_with_none(sharing: str, alice: User) -> None:
    with pytest.raises(InvalidInput) as refused:
        views.save_view(name="x", query={}, sharing=sharing, by=alice)

    assert refused.value.field == "sharing"


def test_a_person_keeps_so_many_views_and_no_more(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "KEPT_AT_MOST", 1)
    keep("first", by=alice)

    with pytest.raises(InvalidInput):
        keep("second", by=alice)


def test_a_view_is_renamed_by_its_owner_alone(alice: User, bob: User) -> None:
    view = keep("old", by=alice, sharing=Sharing.ALL)
    views.rename(view.pk, name="new", by=alice)

    with pytest.raises(SavedView.DoesNotExist):
        views.rename(view.pk, name="mine now", by=bob)

    assert names(alice) == ["new"]


@pytest.mark.parametrize("sharing", [Sharing.PRIVATE, Sharing.ALL])
def test_an_admin_may_delete_what_is_shared_and_nothing_else_of_others(
    sharing: Sharing, alice: User, bob: User
) -> None:
    view = keep("x", by=alice, sharing=sharing)

    if sharing == Sharing.ALL:
        views.delete_view(view.pk, by=bob)
    else:
        with pytest.raises(SavedView.DoesNotExist):
            views.delete_view(view.pk, by=bob)

    assert SavedView.objects.exists() is (sharing == Sharing.PRIVATE)


def test_an_agent_deletes_only_their_own(alice: User, bob: User) -> None:
    mine, shared = keep("x", by=alice), keep("y", by=bob, sharing=Sharing.ALL)

    views.delete_view(mine.pk, by=alice)
    with pytest.raises(SavedView.DoesNotExist):
        views.delete_view(shared.pk, by=alice)

    assert list(SavedView.objects.all()) == [shared]


def test_an_old_view_that_names_what_we_no_longer_know_is_read_with_patience() -> None:
    query = {"view": "lost", "priority": "medium", "colour": "red", "status": "open"}

    assert filters_of(query) == Filters(View.REVIEW, status="open")
