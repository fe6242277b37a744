"""`train_local`: what it says of a training, and of one that cannot be."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from tests.integration.learning.cases import import_tickets, publish_labels
from triage.models import LocalModel

pytestmark = pytest.mark.django_db


def said(**options: str) -> str:
    to = StringIO()
    call_command("train_local", stdout=to, **options)
    return to.getvalue()


def test_it_says_what_was_learnt_and_what_is_proven(bob: User) -> None:
    publish_labels()
    import_tickets(1_600, strays=0)

    words = said(by="BOB@example.com")

    model = LocalModel.objects.get()
    assert f"Local model {model.version}, candidate" in words
    assert "held-out tickets" in words
    assert "easy labels: from a chance of" in words
    assert "There is no champion to compare it with." in words
    assert model.by == bob


def test_with_too_few_labels_it_says_how_many_are_missing(db: None) -> None:
    publish_labels()
    import_tickets(150)

    with pytest.raises(CommandError, match="50 more are needed, 200 in all"):
        said()


def test_before_anything_is_published_there_is_nothing_to_learn(db: None) -> None:
    with pytest.raises(CommandError, match="No labels are published yet"):
        said()


def test_somebody_who_does_not_exist_trains_nothing(db: None) -> None:
    with pytest.raises(CommandError, match="there is no user nobody"):
        said(by="nobody@example.com")
