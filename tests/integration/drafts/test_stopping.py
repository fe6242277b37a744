"""Stopping a draft ends the request to Claude, by Redis within half a second, by the row without it."""

from time import monotonic

import pytest
from django.conf import settings as configured
from pytest_django import Settings

from accounts.models import User
from tests.integration.drafts.cases import being_written, follow, follow_until, reread, told
from triage.models import Draft, DraftState, Ticket
from triage.services import drafts
from triage.services.drafts import EventName
from triage.simulator import RunningSimulator


@pytest.fixture
def draft(ticket: Ticket, alice: User) -> Draft:
    return drafts.propose(ticket.pk, by=alice)


def test_the_request_is_left_and_the_text_so_far_is_kept(
    draft: Draft, talking: RunningSimulator, alice: User
) -> None:
    with being_written(draft):
        before = follow_until(draft, 30)
        asked_at = monotonic()
        drafts.cancel(draft.pk, by=alice)
        rest = follow(draft, after=before[-1].id)
        seconds = monotonic() - asked_at

    draft = reread(draft)
    assert draft.state == DraftState.CANCELLED
    assert told(before) + told(rest) == draft.text
    assert rest[-1].name is EventName.DONE
    assert seconds < 1.3
    talking.wait_until_settled()
    assert [row["outcome"] for row in talking.rows()] == ["left"]
    assert draft.cost_nanousd > 0


def test_one_is_stopped_also_while_claude_says_nothing(
    draft: Draft, claude: RunningSimulator, alice: User
) -> None:
    claude.set_scenario("slow(8)", 0)

    with being_written(draft):
        follow_started(draft)
        drafts.cancel(draft.pk, by=alice)

    assert (reread(draft).state, reread(draft).text) == (DraftState.CANCELLED, "")


def follow_started(draft: Draft) -> None:
    assert [event.name for event in follow_until(draft, 0)] == [EventName.STARTED]


def test_without_redis_the_writer_sees_it_in_the_row(
    draft: Draft, talking: RunningSimulator, alice: User, settings: Settings
) -> None:
    default = {**configured.CACHES["default"], "LOCATION": "unix:///tmp/triage-no-redis.sock"}
    settings.CACHES = {**configured.CACHES, "default": default}
    talking.set_scenario("slow(8)", 0)

    with being_written(draft):
        follow_started(draft)
        drafts.cancel(draft.pk, by=alice)

    assert reread(draft).state == DraftState.CANCELLED
