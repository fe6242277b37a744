"""Packed calls are off until their own paired test shows that they lose at most a point, or a person answers for them."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from structlog.testing import capture_logs

from accounts.models import User
from tests.integration.classification.calibrated_cases import put_to_use
from tests.integration.classification.cases import Desk
from tests.integration.evaluation.cases import drive, rows, started
from triage.exceptions import Conflict, InvalidInput
from triage.models import (
    AnswerState,
    Automation,
    Batch,
    Evaluation,
    EvaluationAnswer,
    EvaluationSource,
    EvaluationState,
    EvaluationTicket,
    Label,
    Part,
    Stage,
)
from triage.services import batches, taxonomy
from triage.services.classification.packed_lines import packer_in_force
from triage.services.classification.packing_permission import find_permission
from triage.services.evaluation import automation, packing
from triage.services.evaluation.configurations import in_force, to_json
from triage.simulator import RunningSimulator

BOTH, PACKED_WRONG, SINGLE_WRONG = (True, True), (True, False), (False, True)


def a_run(
    *outcomes: tuple[tuple[bool, bool], int],
    size: int = 10,
    packed: int = 10,
    changes: dict[str, Any] | None = None,
    **fields: Any,
) -> Evaluation:
    """A done test of `size` tickets a call with so many tickets of each outcome (right alone, right packed).

    `packed` is the number that its second answers were really asked with, `changes` those of its second configuration.
    """
    second = in_force("B", tickets_a_call=size, **(changes or {}))
    plain: dict[str, Any] = {
        "name": "Packing",
        "source": EvaluationSource.CONFIRMED,
        "state": EvaluationState.DONE,
        "by": User.objects.system(),
        "configurations": [to_json(in_force("A")), to_json(second)],
        "quote": {},
        "budget_nanousd": 0,
        "results": {"format": 1, "is_simulated": True},
        "finished_at": timezone.now(),
    }
    evaluation = Evaluation.objects.create(**{**plain, **fields})
    each = [right for right, count in outcomes for _ in range(count)]
    tickets = EvaluationTicket.objects.bulk_create(
        EvaluationTicket(
            evaluation=evaluation, number=n, description="x", label="login", part=Part.REPORT
        )
        for n in range(1, len(each) + 1)
    )
    EvaluationAnswer.objects.bulk_create(
        answer(ticket, place, right[place], packed if place else 1)
        for ticket, right in zip(tickets, each, strict=True)
        for place in (0, 1)
    )
    return evaluation


def answer(
    ticket: EvaluationTicket, place: int, is_right: bool, tickets_in_call: int
) -> EvaluationAnswer:
    return EvaluationAnswer(
        ticket=ticket,
        configuration=place,
        stage=Stage.FIRST,
        state=AnswerState.ANSWERED,
        tickets_in_call=tickets_in_call,
        label="login" if is_right else "refund",
        confidence=0.99,
    )


def in_use() -> tuple[int, str]:
    row = automation.current()
    return row.tickets_a_call, row.packing_grounds


@pytest.fixture
def bob(desk: Desk) -> User:
    return User.objects.create_user("bob@example.com", "Bob", role="admin")


def test_packing_is_off_by_default(desk: Desk) -> None:
    assert in_use() == (1, "")
    assert packer_in_force(taxonomy.current(), apart=()) is None


def test_a_test_that_shows_it_switches_packing_on_and_says_on_what_grounds(bob: User) -> None:
    evaluation = a_run((BOTH, 995), (PACKED_WRONG, 2), (SINGLE_WRONG, 3))

    switched = packing.allow_packing(evaluation, by=bob)

    size, grounds = in_use()
    assert size == 10
    assert switched.by == bob
    for words in (f"Evaluation {evaluation.pk}", str(bob), "simulated", "998 times", "997 times"):
        assert words in grounds
    assert packer_in_force(taxonomy.current(), apart=()) is not None


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        # 0 of 300: at most 1 - 0.025^(1/300) = 1.22 %, and 1 % takes 368
        ([(BOTH, 300)], "About 68 more labelled tickets"),
        ([(BOTH, 994), (PACKED_WRONG, 6)], "more labelled tickets would show it"),
        ([(BOTH, 970), (PACKED_WRONG, 30)], "more tickets would not show it"),
        ([(BOTH, 3)], "more labelled tickets would show it"),
    ],
)
def test_a_test_that_does_not_show_it_is_refused_in_words(
    bob: User, outcomes: Sequence[tuple[tuple[bool, bool], int]], words: str
) -> None:
    evaluation = a_run(*outcomes)

    with pytest.raises(Conflict, match=words):
        packing.allow_packing(evaluation, by=bob)

    assert in_use() == (1, "")


def test_the_tickets_that_were_said_to_be_missing_would_do(bob: User) -> None:
    missing = packing.judge_packing(a_run((BOTH, 996), (PACKED_WRONG, 4))).more_tickets
    assert missing

    share = 1 + missing / 1_000
    grown = a_run((BOTH, round(996 * share)), (PACKED_WRONG, round(4 * share)))

    assert packing.judge_packing(grown).refusal == ""


def test_a_ticket_that_packed_calls_left_unanswered_counts_as_lost(bob: User) -> None:
    evaluation = a_run((BOTH, 400))
    lost = EvaluationAnswer.objects.filter(configuration=1, ticket__number__lte=20)
    lost.update(state=AnswerState.FAILED, label="", confidence=None)

    verdict = packing.judge_packing(evaluation)

    assert verdict.paired.only_second == 20
    assert verdict.refusal


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": EvaluationState.RUNNING}, "not done"),
        ({"source": EvaluationSource.CORRECTED}, "no random sample"),
        ({"size": 1}, "one ticket a call, and B for several"),
        ({"changes": {"apply": 0.5}}, "differ in packing alone"),
        ({"changes": {"instruction": "Be bold."}}, "differ in packing alone"),
        ({"changes": {"calibration": "own"}}, "differ in packing alone"),
        ({"packed": 1}, "Only 0 of B's 500 answers"),
        ({"packed": 9}, "Only 0 of B's 500 answers"),
    ],
)
def test_what_is_no_test_of_packing_is_refused(
    bob: User, fields: dict[str, Any], words: str
) -> None:
    evaluation = a_run((BOTH, 500), **fields)

    with pytest.raises(Conflict, match=words):
        packing.allow_packing(evaluation, by=bob)

    assert in_use() == (1, "")


def test_one_configuration_compares_nothing(bob: User) -> None:
    evaluation = a_run((BOTH, 500), configurations=[to_json(in_force())])

    with pytest.raises(Conflict, match="does not compare"):
        packing.allow_packing(evaluation, by=bob)


def test_a_test_of_labels_that_have_changed_since_is_refused(bob: User) -> None:
    evaluation = a_run((BOTH, 500))
    Label.objects.filter(slug="login").update(description="Passwords alone.")
    taxonomy.publish(by=bob)

    with pytest.raises(Conflict, match="have changed since"):
        packing.allow_packing(evaluation, by=bob)


def test_a_person_may_answer_for_it_by_name(bob: User) -> None:
    packing.override_packing(5, reason="  A trial  for a week. ", by=bob)

    assert in_use() == (5, f"Without a test, by {bob}: A trial for a week.")


@pytest.mark.parametrize(
    ("size", "reason", "field"),
    [(1, "Because.", "tickets_a_call"), (21, "Because.", "tickets_a_call"), (5, " ", "reason")],
)
def test_an_override_that_makes_no_sense_is_refused(
    bob: User, size: int, reason: str, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        packing.override_packing(size, reason=reason, by=bob)

    assert refused.value.field == field
    assert not Automation.objects.exists()


def test_it_is_switched_off_at_once(bob: User) -> None:
    packing.override_packing(5, reason="A trial.", by=bob)

    packing.switch_packing_off(by=bob)

    assert in_use() == (1, "")


def test_a_real_run_is_judged_and_says_that_it_was_simulated(
    own_clients: None, simulated: RunningSimulator, bob: User
) -> None:
    both_ways = [in_force("A"), in_force("B", tickets_a_call=3)]
    evaluation = drive(
        started(rows(refund=6, login=6), configurations=both_ways, is_batch=False, by=bob)
    )

    verdict = packing.judge_packing(evaluation)

    assert evaluation.state == EvaluationState.DONE
    assert verdict.is_simulated
    assert verdict.paired.tickets >= 9
    assert (verdict.paired.only_first, verdict.paired.only_second) == (0, 0)
    assert "simulated answers" in verdict.refusal


def allowed(by: User, **fields: Any) -> Evaluation:
    """Packing is switched on by a test, which is returned."""
    evaluation = a_run((BOTH, 500), **fields)
    packing.allow_packing(evaluation, by=by)
    return evaluation


def is_used() -> bool:
    return packer_in_force(taxonomy.current(), apart=()) is not None


def test_the_permission_keeps_the_evaluation_it_rests_on(bob: User) -> None:
    evaluation = allowed(bob)

    assert automation.current().packing_evaluation == evaluation
    assert (is_used(), packing.why_unused()) == (True, "")
    packing.switch_packing_off(by=bob)
    assert automation.current().packing_evaluation is None


def test_packing_ends_where_claude_reads_other_labels(bob: User) -> None:
    evaluation = allowed(bob)
    Label.objects.filter(slug="login").update(description="Passwords alone.")
    taxonomy.publish(by=bob)

    assert not is_used()
    assert packing.why_unused() == (
        f"Packing is allowed by evaluation {evaluation.pk} but not used: it was tested with another guide:"
        " the labels read otherwise now."
    )


def test_packing_goes_on_where_only_switches_of_labels_change(bob: User) -> None:
    allowed(bob)
    Label.objects.filter(slug="login").update(threshold=0.97)
    taxonomy.publish(by=bob)

    assert (is_used(), packing.why_unused()) == (True, "")


def test_packing_ends_where_another_first_model_is_asked(bob: User) -> None:
    evaluation = allowed(bob)
    kept = [each | {"first_model": "claude-sonnet-5"} for each in evaluation.configurations]
    Evaluation.objects.update(configurations=kept)

    assert not is_used()
    assert "tested with Sonnet 5, and Haiku 5.5 is asked now" in packing.why_unused()


def test_packing_ends_where_other_calibrators_decide_who_is_escalated(bob: User) -> None:
    allowed(bob)
    put_to_use()

    assert not is_used()
    assert "tested with other calibrators" in packing.why_unused()


def test_packing_ends_where_somebody_else_answers(bob: User, settings: Settings) -> None:
    allowed(bob)
    settings.TRIAGE_SIMULATOR = not settings.TRIAGE_SIMULATOR

    assert not is_used()
    assert "tested on the simulator’s answers" in packing.why_unused()


def test_packing_is_used_again_once_the_labels_are_those_of_the_test(bob: User) -> None:
    allowed(bob)
    before = Label.objects.get(slug="login").description
    for words in ("Passwords alone.", before):
        Label.objects.filter(slug="login").update(description=words)
        taxonomy.publish(by=bob)

    assert is_used()


def test_a_simulated_test_allows_no_packing_where_claude_answers(
    bob: User, settings: Settings
) -> None:
    evaluation = a_run((BOTH, 500))
    settings.TRIAGE_SIMULATOR = not settings.TRIAGE_SIMULATOR

    with pytest.raises(Conflict, match="Simulated answers show nothing"):
        packing.allow_packing(evaluation, by=bob)

    assert in_use() == (1, "")


def test_what_a_person_answers_for_stays(bob: User, settings: Settings) -> None:
    allowed(bob)
    packing.override_packing(5, reason="A trial.", by=bob)
    Label.objects.filter(slug="login").update(description="Passwords alone.")
    taxonomy.publish(by=bob)
    settings.TRIAGE_SIMULATOR = not settings.TRIAGE_SIMULATOR

    assert automation.current().packing_evaluation is None
    assert (is_used(), packing.why_unused()) == (True, "")


def test_the_page_says_that_packing_is_not_used_and_why(bob: User, client: Client) -> None:
    evaluation = allowed(bob)
    client.force_login(bob)
    before = client.get(reverse("admin:automation")).text
    Label.objects.filter(slug="login").update(description="Passwords alone.")
    taxonomy.publish(by=bob)

    after = client.get(reverse("admin:automation")).text

    assert "but not used" not in before
    assert "Backfill asks for 10 tickets a call." in before
    assert f"Packing is allowed by evaluation {evaluation.pk} but not used" in after
    assert "Backfill asks for one ticket a call." in after


def test_whether_packing_is_used_is_one_query(
    bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    allowed(bob)
    is_used()

    with django_assert_num_queries(1):
        find_permission()


def test_a_backfill_asks_one_by_one_where_the_test_no_longer_speaks_of_what_is_in_force(
    bob: User, desk: Desk, simulated: RunningSimulator
) -> None:
    allowed(bob)
    Label.objects.filter(slug="login").update(description="Passwords alone.")
    taxonomy.publish(by=bob)
    for n in range(3):
        desk.receive(f"I forgot my password, order {n}.")

    with capture_logs() as logged:
        batches.submit_backfill()

    assert Batch.objects.get().lines == 3
    said = [each for each in logged if each["event"] == "packing is allowed but not used"]
    assert len(said) == 1
