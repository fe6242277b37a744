"""What counts towards a certificate: only what the cascade would let the local model answer alone."""

import pytest

from accounts.models import User
from tests.integration.learning.cases import publish_labels
from tests.unit.evaluation.local_cases import tickets
from triage.models import Label
from triage.services import taxonomy
from triage.services.evaluation.learning.certifying import Group, Guess, certify, guesses
from triage.services.evaluation.learning.examples import Example
from triage.services.local.model import Model
from triage.services.local.training import train
from triage.services.statistics.thresholds import Promise

FIVE_PERCENT = Promise(0.05, 0.05)
KNOWN = "invoice refund charged twice payment"


@pytest.fixture(scope="module")
def model() -> Model:
    return train(*tickets(400))


@pytest.fixture
def labels(db: None) -> None:
    publish_labels()


def example(text: str = KNOWN, *, label: str = "billing", is_flagged: bool = False) -> Example:
    return Example(text, label, True, 1, is_flagged)


def sure(
    number: int, *, label: str = "billing", wrong: int = 0, may_stand: bool = True
) -> list[Guess]:
    """So many guesses, surer and surer, the least sure ones wrong."""
    return [
        Guess(label, 0.5 + 0.5 * place / number, place >= wrong, may_stand)
        for place in range(number)
    ]


def learnt(number: int = 20) -> list[Example]:
    return [example(label=label) for label in ("billing", "login", "returns", "shipping")] * number


def test_a_plain_ticket_on_a_known_subject_counts(model: Model, labels: None) -> None:
    (guess,) = guesses(model, [example()], taxonomy.current())

    assert (guess.label, guess.is_right, guess.may_stand) == ("billing", True, True)


@pytest.mark.parametrize(
    "ticket", [example(is_flagged=True), example("Quid novi ex Africa semper aliquid")]
)
def test_what_stage_0_would_not_answer_proves_nothing(
    ticket: Example, model: Model, labels: None
) -> None:
    (guess,) = guesses(model, [ticket], taxonomy.current())

    assert not guess.may_stand


def test_a_label_that_is_always_escalated_proves_nothing(model: Model, labels: None) -> None:
    Label.objects.filter(slug="billing").update(always_escalate=True)
    taxonomy.publish(by=User.objects.system())

    (guess,) = guesses(model, [example()], taxonomy.current())

    assert not guess.may_stand


def test_the_threshold_is_the_loosest_of_the_ladder(model: Model) -> None:
    found = certify(
        model,
        learnt=learnt(),
        calibrate=sure(100),
        choose=sure(1_000, wrong=200),
        promise=FIVE_PERCENT,
    )

    proof = found.proofs["easy"]
    assert found.thresholds == {"easy": proof["threshold"]}
    assert proof["ladder"][-1] == proof["threshold"] > 0.55
    assert proof["upper_error"] <= 0.05
    assert len(proof["ladder"]) > 5


def test_tickets_that_may_not_stand_alone_do_not_count(model: Model) -> None:
    found = certify(
        model,
        learnt=learnt(),
        calibrate=sure(100),
        choose=[*sure(1_000), *sure(500, wrong=500, may_stand=False)],
        promise=FIVE_PERCENT,
    )

    assert found.proofs["easy"]["tickets"] == 1_000
    assert found.proofs["easy"]["errors"] == 0


def test_rare_labels_are_never_answered_alone(model: Model) -> None:
    found = certify(
        model,
        learnt=[*learnt(19), *[example(label="login")] * 5],
        calibrate=sure(100, label="login"),
        choose=[*sure(1_000, label="login"), *sure(1_000, label="returns")],
        promise=FIVE_PERCENT,
    )

    assert found.groups == {
        "billing": Group.RARE,
        "login": Group.EASY,
        "returns": Group.RARE,
        "shipping": Group.RARE,
    }
    assert found.thresholds.keys() == {"easy"}
    assert found.proofs["easy"]["tickets"] == 1_000


def test_labels_that_are_often_named_wrongly_have_a_threshold_of_their_own(model: Model) -> None:
    found = certify(
        model,
        learnt=learnt(),
        calibrate=[*sure(100), *sure(50, label="login", wrong=10)],
        choose=[*sure(1_000), *sure(1_000, label="login", wrong=600)],
        promise=FIVE_PERCENT,
    )

    assert (found.groups["billing"], found.groups["login"]) == (Group.EASY, Group.HARD)
    assert found.thresholds["easy"] < found.thresholds["hard"]


def test_without_random_tickets_nothing_is_proven_and_that_is_said(model: Model) -> None:
    found = certify(model, learnt=learnt(), calibrate=[], choose=[], promise=FIVE_PERCENT)

    assert found.thresholds == {}
    assert "no random tickets" in found.proofs["easy"]["words"]
