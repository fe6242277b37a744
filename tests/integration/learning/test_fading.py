"""Old labels in a real training: when each was confirmed, and what newer ones make of it."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone

from accounts.models import User
from tests.integration.learning.cases import a_ticket, answer, import_tickets, publish_labels
from triage.models import (
    Audit,
    Evaluation,
    EvaluationSource,
    EvaluationState,
    EvaluationTicket,
    LocalModel,
    Part,
    Stage,
    Ticket,
)
from triage.services import taxonomy
from triage.services.evaluation.learning import examples, fading, nightly, releasing, training
from triage.services.evaluation.learning.examples import Example
from triage.services.local import storage

pytestmark = pytest.mark.django_db

ZEPPELIN = "The zeppelin lost its mooring above the hangar."


@pytest.fixture(autouse=True)
def labels(db: None) -> None:
    publish_labels()


def gathered() -> dict[int | None, Example]:
    """The examples by ticket."""
    return {each.ticket_id: each for each in examples.gather(taxonomy.current()).examples}


def test_an_old_practice_gives_way_to_fewer_newer_labels(bob: User) -> None:
    """Three of 720 days ago count 3 / 16 together, two of today 2."""
    import_tickets(240)
    now = timezone.now()
    old, new = [(720 + day, "billing") for day in range(3)], [(0, "returns"), (1, "returns")]
    for days, label in [*old, *new]:
        at = now - timedelta(days=days)
        answer(a_ticket(ZEPPELIN), "login", corrected_to=label, by=bob, at=at)

    model = storage.load(BytesIO(bytes(training.train(by=bob).content)))

    assert model.predict([ZEPPELIN]).chosen == ["returns"]


def test_without_a_new_label_a_later_day_trains_the_same_model_and_makes_no_candidate(
    bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = import_tickets(240)
    year_ago = timezone.now() - timedelta(days=365)
    Ticket.objects.filter(pk__in=[each.pk for each in tickets[:120]]).update(created_at=year_ago)
    champion = releasing.judge(training.train(by=bob).pk)
    releasing.promote(champion.pk, by=bob, reason="The first one.")

    later = timezone.now() + timedelta(days=100)
    monkeypatch.setattr(timezone, "now", lambda: later)
    nightly.learn()

    assert LocalModel.objects.get() == champion


def test_every_confirmed_label_says_when_it_was_confirmed(alice: User, bob: User) -> None:
    (imported,) = import_tickets(1)
    corrected, audited = a_ticket("corrected"), a_ticket("audited")
    at = timezone.now() - timedelta(days=3)
    answer(corrected, "login", corrected_to="billing", by=alice, at=at)
    Audit.objects.create(
        triage=answer(audited),
        label="billing",
        stage=Stage.FIRST,
        truth="billing",
        by=bob,
        judged_at=at,
    )

    found = gathered()

    assert found[imported.pk].confirmed_at == imported.created_at
    assert found[corrected.pk].confirmed_at == found[audited.pk].confirmed_at == at


def test_an_evaluation_confirms_when_it_ends(bob: User) -> None:
    ended = timezone.now() - timedelta(days=2)
    evaluation = Evaluation.objects.create(
        name="Own tickets",
        source=EvaluationSource.FILE,
        state=EvaluationState.DONE,
        by=bob,
        configurations=[],
        quote={},
        budget_nanousd=0,
        results={},
        finished_at=ended,
    )
    EvaluationTicket.objects.create(
        evaluation=evaluation, number=1, description="Lost", label="shipping", part=Part.REPORT
    )

    assert gathered()[None].confirmed_at == ended


def test_a_ticket_that_a_file_dates_in_the_future_makes_no_other_old() -> None:
    tickets = import_tickets(2)
    Ticket.objects.filter(pk=tickets[0].pk).update(created_at=timezone.now() + timedelta(days=900))

    found = gathered()

    assert found[tickets[0].pk].confirmed_at is None
    assert fading.find_newest(found.values()) == tickets[1].created_at
