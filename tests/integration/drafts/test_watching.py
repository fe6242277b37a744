"""All drafts underway for one reader: new ones, their texts as they come, what they cost so far, and how they ended."""

import re
from contextlib import ExitStack
from decimal import Decimal

import pytest
from django.conf import settings as configured
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from tests.integration.drafts.cases import being_written, ready, reread, wait_until, written
from tests.integration.drafts.watching import (
    ended,
    looked,
    of,
    propose_for,
    text_of,
    watch_until,
)
from triage.admin.dashboards.live_view import Name
from triage.models import Attempt, Draft, DraftState, Ticket
from triage.models.drafts import UNDERWAY
from triage.models.tickets import AuthorKind
from triage.selectors.reports import underway
from triage.services import drafts, tickets
from triage.services.drafts import live
from triage.services.gateway.fleet.connection import get_redis
from triage.simulator import RunningSimulator


@pytest.fixture
def draft(ticket: Ticket, alice: User) -> Draft:
    return drafts.propose(ticket.pk, by=alice)


def dollars_in(text: str) -> Decimal:
    return Decimal(text.rpartition("$")[2])


def test_the_text_comes_in_pieces_and_then_how_it_ended_with_the_true_figures(
    draft: Draft, talking: RunningSimulator
) -> None:
    with being_written(draft):
        found = watch_until(ended(draft))

    draft = reread(draft)
    deltas, (end,) = of(found, Name.DELTA), of(found, Name.ENDED)
    assert len(deltas) > 5
    assert len(text_of(found, draft)) > 100
    assert draft.text.startswith(text_of(found, draft))
    assert end.data["text"] == draft.text
    assert (end.data["state"], end.data["words"]) == ("ready", "Ready")
    assert end.data["tokens"] == f"{draft.input_tokens:,} in, {draft.output_tokens} out"
    assert dollars_in(end.data["cost"]) == round(Decimal(draft.cost_nanousd) / 10**9, 6)
    assert end.data["model"] == "Sonnet 5.5"


def test_a_card_says_whose_ticket_it_is_who_asked_and_since_when(
    draft: Draft, ticket: Ticket
) -> None:
    (card,) = of(watch_until(looked), Name.OPENED)

    assert (card.data["ticket"], card.data["title"]) == (ticket.pk, "Broken lid")
    assert card.data["address"] == f"/admin/triage/ticket/{ticket.pk}/change/"
    assert (card.data["by"], card.data["words"]) == ("Alice", "Waiting")
    assert (card.data["model"], card.data["cost"]) == ("not asked yet", "nothing so far")
    assert 0 <= card.data["seconds"] < 60


def test_the_cost_so_far_is_an_estimate_above_the_true_one_and_below_what_is_held(
    draft: Draft, talking: RunningSimulator
) -> None:
    with being_written(draft):
        found = watch_until(ended(draft))

    costs = [told.data for told in of(found, Name.DELTA)]
    last = [each for each in costs if each["cost"].startswith("about $")][-1]  # the end is exact
    true = Decimal(reread(draft).cost_nanousd) / 10**9
    held = Decimal(Attempt.objects.get().bound_nanousd) / 10**9
    assert true <= dollars_in(last["cost"]) < held
    assert last["tokens"].startswith("about ")
    assert last["model"] == "Sonnet 5.5"


def test_several_at_once_are_told_of_over_one_connection(
    alice: User, talking: RunningSimulator, transactional_db: None
) -> None:
    both = [propose_for("Broken lid", by=alice), propose_for("Late parcel", by=alice)]

    with ExitStack() as writers:
        for each in both:
            writers.enter_context(being_written(each))
        found = watch_until(ended(*both))

    for each in both:
        assert len(text_of(found, each)) > 100
        assert reread(each).text.startswith(text_of(found, each))


def test_one_that_is_asked_for_meanwhile_appears(
    draft: Draft, alice: User, claude: RunningSimulator
) -> None:
    found = watch_until(
        lambda found: len(found) == 3, meanwhile=lambda: propose_for("Late parcel", by=alice)
    )

    assert [told.name for told in found] == [Name.OPENED, Name.LOOKED, Name.OPENED]
    assert found[-1].data["title"] == "Late parcel"


def test_one_that_broke_off_says_why_with_all_that_came(
    draft: Draft, claude: RunningSimulator
) -> None:
    claude.set_scenario("cut(0.5)", 0)
    with being_written(draft):
        (end,) = of(watch_until(ended(draft)), Name.ENDED)

    draft = reread(draft)
    assert end.data["text"] == draft.text != ""
    assert end.data["words"] == f"Broken off: {draft.error_message}"
    assert end.data["cost"].startswith(("at least $", "at most $"))


def test_who_comes_back_is_told_how_those_ended_that_were_underway(
    draft: Draft, alice: User, claude: RunningSimulator
) -> None:
    text = written(draft).text
    other = propose_for("Late parcel", by=alice)

    found = watch_until(looked, had=[draft.pk, other.pk, 10**9])

    assert [(told.name, told.data.get("draft")) for told in found] == [
        (Name.ENDED, draft.pk),
        (Name.ENDED, 10**9),
        (Name.OPENED, other.pk),
        (Name.LOOKED, None),
    ]
    assert (found[0].data["text"], found[1].data["text"]) == (text, None)
    assert found[1].data["words"] == "No longer shown"


def test_who_comes_back_when_there_are_too_many_is_told_which_is_no_longer_shown(
    alice: User, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(underway, "FOLLOWED_AT_MOST", 1)
    first, second = [propose_for(f"Number {n}", by=alice) for n in range(2)]

    found = watch_until(looked, had=[second.pk])

    assert [(told.name, told.data.get("draft")) for told in found[:2]] == [
        (Name.ENDED, second.pk),
        (Name.OPENED, first.pk),
    ]
    assert found[0].data["words"] == "No longer shown"


def test_a_draft_whose_row_goes_away_leaves_the_page(draft: Draft) -> None:
    found = watch_until(ended(draft), meanwhile=Draft.objects.all().delete)

    assert found[-1].name is Name.ENDED
    assert found[-1].data["state"] == "gone"


def test_a_stream_that_was_trimmed_is_made_up_for_by_the_row(
    draft: Draft, talking: RunningSimulator
) -> None:
    with being_written(draft):
        wait_until(lambda: get_redis().xlen(live.key_of(draft.pk)) > 6)
        get_redis().xtrim(live.key_of(draft.pk), maxlen=2, approximate=False)
        found = watch_until(ended(draft))

    text = reread(draft).text
    assert text.startswith(text_of(found, draft))
    assert of(found, Name.ENDED)[0].data["text"] == text


def test_with_redis_down_it_is_said_so_and_the_end_is_told_from_the_row(
    draft: Draft, talking: RunningSimulator, settings: Settings
) -> None:
    with being_written(draft):
        wait_until(lambda: reread(draft).state == DraftState.RUNNING)
        settings.REDIS_URL = "unix:///tmp/triage-no-redis.sock"
        found = watch_until(ended(draft))
        settings.REDIS_URL = configured.REDIS_URL

    assert of(found, Name.LOOKED)[-1].data["is_redis_down"] is True
    assert of(found, Name.ENDED)[0].data["text"] == reread(draft).text


def test_a_message_of_the_customer_and_the_wish_to_stop_are_told(
    draft: Draft, alice: User, talking: RunningSimulator
) -> None:
    Draft.objects.filter(pk=draft.pk).update(claims=1)
    tickets.add_message(
        draft.ticket_id, body="Found it!", by=alice, author_kind=AuthorKind.REQUESTER
    )
    Draft.objects.filter(pk=draft.pk).update(cancel_asked_at=draft.created_at)

    (card,) = of(watch_until(looked), Name.OPENED)

    assert card.data["words"] == "Being stopped; the customer has written again"


def test_one_that_goes_on_with_another_counts_only_what_is_new(ticket: Ticket, alice: User) -> None:
    old = ready(ticket.pk, by=alice, state=DraftState.CANCELLED, text="x" * 3_000)
    drafts.propose(ticket.pk, by=alice, continues=old.pk)

    (card,) = of(watch_until(looked), Name.OPENED)

    assert (len(card.data["text"]), card.data["tokens"]) == (3_000, "none so far")


def test_more_than_can_be_shown_are_counted(
    alice: User, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(underway, "FOLLOWED_AT_MOST", 2)
    first, second, third, _ = [propose_for(f"Number {n}", by=alice) for n in range(4)]
    Draft.objects.filter(pk=third.pk).update(state=DraftState.RUNNING, lease_until=first.created_at)

    found = watch_until(looked)

    assert [told.data["draft"] for told in of(found, Name.OPENED)] == [third.pk, first.pk]
    assert of(found, Name.LOOKED)[0].data["more"] == 2
    assert second.pk


def test_a_look_takes_four_queries_however_many_there_are(
    alice: User, transactional_db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    known = [propose_for(f"Number {n}", by=alice).pk for n in range(3)]
    for number in range(3):
        propose_for(f"Other {number}", by=alice)

    with django_assert_num_queries(3):
        seen = underway.look(known)
    with django_assert_num_queries(2):
        underway.look([])

    assert (len(seen.rows), len(seen.new), seen.more) == (3, 3, 0)


def test_drafts_underway_are_found_by_an_index_of_their_own(transactional_db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        plan = Draft.objects.filter(state__in=UNDERWAY).exclude(pk__in=[1, 2]).explain()
        cursor.execute("RESET enable_seqscan")

    assert re.search(r"Index Scan (using|on) draft_\w*underway", plan)
