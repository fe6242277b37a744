"""What a local model may have learnt from: rather too many texts than one too few."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from tests.integration.learning.cases import a_champion, a_ticket, answer, publish_labels
from triage.models import LocalModel, Ticket, Triage
from triage.services.classification.stage_0 import text_of
from triage.services.evaluation.learnt import find_learnt
from triage.services.statistics.duplicates import digest

LATER = timedelta(hours=2)


@pytest.fixture(autouse=True)
def labels(db: None) -> None:
    publish_labels()


def is_learnt(ticket: Ticket, local: LocalModel) -> bool:
    return digest(text_of(ticket.subject, ticket.description)) in find_learnt(local)


def test_a_label_that_was_confirmed_once_more_after_the_training(bob: User) -> None:
    run = answer(a_ticket(), "billing", corrected_to="login", by=bob)
    Triage.objects.filter(pk=run.pk).update(created_at=timezone.now() - LATER)
    local = a_champion()
    run.fields.update(corrected_to="billing", corrected_at=timezone.now() + LATER)

    assert is_learnt(run.ticket, local)


def test_an_imported_label_that_its_file_dates_in_the_future() -> None:
    ticket = a_ticket()
    Ticket.objects.filter(pk=ticket.pk).update(
        known_label="billing", split="train", created_at=timezone.now() + LATER
    )

    assert is_learnt(ticket, a_champion())


def test_what_was_sorted_only_after_the_training_is_new_to_it(bob: User) -> None:
    local = a_champion()
    run = answer(a_ticket(), "billing", corrected_to="login", by=bob)
    Triage.objects.filter(pk=run.pk).update(created_at=timezone.now() + LATER)

    assert not is_learnt(run.ticket, local)


def test_what_nobody_confirmed_teaches_nothing() -> None:
    run = answer(a_ticket(), "billing")

    assert not is_learnt(run.ticket, a_champion())
