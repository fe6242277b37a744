"""What a variant changes in what Claude is asked: the words after the ticket, in both stages and in batches, and nothing else."""

import json

import pytest

from tests.integration.classification.batching_cases import (
    LEGAL_TEXT,
    REFUND_TEXT,
    drive,
    live_requests,
    receive,
    run_of,
    states,
    work_queued,
)
from tests.integration.classification.cases import Desk, by_model, features, says
from tests.integration.experiments.cases import SHORT, begin, control_of, give_all, tried_in
from tests.integration.gateway.batch_cases import check_equals_bill
from tests.unit.gateway.upstream import Upstream
from triage.models import Attempt, State, Ticket, Triage, Variant
from triage.services import batches, classification, experiments, taxonomy
from triage.services.classification.prompt import INSTRUCTION, build_request
from triage.services.gateway.catalog import HAIKU
from triage.services.gateway.fingerprint import fingerprint_of
from triage.services.gateway.routes import CLASSIFY
from triage.services.gateway.shaping import shape
from triage.simulator import RunningSimulator


def questions(upstream: Upstream) -> list[str]:
    """What stood after the ticket, request by request."""
    return [each.body["messages"][-1]["content"][-1]["text"] for each in upstream.heard]


def test_the_guide_is_byte_for_byte_the_same_for_all_variants(desk: Desk) -> None:
    ticket, current, experiment = desk.receive(), taxonomy.current(), begin()

    bare = build_request(ticket, current)
    both = [build_request(ticket, current, variant=each) for each in experiment.variants.all()]

    assert {request.system.encode() for request in both} == {bare.system.encode()}
    assert {request.prompt_version for request in both} == {bare.prompt_version}
    assert {json.dumps(request.schema) for request in both} == {json.dumps(bare.schema)}
    assert SHORT not in bare.system


def test_the_variants_words_stand_after_the_ticket_and_the_control_adds_none(desk: Desk) -> None:
    ticket, current, experiment = desk.receive(), taxonomy.current(), begin()

    control = build_request(ticket, current, variant=control_of(experiment))
    tried = build_request(ticket, current, variant=tried_in(experiment))

    assert control == build_request(ticket, current)
    assert tried.content == (control.content[0], f"{INSTRUCTION}\n{SHORT}")


def test_the_variants_have_fingerprints_of_their_own(desk: Desk) -> None:
    ticket, current, experiment = desk.receive(), taxonomy.current(), begin()

    requests = [build_request(ticket, current, variant=v) for v in experiment.variants.all()]

    prints = {fingerprint_of(each, shape(each, CLASSIFY.model_asked)) for each in requests}
    assert len(prints) == 2


def test_both_stages_get_the_variant_and_the_run_records_it(desk: Desk, upstream: Upstream) -> None:
    variant = tried_in(begin())
    give_all(variant)
    upstream.script = by_model(says("refund", 0.2), says("refund", 0.9))
    ticket = ticket_of(variant, desk)

    run = desk.triage(ticket)

    assert features(ticket) == ["classify", "escalate"]
    assert questions(upstream) == [f"{INSTRUCTION}\n{SHORT}"] * 2
    assert run.variant == variant


def test_without_an_experiment_nothing_is_added_and_nothing_recorded(
    desk: Desk, upstream: Upstream
) -> None:
    upstream.script = by_model(says("refund", 0.9))

    run = desk.triage(desk.receive())

    assert questions(upstream) == [INSTRUCTION]
    assert run.variant is None


def test_a_person_who_asks_again_gets_the_same_variant(desk: Desk, upstream: Upstream) -> None:
    begin()
    upstream.script = by_model(says("refund", 0.9))
    ticket = desk.receive()
    first = desk.triage(ticket)

    classification.request_rerun(ticket.pk)
    second = desk.triage(ticket)

    assert second.is_rerun
    assert second.variant == first.variant is not None
    assert len(set(questions(upstream))) == 1


def test_a_run_that_waited_for_the_strong_model_keeps_its_variant_after_the_end(
    desk: Desk, upstream: Upstream
) -> None:
    experiment = begin()
    variant = tried_in(experiment)
    give_all(variant)
    ticket = ticket_of(variant, desk)
    upstream.script = by_model(says("refund", 0.2))
    desk.triage(ticket)
    experiments.end(experiment.pk)
    experiments.forget()
    upstream.script = by_model(says("login", 0.9), says("refund", 0.9))

    run = desk.catch_up(ticket)

    assert (run.state, run.variant) == (State.DONE, variant)
    assert questions(upstream)[-1] == f"{INSTRUCTION}\n{SHORT}"


@pytest.mark.usefixtures("broker", "quick_batches")
def test_a_batch_asks_with_the_variants_and_nothing_is_asked_twice(
    desk: Desk, claude: RunningSimulator
) -> None:
    begin()
    tickets = receive(desk, *[REFUND_TEXT, LEGAL_TEXT] * 5)

    batches.submit_backfill()
    drive()
    work_queued()

    assert states() == {State.DONE: 10}
    assert live_requests(claude) == []
    assert {run_of(ticket).variant for ticket in tickets} == set(Variant.objects.all())
    assert all(run_of(t).variant == experiments.variant_of(t.pk) for t in tickets)
    check_equals_bill(claude)


@pytest.mark.usefixtures("broker", "quick_batches")
@pytest.mark.parametrize("runs_before", [True, False], ids=["ends", "begins"])
def test_what_a_batch_was_asked_with_is_what_its_answers_are_found_by(
    runs_before: bool, desk: Desk, claude: RunningSimulator
) -> None:
    """An experiment that begins or ends while a batch is away makes nobody pay for its answers again."""
    experiment = begin() if runs_before else None
    receive(desk, *[REFUND_TEXT, LEGAL_TEXT] * 3)
    batches.submit_backfill()

    if experiment:
        experiments.end(experiment.pk)
    else:
        begin()
    experiments.forget()
    drive()
    work_queued()

    assert states() == {State.DONE: 6}
    assert live_requests(claude) == []
    assert Triage.objects.filter(variant=None).exists() is not runs_before
    check_equals_bill(claude)


def test_variants_read_the_guide_from_one_entry_of_the_cache(
    desk: Desk, claude: RunningSimulator
) -> None:
    begin()
    tickets = [desk.receive(f"{REFUND_TEXT} My order is {number}.") for number in range(8)]

    runs = [desk.triage(ticket) for ticket in tickets]

    assert len({run.variant for run in runs}) == 2
    of_haiku = Attempt.objects.filter(model=HAIKU)
    assert (of_haiku.filter(cache_read_tokens=0).count(), of_haiku.count()) == (1, 8)


def ticket_of(variant: Variant, desk: Desk) -> Ticket:
    """A ticket that the lot gives this variant."""
    for number in range(50):
        ticket = desk.receive(f"{REFUND_TEXT} My order is {number}.")
        if experiments.variant_of(ticket.pk) == variant:
            return ticket
    raise AssertionError(f"no ticket got {variant}")
