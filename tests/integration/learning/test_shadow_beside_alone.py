"""A candidate in shadow beside a champion that answers some tickets alone: which of them prove something."""

from datetime import timedelta

import pytest

from accounts.models import User
from tests.integration.learning.cases import a_champion, publish_labels
from tests.integration.learning.shadow_cases import (
    Travel,
    answered_alone,
    confirm,
    in_shadow,
    triaged,
)
from triage.services.evaluation.learning import shadowing
from triage.services.evaluation.learning.shadow import Outcome

pytestmark = pytest.mark.django_db

A_DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def labels(db: None) -> None:
    publish_labels()


@pytest.fixture
def al(db: None) -> User:
    """Corrects and audits."""
    return User.objects.create_user("al@example.com", "Al", role="agent")


def test_corrected_local_answers_do_not_hide_what_it_would_break(travel: Travel, al: User) -> None:
    """It names the 30 that were corrected, and would break the others, which are right and which nobody touched."""
    a_champion()
    challenger = in_shadow()
    answered_alone(30, as_challenger=False, corrected_by=al)
    silent = answered_alone(40, as_challenger=False)
    travel(A_DAY)

    unknown = shadowing.look(challenger.pk)
    confirm(silent, by=al)
    known = shadowing.look(challenger.pk)

    assert (unknown.outcome, unknown.labelled, unknown.answered) == (Outcome.GOES_ON, 0, 0)
    assert (known.outcome, known.only_challenger, known.only_champion) == (Outcome.FAILED, 0, 40)


def test_corrected_local_answers_do_not_hold_back_one_that_errs_as_seldom(
    travel: Travel, al: User
) -> None:
    """It errs on the 8 that were corrected, as the champion did, and on none of 40 drawn for an audit."""
    a_champion()
    challenger = in_shadow()
    answered_alone(8, as_challenger=True, corrected_by=al)
    confirm(answered_alone(40, as_challenger=True), by=al)

    travel(A_DAY)
    found = shadowing.look(challenger.pk)

    assert (found.outcome, found.answered, found.wrong) == (Outcome.PASSED, 40, 0)


def test_beside_a_champion_that_answers_alone_only_explored_tickets_count_against_the_promise(
    travel: Travel,
) -> None:
    """Claude names 60 otherwise than both; chance chose 35 of them, the champion was unsure of the others."""
    a_champion()
    challenger = in_shadow()
    answered_alone(1, as_challenger=True)
    explored = triaged(60, is_wrong=True)[:35]
    travel(A_DAY)

    harder = shadowing.look(challenger.pk)
    for run in explored:
        run.local_answer = (run.local_answer or {}) | {"explored": True, "propensity": 0.01}
        run.save(update_fields=["local_answer"])
    drawn = shadowing.look(challenger.pk)

    assert (harder.outcome, harder.labelled, harder.answered) == (Outcome.GOES_ON, 60, 0)
    assert (drawn.outcome, drawn.answered, drawn.wrong) == (Outcome.FAILED, 35, 35)
    assert "Of 35 of these that were drawn at random and" in " ".join(drawn.words)
