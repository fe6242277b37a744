"""Looking on while a draft is written: at once, in any number, from anywhere, and from the row where the stream is gone."""

import pytest
from django.conf import settings as configured
from pytest_django import Settings

from accounts.models import User
from tests.integration.drafts.cases import (
    being_written,
    follow,
    follow_twice,
    follow_until,
    reread,
    told,
    wait_until,
    written,
)
from triage.models import Draft, DraftState, Ticket
from triage.models.tickets import AuthorKind
from triage.services import drafts, tickets
from triage.services.drafts import EventName, live
from triage.services.drafts.citing import Written
from triage.services.gateway.fleet.connection import get_redis
from triage.simulator import RunningSimulator


@pytest.fixture
def draft(ticket: Ticket, alice: User) -> Draft:
    return drafts.propose(ticket.pk, by=alice)


def test_the_text_comes_in_pieces_while_it_is_written_and_then_how_it_ended(
    draft: Draft, talking: RunningSimulator
) -> None:
    with being_written(draft):
        events = follow(draft)

    draft = reread(draft)
    names = [event.name for event in events]
    assert names[0] is EventName.STARTED
    assert names.count(EventName.DELTA) > 10
    assert told(events) == draft.text
    assert events[-1].name is EventName.DONE
    assert events[-1].data["state"] == DraftState.READY
    assert events[-1].data["usage"]["output_tokens"] == draft.output_tokens > 0
    assert events[-1].data["cost_usd"] == f"{draft.cost_nanousd / 1e9:.9f}"
    assert (events[-1].data["model"], events[-1].data["obtained"]) == (draft.model_served, "first")


def test_there_are_at_most_some_twenty_entries_a_second(
    draft: Draft, talking: RunningSimulator
) -> None:
    with being_written(draft):
        wait_until(lambda: get_redis().exists(live.key_of(draft.pk)))

    entries = get_redis().xlen(live.key_of(draft.pk))
    draft = reread(draft)
    assert draft.finished_at
    assert entries <= 22 * (draft.finished_at - draft.created_at).total_seconds() + 3
    assert 0 < get_redis().ttl(live.key_of(draft.pk)) <= 3600


def test_two_readers_at_once_get_the_same_from_one_request(
    draft: Draft, talking: RunningSimulator
) -> None:
    with being_written(draft):
        one, other = follow_twice(draft)

    assert told(one) == told(other) == reread(draft).text
    assert len(talking.rows()) == 1


def test_a_reader_who_comes_back_gets_exactly_the_rest(
    draft: Draft, talking: RunningSimulator
) -> None:
    with being_written(draft):
        before = follow_until(draft, 40)
        rest = follow(draft, after=before[-1].id)

    assert 0 < len(told(before)) < len(reread(draft).text)
    assert told(before) + told(rest) == reread(draft).text
    assert EventName.STARTED not in [event.name for event in rest]


def test_once_it_is_over_everything_is_told_from_any_place(
    draft: Draft, claude: RunningSimulator
) -> None:
    text = written(draft).text

    assert told(follow(draft)) == text
    assert told(follow(draft, after="10-1")) == text[10:]
    (last,) = follow(draft, after=f"{len(text)}-9")
    assert last.name is EventName.DONE


def test_a_stream_that_was_trimmed_is_made_up_for_by_the_row(
    draft: Draft, talking: RunningSimulator
) -> None:
    with being_written(draft):
        wait_until(lambda: get_redis().xlen(live.key_of(draft.pk)) > 6)
        get_redis().xtrim(live.key_of(draft.pk), maxlen=2, approximate=False)
        events = follow(draft)

    assert told(events) == reread(draft).text


def test_a_redis_that_lost_everything_in_between_is_made_up_for_by_the_row(
    draft: Draft, talking: RunningSimulator
) -> None:
    with being_written(draft):
        before = follow_until(draft, 40)
        get_redis().flushdb()
        rest = follow(draft, after=before[-1].id)

    assert told(before) + told(rest) == reread(draft).text


def test_without_redis_a_reader_goes_by_the_row(
    draft: Draft, claude: RunningSimulator, settings: Settings
) -> None:
    text = written(draft).text
    settings.REDIS_URL = "unix:///tmp/triage-no-redis.sock"

    assert told(follow(draft)) == text


def test_a_reader_without_redis_sees_a_draft_grow_in_the_row(
    draft: Draft, talking: RunningSimulator, settings: Settings
) -> None:
    with being_written(draft):
        settings.REDIS_URL = "unix:///tmp/triage-no-redis.sock"
        events = follow(draft)
        settings.REDIS_URL = configured.REDIS_URL

    assert told(events) == reread(draft).text


def test_a_draft_that_broke_off_ends_in_the_error_with_all_that_came(
    draft: Draft, claude: RunningSimulator
) -> None:
    claude.set_scenario("cut(0.5)", 0)
    written(draft)

    events = follow(draft)

    assert told(events) == reread(draft).text != ""
    assert events[-1].name is EventName.ERROR
    assert events[-1].data["code"] == "connection_lost"
    assert events[-1].data["message"]
    assert events[-1].data["state"] == DraftState.BROKEN


def test_a_message_of_the_customer_is_told_within_a_second_or_so(
    draft: Draft, talking: RunningSimulator, alice: User
) -> None:
    with being_written(draft):
        wait_until(lambda: reread(draft).thread_mark == 0 and reread(draft).prompt_version)
        tickets.add_message(
            draft.ticket_id, body="Found it!", by=alice, author_kind=AuthorKind.REQUESTER
        )
        events = follow(draft)

    names = [event.name for event in events]
    assert names.count(EventName.STALE) == 1
    assert names[-1] is EventName.DONE


def test_one_that_is_cancelled_while_it_waits_ends_at_once(draft: Draft, alice: User) -> None:
    drafts.cancel(draft.pk, by=alice)

    (only,) = follow(draft)

    assert (only.name, only.data["state"]) == (EventName.DONE, DraftState.CANCELLED)


def test_there_is_nothing_to_follow_of_a_draft_that_is_not_there(transactional_db: None) -> None:
    with pytest.raises(Draft.DoesNotExist):
        follow(Draft(pk=0))


def test_an_entry_whose_answer_was_lost_and_that_is_sent_again_holds_nothing_up(
    draft: Draft, transactional_db: None
) -> None:
    assert live.add(draft.pk, Written("Hello"))

    again = live.begin(draft.pk), live.add(draft.pk, Written("Hello"))
    more = live.add(draft.pk, Written("Hello you"))

    assert (*again, more) == (True, True, True)
    assert live.whole(draft.pk, known=Written()) == Written("Hello you")
