"""What a person makes of a draft, and what cannot be made of it any more."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from accounts.models import User
from tests.integration.drafts.cases import ready, reread, wait_until
from triage.exceptions import Conflict, DraftStale, InvalidInput
from triage.models import Draft, DraftState, Event, EventKind, Message, Status, Ticket
from triage.models.tickets import AuthorKind
from triage.services import drafts, tickets
from triage.services.drafts.deciding import edited_share

Decide = Callable[[Draft, User], object]


def accept(draft: Draft, by: User) -> object:
    return drafts.accept(draft.pk, by=by)


def discard(draft: Draft, by: User) -> object:
    return drafts.discard(draft.pk, by=by)


def send(draft: Draft, by: User) -> object:
    return drafts.send(draft.pk, body="Hello.", by=by)


@pytest.fixture
def draft(ticket: Ticket, alice: User) -> Draft:
    return ready(ticket.pk, by=alice)


def in_state(draft: Draft, state: DraftState, **fields: object) -> Draft:
    Draft.objects.filter(pk=draft.pk).update(
        **{"state": state, "error_code": "broken", "lease_until": draft.created_at, **fields}
    )
    return reread(draft)


def test_accepting_takes_it_into_the_editor_and_nothing_leaves(draft: Draft, bob: User) -> None:
    accepted = drafts.accept(draft.pk, by=bob)

    assert accepted.state == reread(draft).state == DraftState.ACCEPTED
    assert (accepted.decided_by, accepted.message) == (bob, None)
    assert not Message.objects.exists()


def test_sending_stores_what_the_person_made_of_it_as_a_public_message(
    draft: Draft, bob: User
) -> None:
    message = drafts.send(draft.pk, body="Hello, it comes tomorrow.", by=bob)

    sent = reread(draft)
    assert (sent.state, sent.message, sent.decided_by) == (DraftState.SENT, message, bob)
    assert (message.body, message.is_public) == ("Hello, it comes tomorrow.", True)
    assert (message.author, message.author_kind) == (bob, AuthorKind.AGENT)
    assert sent.text == "Hello, it is on its way."
    assert Ticket.objects.get(pk=draft.ticket_id).status == Status.OPEN


@pytest.mark.parametrize(
    ("body", "share"),
    [
        ("Hello, it is on its way.", 0),
        ("  Hello, it is on its way.\r\n", 0),
        ("Hello, it is on its way!", 0.0417),  # one out, one in, of 2 x 24
        ("QQQQ", 1),
    ],
)
def test_how_much_of_it_was_changed_is_kept_with_a_sent_one(
    draft: Draft, bob: User, body: str, share: float
) -> None:
    drafts.send(draft.pk, body=body, by=bob)

    assert reread(draft).edited_share == share


def test_a_small_change_of_a_long_draft_is_never_rounded_to_nothing_or_all() -> None:
    long = "ab" * 20_000

    assert edited_share(long, long + "!") == 0.0001
    assert edited_share(long, "a" + "c" * 50_000) == 0.9999


def test_one_that_was_not_sent_has_no_share(draft: Draft, bob: User) -> None:
    assert drafts.discard(draft.pk, by=bob).edited_share is None


def test_sending_is_recorded_for_webhooks_beside_the_message(draft: Draft, bob: User) -> None:
    message = drafts.send(draft.pk, body="Hello.", by=bob)

    about = dict(Event.objects.values_list("kind", "about_id"))
    assert about[EventKind.DRAFT_SENT] == draft.pk
    assert about[EventKind.MESSAGE_CREATED] == message.pk


@pytest.mark.parametrize("state", [DraftState.BROKEN, DraftState.CANCELLED, DraftState.ACCEPTED])
@pytest.mark.parametrize("decide", [accept, discard, send])
def test_whatever_has_text_can_be_used(
    draft: Draft, bob: User, state: DraftState, decide: Decide
) -> None:
    decide(in_state(draft, state), bob)

    assert reread(draft).state != DraftState.READY


@pytest.mark.parametrize(
    ("state", "decide", "why"),
    [
        (DraftState.QUEUED, accept, "not written yet"),
        (DraftState.QUEUED, discard, "not written yet"),
        (DraftState.RUNNING, accept, "still being written"),
        (DraftState.RUNNING, discard, "still being written"),
        (DraftState.RUNNING, send, "still being written"),
        (DraftState.FAILED, accept, "failed"),
        (DraftState.FAILED, send, "failed"),
        (DraftState.DISCARDED, accept, "was discarded"),
        (DraftState.DISCARDED, send, "was discarded"),
        (DraftState.SENT, accept, "was sent"),
        (DraftState.SENT, discard, "was sent"),
        (DraftState.SENT, send, "was sent"),
    ],
)
def test_what_cannot_be_done_any_more_is_refused_with_the_reason(
    draft: Draft, bob: User, state: DraftState, decide: Decide, why: str
) -> None:
    before = in_state(draft, state)

    with pytest.raises(Conflict, match=why):
        decide(before, bob)

    assert reread(draft).state == state
    assert not Message.objects.exists()


def test_one_that_was_stopped_before_any_text_has_nothing_to_use(draft: Draft, bob: User) -> None:
    in_state(draft, DraftState.CANCELLED, text="")

    with pytest.raises(Conflict, match="Nothing of this draft was written"):
        drafts.accept(draft.pk, by=bob)


@pytest.mark.parametrize("decide", [accept, discard])
def test_the_same_decision_twice_is_one(
    draft: Draft, alice: User, bob: User, decide: Decide
) -> None:
    decide(draft, alice)

    decide(draft, bob)

    assert reread(draft).decided_by == alice


def test_a_failed_one_can_be_thrown_away(draft: Draft, bob: User) -> None:
    in_state(draft, DraftState.FAILED)

    assert drafts.discard(draft.pk, by=bob).state == DraftState.DISCARDED


def test_a_stale_one_is_sent_only_by_who_says_so(draft: Draft, bob: User) -> None:
    tickets.add_message(draft.ticket_id, body="Found it!", by=bob, author_kind=AuthorKind.REQUESTER)

    with pytest.raises(DraftStale) as refused:
        drafts.send(draft.pk, body="Hello.", by=bob)
    message = drafts.send(draft.pk, body="Hello.", by=bob, is_stale_ok=True)

    assert refused.value.code == "draft_stale"
    assert reread(draft).message == message


def test_an_empty_body_sends_nothing(draft: Draft, bob: User) -> None:
    with pytest.raises(InvalidInput, match="body"):
        drafts.send(draft.pk, body="  \n", by=bob)

    assert reread(draft).state == DraftState.READY


def test_clicks_at_once_send_one_message(draft: Draft, bob: User) -> None:
    def click(_: int) -> bool:
        try:
            drafts.send(draft.pk, body="Hello.", by=bob)
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(5) as threads:
        sent = list(threads.map(click, range(5)))

    assert sent.count(True) == 1
    assert Message.objects.count() == 1


def test_a_message_that_comes_while_it_is_being_sent_is_noticed(draft: Draft, bob: User) -> None:
    def sending() -> None:
        try:
            drafts.send(draft.pk, body="Hello.", by=bob)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            Ticket.objects.select_for_update().get(pk=draft.ticket_id)
            sent = threads.submit(sending)
            wait_until(somebody_waits_for_a_lock)
            Draft.objects.mark_stale(draft.ticket_id)
        with pytest.raises(DraftStale):
            sent.result()


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])
