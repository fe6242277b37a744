"""The release gate: what a challenger must prove against the champion, and the way back."""

from io import BytesIO

import pytest

from accounts.models import User
from tests.integration.learning.cases import a_champion, import_tickets, publish_labels
from tests.unit.evaluation.local_cases import LABELS, tickets
from triage.exceptions import Conflict, InvalidInput
from triage.models import Label, LocalModel, LocalModelState
from triage.services import taxonomy
from triage.services.evaluation.learning import nightly, releasing
from triage.services.local import storage
from triage.services.local.training import train

pytestmark = pytest.mark.django_db

WHY = "Tried for a week in the shadow."


@pytest.fixture(autouse=True)
def golden(db: None) -> None:
    """Some 200 tickets that compare."""
    publish_labels()
    import_tickets(1_000)


def content_of(number: int, *, wrong: float = 0.0) -> bytes:
    """A model of so many other tickets, of which the first share has the next label instead of its own."""
    texts, labels = tickets(number, seed=7)
    turned = [LABELS[(LABELS.index(label) + 1) % len(LABELS)] for label in labels]
    until = int(wrong * number)
    to = BytesIO()
    storage.save(train(texts, turned[:until] + labels[until:]), to)
    return to.getvalue()


def a_model(
    number: int = 400, *, wrong: float = 0.0, is_champion: bool = False, **fields: object
) -> LocalModel:
    state = LocalModelState.CHAMPION if is_champion else LocalModelState.CANDIDATE
    values = {
        "state": state,
        "content": content_of(number, wrong=wrong),
        "labels": list(LABELS),
        "version": f"v{LocalModel.objects.count()}",
        "promoted_at": None,
    }
    return a_champion(**(values | fields))


def state_of(model: LocalModel) -> str:
    return LocalModel.objects.values_list("state", flat=True).get(pk=model.pk)


def test_an_equal_challenger_passes() -> None:
    content = content_of(400)
    a_model(content=content, is_champion=True)
    challenger = a_model(content=content)

    release = releasing.judge(challenger.pk).release

    assert (release["passes"], release["reasons"]) == (True, [])
    assert release["tickets"] > 150
    assert (release["only_candidate"], release["only_champion"], release["p_value"]) == (0, 0, 1)


def test_a_challenger_that_is_worse_stays_a_candidate_with_the_reasons_in_words(bob: User) -> None:
    a_model(is_champion=True)
    challenger = a_model(wrong=0.6)

    release = releasing.judge(challenger.pk).release

    assert not release["passes"]
    assert "which chance does not explain" in release["reasons"][0]
    assert "On the easy labels it may be" in release["reasons"][1]
    assert state_of(challenger) == LocalModelState.CANDIDATE


def test_a_group_with_too_few_tickets_to_tell_does_not_pass() -> None:
    content = content_of(400)
    a_model(content=content, is_champion=True)
    groups = dict.fromkeys(LABELS, "easy") | {"returns": "hard"}
    challenger = a_model(content=content, certificate={"groups": groups})

    release = releasing.judge(challenger.pk).release

    (reason,) = release["reasons"]
    assert "On the hard labels it may be" in reason
    assert release["groups"]["hard"]["loss"] == 0


def test_the_first_model_has_nothing_to_be_compared_with() -> None:
    release = releasing.judge(a_model().pk).release

    assert (release["passes"], release["reasons"]) == (True, [releasing.FIRST])


def test_a_model_of_labels_that_are_gone_does_not_pass() -> None:
    model = a_model()
    Label.objects.filter(slug="returns").update(is_active=False)
    taxonomy.publish(by=User.objects.system())

    release = releasing.judge(model.pk).release

    assert (release["passes"], release["reasons"]) == (False, [releasing.GONE.format("returns")])


def test_a_promoted_challenger_takes_the_champions_place_with_its_own_thresholds(bob: User) -> None:
    content = content_of(400)
    champion = a_model(content=content, is_champion=True, thresholds={"easy": 0.5})
    challenger = releasing.judge(a_model(content=content, thresholds={"easy": 0.97}).pk)

    switched = releasing.promote(challenger.pk, by=bob, reason=WHY)

    now = LocalModel.objects.get(state=LocalModelState.CHAMPION)
    assert (now.pk, now.thresholds) == (challenger.pk, {"easy": 0.97})
    assert (now.release["by"], now.release["reason"]) == (bob.pk, WHY)
    assert state_of(champion) == LocalModelState.RETIRED
    assert str(switched).endswith(WHY)


def test_one_that_the_gate_holds_back_is_promoted_only_by_a_person_who_says_why(bob: User) -> None:
    a_model(is_champion=True)
    challenger = releasing.judge(a_model(wrong=0.6).pk)

    with pytest.raises(InvalidInput):
        releasing.promote(challenger.pk, by=bob, reason=" ")
    switched = releasing.promote(challenger.pk, by=bob, reason=WHY)

    assert "against the release gate" in switched.words


def test_what_the_gate_has_not_judged_is_not_promoted(bob: User) -> None:
    with pytest.raises(Conflict, match="has not judged it yet"):
        releasing.promote(a_model().pk, by=bob, reason=WHY)


def test_a_verdict_on_another_champion_is_none(bob: User) -> None:
    challenger = releasing.judge(a_model().pk)
    a_model(is_champion=True)

    with pytest.raises(Conflict, match="The champion has changed"):
        releasing.promote(challenger.pk, by=bob, reason=WHY)


def test_one_click_brings_the_former_champion_back(bob: User) -> None:
    former = releasing.judge(a_model(thresholds={"easy": 0.91}).pk)
    releasing.promote(former.pk, by=bob, reason=WHY)
    challenger = releasing.judge(a_model().pk)
    releasing.promote(challenger.pk, by=bob, reason=WHY)

    releasing.roll_back(former.pk, by=bob, reason="It misread returns.")

    now = LocalModel.objects.get(state=LocalModelState.CHAMPION)
    assert (now.pk, now.thresholds) == (former.pk, {"easy": 0.91})
    assert state_of(challenger) == LocalModelState.RETIRED
    assert releasing.find_former() == challenger
    with pytest.raises(Conflict, match="changed meanwhile"):  # pressed twice
        releasing.roll_back(former.pk, by=bob, reason=WHY)
    assert LocalModel.objects.get(state=LocalModelState.CHAMPION) == former


def test_what_was_proven_for_a_laxer_promise_does_not_come_back(bob: User) -> None:
    lax = {"promise": {"target": 0.05, "d": 0.05}, "groups": {}}
    former = releasing.judge(a_model(thresholds={"easy": 0.91}, certificate=lax).pk)
    releasing.promote(former.pk, by=bob, reason=WHY)  # 2 % are promised by now

    now = LocalModel.objects.get(state=LocalModelState.CHAMPION)

    assert (now.pk, now.thresholds) == (former.pk, {})


def test_only_one_former_champion_keeps_the_words_of_tickets(bob: User) -> None:
    for _ in range(3):
        releasing.promote(releasing.judge(a_model().pk).pk, by=bob, reason=WHY)

    kept = LocalModel.objects.exclude(content=b"")

    assert kept.count() == 2


def test_without_a_former_champion_there_is_no_way_back(bob: User) -> None:
    with pytest.raises(Conflict, match="no former champion"):
        releasing.roll_back(1, by=bob, reason=WHY)


def test_by_night_nothing_is_trained_before_a_person_has_promoted_a_first_champion() -> None:
    nightly.learn()

    assert not LocalModel.objects.exists()


def test_by_night_a_challenger_that_passes_enters_the_shadow_and_is_not_promoted_yet() -> None:
    weak = a_model(40, wrong=0.5, is_champion=True)

    nightly.learn()

    challenger = LocalModel.objects.get(state=LocalModelState.CANDIDATE)
    assert state_of(weak) == LocalModelState.CHAMPION
    assert challenger.release["passes"]
    assert challenger.release["shadow"]["since"] == challenger.release["at"]


def test_a_training_that_a_person_asks_for_promotes_nothing(bob: User) -> None:
    weak = a_model(40, wrong=0.5, is_champion=True)

    nightly.learn(by_id=bob.pk)

    candidate = LocalModel.objects.get(state=LocalModelState.CANDIDATE)
    assert (candidate.by_id, candidate.release["passes"]) == (bob.pk, True)
    assert state_of(weak) == LocalModelState.CHAMPION
