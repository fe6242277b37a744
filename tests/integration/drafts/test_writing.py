"""One draft from the claim to its end, whatever ends it: nothing that came is swallowed, nothing is paid twice."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from tests.integration.drafts.cases import reread, written
from triage import tasks
from triage.models import (
    Attempt,
    Budget,
    Draft,
    DraftState,
    Event,
    EventKind,
    Obtained,
    Period,
    Scope,
    Ticket,
    Tone,
)
from triage.models.tickets import AuthorKind
from triage.services import drafts, tickets
from triage.services.drafts.ending import Ending, end
from triage.services.drafts.guide import CANNED
from triage.services.gateway.catalog import HAIKU, SONNET
from triage.simulator import RunningSimulator


def paid(claude: RunningSimulator) -> int:
    return int(claude.bill()["totals"]["cost_nanousd"])


def test_a_whole_answer_is_ready_and_costs_what_the_bill_says(
    ticket: Ticket, alice: User, claude: RunningSimulator
) -> None:
    draft = written(drafts.propose(ticket.pk, by=alice))

    assert draft.state == DraftState.READY
    assert draft.text.startswith("Hello")
    assert (draft.model_asked, draft.model_served) == (SONNET, SONNET)
    assert draft.obtained == Obtained.FIRST
    assert draft.cost_nanousd == paid(claude) > 0
    attempt = Attempt.objects.get()
    assert (draft.input_tokens, draft.output_tokens) == (
        attempt.input_tokens,
        attempt.output_tokens,
    )
    assert draft.prompt_version
    assert draft.finished_at
    assert draft.lease_until is None


def test_that_it_is_ready_is_recorded_for_webhooks(
    ticket: Ticket, alice: User, claude: RunningSimulator
) -> None:
    draft = written(drafts.propose(ticket.pk, by=alice))

    event = Event.objects.get(kind=EventKind.DRAFT_READY)
    assert (event.ticket_id, event.about_id, event.by) == (ticket.pk, draft.pk, alice)


def test_two_workers_with_the_same_message_write_it_once(
    ticket: Ticket, alice: User, claude: RunningSimulator
) -> None:
    draft = written(drafts.propose(ticket.pk, by=alice))

    again = written(draft)

    assert (again.claims, again.finished_at) == (1, draft.finished_at)
    assert len(claude.rows()) == 1


def test_an_equal_draft_is_served_from_the_stored_reply_and_costs_nothing(
    ticket: Ticket, alice: User, claude: RunningSimulator
) -> None:
    first = written(drafts.propose(ticket.pk, by=alice))

    second = written(drafts.propose(ticket.pk, by=alice))

    assert (second.text, second.obtained) == (first.text, Obtained.STORED)
    assert (second.cost_nanousd, second.input_tokens) == (0, 0)
    assert len(claude.rows()) == 1


def test_a_fresh_one_asks_anew_and_reads_the_guide_from_the_cache(
    ticket: Ticket, alice: User, claude: RunningSimulator
) -> None:
    written(drafts.propose(ticket.pk, by=alice))

    written(drafts.propose(ticket.pk, by=alice, is_fresh=True))

    assert [row["cache_read_tokens"] > 0 for row in Attempt.objects.order_by("id").values()] == [
        False,
        True,
    ]


def test_another_wish_is_another_request_and_shows_in_the_text(
    ticket: Ticket, alice: User, claude: RunningSimulator
) -> None:
    usual = written(drafts.propose(ticket.pk, by=alice))

    brief = written(drafts.propose(ticket.pk, by=alice, tone=Tone.BRIEF))
    steered = written(drafts.propose(ticket.pk, by=alice, steer="offer a credit"))

    assert len(claude.rows()) == 3
    assert len(brief.text) < len(usual.text) / 2
    assert "offer a credit" in steered.text
    assert usual.prompt_version == brief.prompt_version == steered.prompt_version


def test_an_answer_that_breaks_off_leaves_its_text_and_says_why(
    ticket: Ticket, alice: User, claude: RunningSimulator
) -> None:
    claude.set_scenario("cut(0.5)", 0)

    draft = written(drafts.propose(ticket.pk, by=alice))

    assert draft.state == DraftState.BROKEN
    assert draft.text.startswith("Hello")
    assert draft.error_code == "connection_lost"
    assert draft.error_message
    assert draft.cost_nanousd > 0
    assert not Event.objects.filter(kind=EventKind.DRAFT_READY).exists()


def test_an_answer_that_is_cut_at_its_length_is_no_whole_draft(
    ticket: Ticket, alice: User, claude: RunningSimulator
) -> None:
    claude.set_scenario("maxtokens", 0)

    draft = written(drafts.propose(ticket.pk, by=alice))

    assert (draft.state, draft.error_code) == (DraftState.BROKEN, "answer_cut")
    assert draft.text


def test_a_refusal_is_a_failure_with_its_reason(
    ticket: Ticket, alice: User, claude: RunningSimulator
) -> None:
    claude.set_scenario("refusal", 0)

    draft = written(drafts.propose(ticket.pk, by=alice))

    assert (draft.state, draft.text, draft.error_code) == (DraftState.FAILED, "", "refusal")


def test_an_overloaded_model_is_replaced_by_the_next(
    ticket: Ticket, alice: User, claude: RunningSimulator
) -> None:
    claude.set_scenario("529@sonnet", 0)

    draft = written(drafts.propose(ticket.pk, by=alice))

    assert (draft.state, draft.obtained) == (DraftState.READY, Obtained.FALLBACK)
    assert (draft.model_asked, draft.model_served) == (SONNET, HAIKU)


def test_where_nobody_answers_a_standard_text_says_that_it_is_one(
    ticket: Ticket, alice: User, claude: RunningSimulator
) -> None:
    claude.set_scenario("529", 0)

    draft = written(drafts.propose(ticket.pk, by=alice))

    assert (draft.state, draft.obtained) == (DraftState.READY, Obtained.CANNED)
    assert (draft.text, draft.cost_nanousd) == (CANNED, 0)


def test_a_user_beyond_their_rate_sees_it_in_the_draft(
    ticket: Ticket, alice: User, claude: RunningSimulator, settings: Settings
) -> None:
    settings.TRIAGE_RATE_PER_MINUTE = 0

    draft = written(drafts.propose(ticket.pk, by=alice))

    assert (draft.state, draft.error_code) == (DraftState.FAILED, "rate_exceeded")
    assert "within a minute" in draft.error_message
    assert claude.rows() == []


def test_a_budget_that_is_used_up_shows_in_the_draft(
    ticket: Ticket, alice: User, claude: RunningSimulator
) -> None:
    Budget.objects.create(scope=Scope.INSTALLATION, period=Period.DAY, hard_nanousd=1)

    draft = written(drafts.propose(ticket.pk, by=alice))

    assert (draft.state, draft.error_code) == (DraftState.FAILED, "budget_exceeded")


def test_a_message_that_came_while_it_waited_is_answered_and_makes_nothing_stale(
    ticket: Ticket, alice: User, claude: RunningSimulator
) -> None:
    draft = drafts.propose(ticket.pk, by=alice)
    message = tickets.add_message(
        ticket.pk, body="And the box was wet.", by=alice, author_kind=AuthorKind.REQUESTER
    )
    assert reread(draft).is_stale

    draft = written(draft)

    assert (draft.is_stale, draft.thread_mark) == (False, message.pk)


def test_a_message_that_comes_later_makes_it_stale(
    ticket: Ticket, alice: User, claude: RunningSimulator
) -> None:
    draft = written(drafts.propose(ticket.pk, by=alice))

    tickets.add_message(ticket.pk, body="Hm.", by=alice, author_kind=AuthorKind.REQUESTER)

    assert reread(draft).is_stale


def test_a_draft_whose_writer_is_gone_is_ended_by_the_sweep(ticket: Ticket, alice: User) -> None:
    draft = drafts.propose(ticket.pk, by=alice)
    gone = timezone.now() - timedelta(seconds=5)
    running = {"state": DraftState.RUNNING, "claims": 1, "lease_until": gone}
    Draft.objects.filter(pk=draft.pk).update(**running, text="Hello Maria,")

    tasks.sweep()

    draft = reread(draft)
    assert (draft.state, draft.text) == (DraftState.BROKEN, "Hello Maria,")
    assert draft.error_code == "writer_lost"


def test_one_that_is_still_being_written_is_left_alone_by_the_sweep(
    ticket: Ticket, alice: User
) -> None:
    draft = drafts.propose(ticket.pk, by=alice)
    soon = timezone.now() + timedelta(seconds=5)
    Draft.objects.filter(pk=draft.pk).update(state=DraftState.RUNNING, lease_until=soon)

    assert drafts.sweep() == 0


@pytest.mark.parametrize("state", [DraftState.BROKEN, DraftState.READY])
def test_a_writer_that_comes_back_too_late_overwrites_nothing(
    ticket: Ticket, alice: User, state: DraftState
) -> None:
    draft = drafts.propose(ticket.pk, by=alice)
    Draft.objects.filter(pk=draft.pk).update(
        state=DraftState.RUNNING, claims=2, lease_until=timezone.now()
    )
    draft.claims = 1

    ended = end(draft, Ending(state, "Late."))

    assert not ended
    assert reread(draft).state == DraftState.RUNNING
