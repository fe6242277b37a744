"""What a person is told of: their own drafts and imports that ended since they looked last."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tests.integration.workspace.cases import add_ticket
from triage.models import Draft, DraftState, Import, Ticket
from triage.models.imports import ImportState
from triage.selectors.notices import TOLD_AT_MOST, NoticeKind, notices_for
from triage.services.notices import dismiss_notices


@pytest.fixture
def ticket(db: None) -> Ticket:
    return add_ticket("Charged twice")


@pytest.fixture
def alice(alice: User) -> User:
    """She looked last two days ago."""
    alice.notices_seen_at = timezone.now() - timedelta(days=2)
    alice.save()
    return alice


def a_draft(
    ticket: Ticket,
    *,
    by: User,
    state: DraftState = DraftState.READY,
    at: datetime | None = None,
    **fields: object,
) -> Draft:
    at = at or timezone.now()
    code = "overloaded" if state == DraftState.FAILED else ""
    return Draft.objects.create(
        ticket=ticket,
        by=by,
        state=state,
        created_at=at,
        finished_at=at,
        error_code=code,
        **fields,
    )


def an_import(*, by: User, state: ImportState = ImportState.DONE, **fields: object) -> Import:
    error = "Line 4 is no JSON." if state == ImportState.FAILED else ""
    return Import.objects.create(
        name="may.csv", digest="d", source="desk", state=state, by=by, error=error, **fields
    )


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (DraftState.READY, "is ready."),
        (DraftState.BROKEN, "broke off. What there is of it is kept."),
        (DraftState.FAILED, "failed. Claude is overloaded."),
    ],
)
def test_a_draft_that_ended_is_told(
    state: DraftState, words: str, ticket: Ticket, alice: User
) -> None:
    draft = a_draft(ticket, by=alice, state=state, error_message="Claude is overloaded.")

    (notice,) = notices_for(alice)

    assert notice.text == f"The draft for #{ticket.pk} “Charged twice” {words}"
    assert notice.kind == NoticeKind(f"draft_{state}")
    assert (notice.url_name, notice.url_args) == ("ticket", (ticket.pk,))
    assert (notice.key, notice.at) == (f"draft-{draft.pk}", draft.finished_at)


@pytest.mark.parametrize("state", [DraftState.ACCEPTED, DraftState.SENT, DraftState.CANCELLED])
def test_a_draft_that_somebody_has_dealt_with_is_not_told(
    state: DraftState, ticket: Ticket, alice: User
) -> None:
    a_draft(ticket, by=alice, state=state)

    assert notices_for(alice) == ()


def test_an_import_that_ended_is_told_with_what_it_counted(alice: User) -> None:
    an_import(by=alice, new=1_200, known=3, refused=2)

    (notice,) = notices_for(alice)

    assert notice.text == "may.csv is imported: 1,200 new, 3 known, 2 refused."
    assert (notice.kind, notice.url_name) == (NoticeKind.IMPORT_DONE, "queue")


def test_an_admin_is_led_to_the_import(bob: User) -> None:
    run = an_import(by=bob, state=ImportState.FAILED)

    (notice,) = notices_for(bob)

    assert notice.text == "The import of may.csv failed. Line 4 is no JSON."
    assert (notice.url_name, notice.url_args) == ("admin:triage_import_change", (run.pk,))


def test_nobody_is_told_of_what_others_asked_for_or_of_what_runs(
    ticket: Ticket, alice: User, bob: User
) -> None:
    a_draft(ticket, by=bob)
    an_import(by=bob)
    an_import(by=alice, state=ImportState.RUNNING)

    assert notices_for(alice) == ()


def test_what_ended_more_than_a_day_ago_is_not_told(ticket: Ticket, alice: User) -> None:
    a_draft(ticket, by=alice, at=timezone.now() - timedelta(hours=25))
    a_draft(ticket, by=alice, at=timezone.now() - timedelta(hours=23))

    assert len(notices_for(alice)) == 1


def test_what_was_dismissed_is_not_told_again(ticket: Ticket, alice: User) -> None:
    a_draft(ticket, by=alice, at=timezone.now() - timedelta(minutes=5))

    dismiss_notices(by=alice, until=timezone.now() - timedelta(minutes=1))
    a_draft(ticket, by=alice, state=DraftState.BROKEN)

    assert [notice.kind for notice in notices_for(alice)] == [NoticeKind.DRAFT_BROKEN]
    assert [notice.kind for notice in notices_for(User.objects.get(pk=alice.pk))] == [
        NoticeKind.DRAFT_BROKEN
    ]


def test_dismissing_never_goes_back_nor_beyond_now(ticket: Ticket, alice: User) -> None:
    dismiss_notices(by=alice, until=timezone.now() + timedelta(days=3))
    seen_at = alice.notices_seen_at

    dismiss_notices(by=alice, until=timezone.now() - timedelta(days=3))

    assert alice.notices_seen_at == seen_at <= timezone.now()


def test_the_newest_twenty_are_told_in_two_queries(
    ticket: Ticket, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    now = timezone.now()
    for number in range(TOLD_AT_MOST + 5):
        a_draft(ticket, by=alice, at=now - timedelta(minutes=number))
    an_import(by=alice)

    with django_assert_num_queries(2):
        found = notices_for(alice)

    assert len(found) == TOLD_AT_MOST
    assert list(found) == sorted(found, key=lambda notice: notice.at, reverse=True)
    assert found[0].kind == NoticeKind.IMPORT_DONE
