"""Going on with a draft that broke off: one whole text, two calls, and the old one out of the way."""

import pytest

from accounts.models import User
from tests.integration.drafts.cases import (
    being_written,
    follow,
    ready,
    reread,
    told,
    wait_until,
    written,
)
from triage.exceptions import Conflict, InvalidInput
from triage.models import (
    Article,
    ArticleKind,
    Attempt,
    Budget,
    Channel,
    Draft,
    DraftState,
    Period,
    Scope,
    Ticket,
)
from triage.models.tickets import AuthorKind
from triage.services import drafts, intake, tickets
from triage.services.drafts import EventName, live
from triage.services.drafts.citing import Written
from triage.services.intake import NewTicket
from triage.simulator import RunningSimulator

SHARES = ("0.2", "0.35", "0.5", "0.65", "0.8", "0.95")  # of the answer, after which it is cut


@pytest.fixture
def broken(ticket: Ticket, alice: User, claude: RunningSimulator) -> Draft:
    claude.set_scenario("cut(0.5)", 0)
    draft = written(drafts.propose(ticket.pk, by=alice))
    claude.set_scenario("calm", 0)
    assert draft.state == DraftState.BROKEN
    return draft


def go_on(draft: Draft, by: User) -> Draft:
    return drafts.propose(draft.ticket_id, by=by, continues=draft.pk)


def test_it_begins_with_the_old_text_and_becomes_whole_in_two_calls(
    broken: Draft, bob: User, claude: RunningSimulator
) -> None:
    draft = written(go_on(broken, bob))

    calls = Attempt.objects.count(), len(claude.rows())
    whole = written(drafts.propose(broken.ticket_id, by=bob, is_fresh=True))
    assert draft.state == DraftState.READY
    assert draft.text.startswith(broken.text)
    assert draft.text == whole.text
    assert calls == (2, 2)
    assert draft.cost_nanousd > 0


@pytest.mark.parametrize("share", SHARES)
def test_wherever_it_was_cut_text_and_citations_are_whole(
    ticket: Ticket, alice: User, claude: RunningSimulator, share: str
) -> None:
    Article.objects.create(
        kind=ArticleKind.HELP, title="Broken lid", body="A kettle with a broken lid is replaced."
    )
    claude.set_scenario(f"cut({share})", 0)
    broken = written(drafts.propose(ticket.pk, by=alice))
    claude.set_scenario("calm", 0)

    draft = written(go_on(broken, alice))

    whole = written(drafts.propose(ticket.pk, by=alice, is_fresh=True))
    assert (draft.text, draft.sources) == (whole.text, whole.sources)
    assert [source["is_cited"] for source in draft.sources] == [True]


def test_the_reader_sees_the_old_text_at_once_as_the_first_delta(
    ticket: Ticket, alice: User, talking: RunningSimulator
) -> None:
    talking.set_scenario("cut(0.5)", 0)
    broken = written(drafts.propose(ticket.pk, by=alice))
    talking.set_scenario("calm", 0)
    draft = go_on(broken, alice)

    assert draft.text == broken.text
    with being_written(draft):
        events = follow(draft)

    assert [event.name for event in events[:2]] == [EventName.STARTED, EventName.DELTA]
    assert events[1].data["text"] == broken.text
    assert told(events) == reread(draft).text


def test_the_old_one_is_discarded_and_named(broken: Draft, bob: User) -> None:
    draft = go_on(broken, bob)

    assert draft.continues == broken
    assert reread(broken).state == DraftState.DISCARDED
    assert reread(broken).decided_by == bob


def test_a_second_click_gets_the_one_underway(broken: Draft, bob: User) -> None:
    assert go_on(broken, bob) == go_on(broken, bob)


def test_one_that_was_stopped_can_be_gone_on_with(
    ticket: Ticket, alice: User, talking: RunningSimulator
) -> None:
    stopped = drafts.propose(ticket.pk, by=alice)
    with being_written(stopped):
        wait_until(lambda: len(told_so_far(stopped)) > 20)
        drafts.cancel(stopped.pk, by=alice)

    draft = written(go_on(reread(stopped), alice))

    assert draft.text.startswith(reread(stopped).text)
    assert draft.text.endswith("Support")


def told_so_far(draft: Draft) -> str:
    return live.whole(draft.pk, known=Written()).text


def test_where_nobody_answers_the_old_text_stays_and_can_be_gone_on_with_again(
    broken: Draft, alice: User, claude: RunningSimulator
) -> None:
    claude.set_scenario("529", 0)

    draft = written(go_on(broken, alice))

    assert (draft.state, draft.text) == (DraftState.BROKEN, broken.text)
    assert draft.error_code
    assert go_on(draft, alice).text == broken.text


def test_one_refused_for_money_keeps_the_old_text(broken: Draft, alice: User) -> None:
    Budget.objects.create(scope=Scope.INSTALLATION, period=Period.DAY, hard_nanousd=1)

    draft = written(go_on(broken, alice))

    assert (draft.state, draft.error_code) == (DraftState.BROKEN, "budget_exceeded")
    assert draft.text == broken.text


def test_cancelled_while_it_waits_it_keeps_the_old_text(broken: Draft, alice: User) -> None:
    draft = go_on(broken, alice)

    drafts.cancel(draft.pk, by=alice)

    assert (reread(draft).state, reread(draft).text) == (DraftState.CANCELLED, broken.text)
    assert told(follow(draft)) == broken.text


def test_once_the_customer_has_written_it_is_refused(broken: Draft, alice: User) -> None:
    tickets.add_message(broken.ticket_id, body="?", by=alice, author_kind=AuthorKind.REQUESTER)

    with pytest.raises(Conflict, match=r"continues: .*written again"):
        go_on(broken, alice)

    assert reread(broken).state == DraftState.BROKEN
    assert Draft.objects.count() == 1


def test_a_message_that_comes_while_it_waits_leaves_it_stale(broken: Draft, alice: User) -> None:
    draft = go_on(broken, alice)
    tickets.add_message(broken.ticket_id, body="?", by=alice, author_kind=AuthorKind.REQUESTER)

    assert written(draft).is_stale


@pytest.mark.parametrize("state", [DraftState.READY, DraftState.ACCEPTED, DraftState.DISCARDED])
def test_what_is_whole_or_decided_on_is_not_gone_on_with(
    ticket: Ticket, alice: User, state: DraftState
) -> None:
    draft = ready(ticket.pk, by=alice, state=state)

    with pytest.raises(Conflict, match="continues"):
        go_on(draft, alice)


def test_a_draft_without_text_is_not_gone_on_with(ticket: Ticket, alice: User) -> None:
    draft = ready(ticket.pk, by=alice, state=DraftState.CANCELLED, text="")

    with pytest.raises(Conflict, match="nothing of this draft"):
        go_on(draft, alice)


def test_a_draft_of_another_ticket_or_none_is_a_fields_fault(broken: Draft, alice: User) -> None:
    other = intake.receive(NewTicket(description="Hello?", channel=Channel.API)).ticket

    for ticket_id, draft_id in ((other.pk, broken.pk), (broken.ticket_id, 10**15)):
        with pytest.raises(InvalidInput) as refused:
            drafts.propose(ticket_id, by=alice, continues=draft_id)
        assert refused.value.field == "continues"
    assert reread(broken).state == DraftState.BROKEN
