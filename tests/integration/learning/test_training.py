"""What a local model is trained on, what certifies it, and what is refused."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone

from accounts.models import Role, User
from tests.integration.learning.cases import a_ticket, answer, import_tickets, publish_labels
from triage.exceptions import InvalidInput
from triage.models import (
    Audit,
    Automation,
    LocalModel,
    LocalModelState,
    Stage,
    Ticket,
    Triage,
)
from triage.services import taxonomy
from triage.services.evaluation.learning import examples, training
from triage.services.evaluation.learning.dealing import deal
from triage.services.evaluation.learning.examples import Example
from triage.services.evaluation.learning.feedback import HALF
from triage.services.local import storage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def labels(db: None) -> None:
    publish_labels()


def gathered() -> dict[int | None, Example]:
    """The examples by ticket."""
    return {each.ticket_id: each for each in examples.gather(taxonomy.current()).examples}


def test_a_candidate_is_trained_on_confirmed_labels_and_certified_on_others(bob: User) -> None:
    import_tickets(1_600, strays=0)

    model = training.train(by=bob)

    tickets = model.certificate["tickets"]
    assert model.state == LocalModelState.CANDIDATE
    assert model.labels == ["billing", "login", "returns", "shipping"]
    assert sum(tickets.values()) == 1_600
    assert model.thresholds["easy"] == model.certificate["proofs"]["easy"]["threshold"]
    assert model.certificate["proofs"]["easy"]["answered"] <= tickets["choose"]
    assert model.certificate["right"] > 0.9 * model.certificate["judged"] > 0


def test_the_ladder_holds_every_threshold_that_was_proven(bob: User) -> None:
    import_tickets(1_600, strays=0)

    proof = training.train(by=bob).certificate["proofs"]["easy"]

    assert proof["ladder"] == sorted(proof["ladder"], reverse=True)
    assert proof["ladder"][-1] == proof["threshold"]


def test_too_few_random_tickets_certify_nothing_and_say_so(bob: User) -> None:
    import_tickets(240, strays=0)

    model = training.train(by=bob)

    assert model.thresholds == {}
    assert "is not proven" in model.certificate["proofs"]["easy"]["words"]


def test_fewer_than_two_hundred_labels_are_refused_in_words(bob: User) -> None:
    import_tickets(199)

    with pytest.raises(InvalidInput, match="199 have a confirmed label"):
        training.train(by=bob)

    assert not LocalModel.objects.exists()


def test_the_same_tickets_make_no_second_candidate(bob: User) -> None:
    import_tickets(240)

    first, again = training.train(by=bob), training.train(by=bob)

    assert first.pk == again.pk


def test_a_newer_candidate_takes_the_words_of_the_older_one_away(bob: User) -> None:
    import_tickets(240)
    older = training.train(by=bob)
    import_tickets(40, seed=2)

    newer = training.train(by=bob)

    older.refresh_from_db()
    assert (older.state, bytes(older.content)) == (LocalModelState.RETIRED, b"")
    assert (newer.state, newer.content != b"") == (LocalModelState.CANDIDATE, True)


def test_a_deleted_ticket_is_gone_with_the_next_training(bob: User) -> None:
    import_tickets(240)
    ticket = a_ticket("A xylophone came with the invoice")
    answer(ticket, "login", corrected_to="billing", by=bob)  # corrections always train
    before = training.train(by=bob)
    assert "xylophone" in words_of(before)

    ticket.delete()
    after = training.train(by=bob)

    assert "xylophone" not in words_of(after)


def test_rows_that_an_import_keeps_for_evaluation_are_not_learnt() -> None:
    import_tickets(4, split="test")

    assert gathered() == {}


def test_a_model_that_nobody_checked_teaches_nothing() -> None:
    answer(a_ticket(), "billing", stage=Stage.STRONG)
    answer(a_ticket(), "billing", stage=Stage.LOCAL)

    assert gathered() == {}


def test_a_confirmed_answer_of_claude_teaches_and_does_not_certify(alice: User) -> None:
    ticket = a_ticket()
    answer(ticket, "billing", corrected_to="billing", by=alice)

    (example,) = gathered().values()

    assert (example.label, example.is_random) == ("billing", False)


@pytest.mark.parametrize("stage", [Stage.LOCAL, Stage.FIRST])
def test_one_persons_word_that_nobody_stands_behind_counts_half(stage: Stage, alice: User) -> None:
    ticket = a_ticket()
    answer(ticket, "login", stage=stage, corrected_to="billing", by=alice)

    assert gathered()[ticket.pk].weight == HALF


def test_confirming_the_local_models_own_answer_is_one_persons_word(alice: User) -> None:
    ticket = a_ticket()
    answer(ticket, "billing", stage=Stage.LOCAL, corrected_to="billing", by=alice)

    assert gathered()[ticket.pk].weight == HALF


def test_a_second_person_makes_a_correction_count(alice: User) -> None:
    ticket = a_ticket()
    carol = User.objects.create_user("carol@example.com", role=Role.AGENT)
    answer(ticket, "login", corrected_to="billing", by=alice)
    answer(ticket, "login", corrected_to="billing", by=carol)

    assert gathered()[ticket.pk].weight == 1


def test_an_admins_correction_counts(bob: User) -> None:
    ticket = a_ticket()
    answer(ticket, "login", corrected_to="billing", by=bob)

    assert gathered()[ticket.pk].weight == 1


def test_an_audit_goes_before_a_correction_and_certifies(alice: User, bob: User) -> None:
    ticket = a_ticket()
    run = answer(ticket, "billing", corrected_to="billing", by=alice)
    judge_audit(run, truth="returns", by=bob)

    example = gathered()[ticket.pk]

    assert (example.label, example.is_random) == ("returns", True)


def test_agreement_with_audits_that_others_judged_makes_trusted(alice: User, bob: User) -> None:
    for number in range(13):
        run = answer(a_ticket(f"Ticket {number}"), "billing", corrected_to="billing", by=alice)
        judge_audit(run, truth="billing", by=bob)
    ticket = a_ticket("parcel")
    answer(ticket, "login", corrected_to="shipping", by=alice)

    assert gathered()[ticket.pk].weight == 1


def test_ones_own_audits_make_nobody_trusted(alice: User) -> None:
    for number in range(13):
        run = answer(a_ticket(f"Ticket {number}"), "billing", corrected_to="billing", by=alice)
        judge_audit(run, truth="billing", by=alice)
    ticket = a_ticket("parcel")
    answer(ticket, "login", corrected_to="shipping", by=alice)

    assert gathered()[ticket.pk].weight == HALF


def test_a_label_that_is_not_published_any_more_is_left_out() -> None:
    ticket = a_ticket()
    Ticket.objects.filter(pk=ticket.pk).update(known_label="gone", split="train")

    found = examples.gather(taxonomy.current())

    assert found.examples == ()
    assert found.left_out == {examples.UNKNOWN_LABEL: 1}


def test_what_compares_two_models_is_never_learnt_and_stays_the_same() -> None:
    import_tickets(400)
    now = timezone.now()
    before = deal(list(gathered().values()), now=now)

    import_tickets(400, seed=2)
    after = deal(list(gathered().values()), now=now)

    golden = {each.ticket_id for each in before.compare}
    assert golden
    assert golden <= {each.ticket_id for each in after.compare}


def test_tickets_that_say_the_same_stand_in_one_part() -> None:
    texts = [f"Order {number}: my parcel is lost" for number in range(50)]
    same = [Example(text, "shipping", True, number) for number, text in enumerate(texts, 1)]
    others = [
        Example(each.description, "billing", True, 100 + n)
        for n, each in enumerate(import_tickets(80))
    ]

    parts = deal([*same, *others], now=timezone.now())

    holding = [
        part
        for part in (parts.train, parts.calibrate, parts.choose, parts.compare)
        if {each.ticket_id for each in part} & set(range(1, 51))
    ]
    assert len(holding) == 1


def test_a_correction_never_stands_in_a_part_that_proves() -> None:
    """Each text twice: once as a random ticket, once as a corrected one."""
    texts = [each.description for each in import_tickets(300)]
    random = [Example(text, "billing", True, number) for number, text in enumerate(texts, 1)]
    corrected = [Example(text, "billing", False, 1_000 + n) for n, text in enumerate(texts, 1)]

    parts = deal([*random, *corrected], now=timezone.now())

    proving = [*parts.calibrate, *parts.choose, *parts.compare]
    assert len(proving) > 150
    assert all(each.is_random for each in proving)
    assert sum(not each.is_random for each in parts.train) == len(parts.train) / 2 > 50


def test_a_recent_audit_is_held_out_of_training() -> None:
    now = timezone.now()
    tickets = import_tickets(100)
    fresh = [
        Example(each.description, "billing", True, n + 1, audited_at=now - timedelta(days=27))
        for n, each in enumerate(tickets)
    ]

    parts = deal(fresh, now=now)

    assert len(parts.compare) == 100


def test_a_stricter_promise_is_harder_to_prove(bob: User) -> None:
    import_tickets(1_600, strays=0)
    Automation.objects.create(target=0.001)

    model = training.train(by=bob)

    assert model.thresholds == {}
    assert "is not proven" in model.certificate["proofs"]["easy"]["words"]


def test_what_claude_answers_is_trusted_as_far_as_confirmed_labels_show(bob: User) -> None:
    """Simulated: right on four of five tickets, on which the local model is unsure."""
    for place, ticket in enumerate(import_tickets(1_600, strays=3)):
        answer(ticket, ticket.known_label if place % 5 else wrong_of(ticket))

    trust = training.train(by=bob).trust

    assert trust.keys() == {"claude-haiku-5-5"}
    assert 0.7 < trust["claude-haiku-5-5"] < 0.9


def test_a_correction_takes_nothing_away_from_a_random_ticket(bob: User) -> None:
    (ticket,) = import_tickets(1)
    answer(ticket, "billing", corrected_to="returns", by=bob)

    example = gathered()[ticket.pk]

    assert (example.label, example.is_random) == (ticket.known_label, True)


def wrong_of(ticket: Ticket) -> str:
    return "login" if ticket.known_label != "login" else "returns"


def words_of(model: LocalModel) -> tuple[str, ...]:
    return storage.load(BytesIO(bytes(model.content))).vocabulary.words


def judge_audit(run: Triage, *, truth: str, by: User) -> None:
    """A judgement of more than four weeks ago."""
    Audit.objects.create(
        triage=run,
        label="billing",
        stage=Stage.FIRST,
        truth=truth,
        by=by,
        judged_at=timezone.now() - timedelta(weeks=5),
    )
