"""From confirmed labels to an audited answer: trained, certified, promoted, switched on, answering, judged."""

import pytest

from accounts.models import User
from tests.factories import new_ticket
from tests.integration.learning.cases import import_tickets, publish_labels
from triage.models import Audit, Call, LocalModel, Stage, Ticket, Triage
from triage.services import classification, intake
from triage.services.evaluation import automation
from triage.services.evaluation.learning import auditing, releasing, training

WHY = "Tried on our own tickets."
TEXT = "hello the invoice was charged twice please refund the payment"


@pytest.fixture
def champion(transactional_db: None) -> LocalModel:
    publish_labels()
    import_tickets(1_600, strays=0)
    system = User.objects.system()
    candidate = releasing.judge(training.train(by=system).pk)
    releasing.promote(candidate.pk, by=system, reason=WHY)
    automation.change_audits(audits_a_week=150, exploration_share=0, by=system, reason=WHY)
    return candidate


def triaged(text: str = TEXT) -> Triage:
    (received,) = intake.receive_many([new_ticket(description=text)], is_urgent=False)
    run = Triage.objects.get(ticket=received.ticket)
    classification.run(run.pk)
    run.refresh_from_db()
    return run


def test_a_champion_that_is_switched_on_answers_alone_and_is_audited(
    champion: LocalModel, bob: User
) -> None:
    automation.switch_local_on(by=bob, reason=WHY)

    run = triaged()
    drawn = auditing.draw()

    assert (run.stage, run.cost_nanousd, Call.objects.count()) == (Stage.LOCAL, 0, 0)
    assert Ticket.objects.get(pk=run.ticket_id).label.slug == "billing"  # type: ignore[union-attr]
    assert drawn == 1
    audit = Audit.objects.get()
    assert (audit.triage, audit.label, audit.local_model) == (run, "billing", champion)


def test_a_switch_holds_for_the_very_next_ticket(champion: LocalModel, bob: User) -> None:
    automation.switch_local_on(by=bob, reason=WHY)
    assert triaged().stage == Stage.LOCAL

    automation.switch_local_off(by=bob, reason="Too many complaints.")

    assert triaged(f"{TEXT} again").stage != Stage.LOCAL
