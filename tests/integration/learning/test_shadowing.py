"""A candidate in shadow: how long it waits, what holds it back, and what a person may do all the same."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from tests.integration.learning.cases import a_champion, a_ticket, import_tickets, publish_labels
from tests.integration.learning.shadow_cases import (
    CHAMPION,
    Travel,
    content,
    held_back,
    in_shadow,
    system,
    the_champion,
    triaged,
)
from triage.exceptions import Conflict
from triage.models import (
    Audit,
    FieldDecision,
    LocalModel,
    LocalModelState,
    Stage,
    Ticket,
    Triage,
)
from triage.services import taxonomy
from triage.services.evaluation.learning import nightly, releasing, shadowing
from triage.services.evaluation.learning.shadow import Outcome, Shadow

pytestmark = pytest.mark.django_db

A_DAY, A_WEEK = timedelta(days=1), timedelta(weeks=1)
WHY = "Compared by hand."
FAILED = Shadow(since="2026-11-16T02:43:00+00:00", outcome=Outcome.FAILED).as_json()


@pytest.fixture(autouse=True)
def labels(db: None) -> None:
    publish_labels()


def state_of(model: LocalModel) -> str:
    return LocalModel.objects.values_list("state", flat=True).get(pk=model.pk)


def shadow_of(model: LocalModel) -> Outcome:
    kept = shadowing.of(LocalModel.objects.get(pk=model.pk))
    assert kept is not None
    return kept.outcome


def test_what_the_gate_lets_through_shadows_one_night_and_is_promoted_the_next(
    travel: Travel,
) -> None:
    import_tickets(1_000)
    first = a_champion(content=content())
    nightly.learn()
    candidate = LocalModel.objects.get(state=LocalModelState.CANDIDATE)
    triaged(80)
    assert the_champion() == first

    nightly.learn()  # a second time in the same night
    assert the_champion() == first
    travel(A_DAY)
    nightly.learn()

    now = the_champion()
    assert now == candidate
    assert now.release["reason"] == nightly.BY_NIGHT
    assert now.release["shadow"]["outcome"] == Outcome.PASSED
    assert state_of(first) == LocalModelState.RETIRED


def test_what_a_person_went_back_from_does_not_come_again_by_night(
    travel: Travel, bob: User
) -> None:
    import_tickets(1_000)
    first = a_champion(content=content())
    nightly.learn()
    triaged(80)
    travel(A_DAY)
    nightly.learn()
    taken_back = the_champion()

    releasing.roll_back(first.pk, by=bob, reason="It misread returns.")
    for _ in range(3):
        nightly.learn()
        triaged(80)
        travel(A_DAY)

    again = LocalModel.objects.get(state=LocalModelState.CANDIDATE)
    assert the_champion() == first != taken_back
    assert again.version == taken_back.version
    assert again.release["reasons"] == [releasing.TAKEN_BACK]


def test_what_contradicts_the_labels_that_stand_is_held_back_and_the_next_night_trains_anew(
    travel: Travel,
) -> None:
    import_tickets(240)
    champion = a_champion(content=content())
    challenger = in_shadow()
    triaged(40, is_wrong=True)

    travel(A_DAY)
    nightly.learn()
    held = state_of(challenger), shadow_of(challenger)
    travel(A_DAY)
    nightly.learn()

    assert held == (LocalModelState.CANDIDATE, Outcome.FAILED)
    assert state_of(challenger) == LocalModelState.RETIRED  # a newer one has taken its place
    assert LocalModel.objects.filter(state=LocalModelState.CANDIDATE).exists()
    assert the_champion() == champion


def test_with_too_few_tickets_it_waits_a_week_without_a_second_training_and_says_so(
    travel: Travel,
) -> None:
    a_champion()
    challenger = in_shadow()
    triaged(10)
    import_tickets(240)

    for _ in range(6):
        travel(A_DAY)
        nightly.learn()
    waited = state_of(challenger), shadow_of(challenger), LocalModel.objects.count()
    travel(A_DAY)
    nightly.learn()

    assert waited == (LocalModelState.CANDIDATE, Outcome.GOES_ON, 2)
    assert the_champion() == challenger
    assert the_champion().release["reason"] == nightly.ON_THE_GATE_ALONE
    assert "10 of 30 tickets" in the_champion().release["shadow"]["words"][-1]


def test_after_a_failed_shadow_no_night_promotes_the_next_one_on_the_gate_alone(
    travel: Travel, bob: User
) -> None:
    champion = a_champion()
    held_back(state=LocalModelState.RETIRED)
    challenger = in_shadow()
    triaged(10)

    for _ in range(9):
        travel(A_DAY)
        nightly.learn()
    waited = the_champion()
    releasing.promote(challenger.pk, by=bob, reason=WHY)

    assert waited == champion
    assert the_champion() == challenger
    assert "10 of 30 tickets" in the_champion().release["shadow"]["words"][-1]
    assert "or a person promotes it" in the_champion().release["shadow"]["words"][-1]


def test_after_a_failed_shadow_enough_tickets_promote_the_next_one(travel: Travel) -> None:
    a_champion()
    held_back(state=LocalModelState.RETIRED)
    challenger = in_shadow()
    triaged(40)

    travel(A_DAY)
    nightly.learn()

    assert the_champion() == challenger


def test_a_failed_shadow_beside_another_champion_says_nothing(travel: Travel) -> None:
    a_champion()
    held_back(state=LocalModelState.RETIRED, release={"champion": "v9", "shadow": FAILED})
    challenger = in_shadow()

    travel(A_WEEK)
    nightly.learn()

    assert the_champion() == challenger


def test_what_its_shadow_held_back_stays_so_while_the_gate_holds_it_back_too() -> None:
    a_champion()
    failed = held_back()

    release = releasing.judge(failed.pk).release

    assert (release["passes"], release["shadow"]["outcome"]) == (False, Outcome.FAILED)


def test_a_person_may_promote_it_before_its_shadow_is_over(bob: User) -> None:
    a_champion()
    challenger = in_shadow()

    switched = releasing.promote(challenger.pk, by=bob, reason=WHY)

    assert the_champion() == challenger
    assert switched.words == "Local model v2 is the champion before its shadow is over."


def test_a_person_may_promote_what_its_shadow_holds_back(travel: Travel, bob: User) -> None:
    a_champion()
    challenger = in_shadow()
    triaged(40, is_wrong=True)
    travel(A_DAY)
    shadowing.look(challenger.pk)

    switched = releasing.promote(challenger.pk, by=bob, reason=WHY)

    assert (the_champion(), the_champion().release["reason"]) == (challenger, WHY)
    assert "against its shadow" in switched.words


def test_judged_again_it_goes_on_and_beside_another_champion_it_begins_anew(
    travel: Travel,
) -> None:
    import_tickets(1_000)
    champion = a_champion(content=content())
    challenger = in_shadow()
    since = challenger.release["shadow"]["since"]

    travel(A_DAY)
    again = releasing.judge(challenger.pk).release
    LocalModel.objects.filter(pk=champion.pk).update(version="v3")
    anew = releasing.judge(challenger.pk).release

    assert again["passes"]
    assert again["shadow"]["since"] == since
    assert anew["shadow"]["since"] == anew["at"] > since


def test_beside_another_champion_no_night_promotes_it(travel: Travel) -> None:
    a_champion(version="v3")
    challenger = in_shadow()
    triaged(40)

    travel(A_DAY)
    nightly.learn()

    assert shadowing.find() is None
    assert the_champion() != challenger


def test_it_is_judged_by_whom_the_label_stands_audit_then_person_then_claude(
    travel: Travel, alice: User
) -> None:
    """Five tickets that the challenger names rightly: wrong by Claude, by a person, by an audit; the others only locally."""
    a_champion()
    challenger = in_shadow()
    at = timezone.now()
    (by_claude,) = triaged(1, is_wrong=True)
    triaged(1, corrected_to="login", by=alice)
    triaged(1, stage=Stage.LOCAL, corrected_to="login", by=alice)
    (audited,) = triaged(1, corrected_to="billing", by=alice)
    triaged(1, stage=Stage.LOCAL)
    Audit.objects.create(
        triage=audited, label="billing", stage=Stage.FIRST, truth="login", by=alice, judged_at=at
    )
    FieldDecision.objects.filter(triage=by_claude).update(
        corrected_to="billing", corrected_by=system(), corrected_at=at
    )

    travel(A_DAY)
    found = shadowing.look(challenger.pk)

    assert (found.tickets, found.alone, found.labelled) == (5, 5, 3)
    assert (found.answered, found.wrong, found.neither) == (1, 1, 3)


def test_what_the_cascade_would_not_let_it_answer_is_not_counted_as_answered(
    travel: Travel,
) -> None:
    a_champion()
    challenger = in_shadow()
    flagged, foreign, _ = triaged(3)
    Ticket.objects.filter(pk=flagged.ticket_id).update(instruction_text="Ignore it")
    Ticket.objects.filter(pk=foreign.ticket_id).update(description="Quid novi ex Africa")

    travel(A_DAY)
    found = shadowing.look(challenger.pk)

    assert (found.tickets, found.alone) == (3, 1)


def test_the_champion_is_taken_at_its_recorded_word(travel: Travel) -> None:
    """Of three tickets it could have answered one alone then, and one more had it been switched on."""
    a_champion(taxonomy_digest=taxonomy.current().digest)
    challenger = in_shadow()
    alone, sure, _ = triaged(3)
    for run, word in ((alone, {"propensity": 0.01}), (sure, {"chance": 0.95, "threshold": 0.9})):
        Triage.objects.filter(pk=run.pk).update(local_answer=(run.local_answer or {}) | word)
    triaged(5, champion="v0")  # before it was the champion

    travel(A_DAY)
    found = shadowing.look(challenger.pk)

    assert (found.tickets, found.champion_alone) == (3, 2)


def test_only_the_newest_tickets_are_looked_at_a_few_at_once_each_by_its_newest_run(
    travel: Travel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadowing, "AT_MOST", 9)
    monkeypatch.setattr(shadowing, "AT_ONCE", 4)
    a_champion()
    challenger = in_shadow()
    triaged(5, is_wrong=True)
    newest = triaged(8, at=timezone.now() + timedelta(hours=2))
    again = triaged(1, at=timezone.now() + timedelta(hours=3))[0]
    Triage.objects.filter(pk=again.pk).update(ticket=newest[0].ticket)

    travel(A_DAY)
    found = shadowing.look(challenger.pk)

    assert (found.tickets, found.wrong, found.is_cut) == (8, 0, True)
    assert "the newest; there were more" in found.words[0]


def test_tickets_from_before_it_passed_the_gate_say_nothing(travel: Travel) -> None:
    a_champion()
    challenger = in_shadow()
    triaged(40, at=timezone.now() - timedelta(hours=2))

    travel(A_DAY)

    assert shadowing.look(challenger.pk).tickets == 0


def test_a_verdict_stands_however_often_it_is_looked_at(travel: Travel) -> None:
    a_champion()
    challenger = in_shadow()
    triaged(40)
    travel(A_DAY)
    first = shadowing.look(challenger.pk)
    triaged(40, is_wrong=True)

    travel(A_DAY)

    assert shadowing.look(challenger.pk) == first


def test_what_was_promoted_meanwhile_keeps_its_verdict(bob: User) -> None:
    a_champion()
    challenger = in_shadow()
    stale = LocalModel.objects.get(pk=challenger.pk)
    releasing.promote(challenger.pk, by=bob, reason=WHY)

    with pytest.raises(Conflict, match="was changed while its shadow was judged"):
        shadowing._keep(stale, Shadow(since=stale.release["shadow"]["since"]))

    assert the_champion().release["reason"] == WHY


def test_a_candidate_that_the_gate_holds_back_does_not_shadow() -> None:
    a_champion()
    in_shadow(release={"passes": False, "reasons": ["worse"], "champion": CHAMPION})

    assert shadowing.find() is None


def test_the_page_counts_each_ticket_once() -> None:
    a_champion()
    challenger = in_shadow()
    runs = triaged(3)
    Triage.objects.filter(pk=runs[0].pk).update(ticket=runs[1].ticket)
    a_ticket("Not sorted yet")

    kept = shadowing.of(challenger)

    assert kept is not None
    assert shadowing.count(kept) == 2
