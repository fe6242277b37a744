"""The gate's pages: what each label stands on, and how it is switched."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.integration.evaluation.admin_rows import a_done, an_evaluation, group, use_calibrator
from tests.integration.web_cases import add_labels
from triage.models import Evaluation, Grain, Label, TaxonomyVersion, TriageCell
from triage.services import taxonomy
from triage.services.evaluation import gate

GATE = "/admin/taxonomy/gate/"
EASY = group("easy", "account-login", "delivery-late")
HARD = group("hard", "billing-wrong-charge", threshold=None)
WHY = "The launch cannot wait for a proof."


@pytest.fixture
def labels(db: None) -> dict[str, Label]:
    return add_labels()


@pytest.fixture
def label(labels: dict[str, Label]) -> Label:
    return labels["account-login"]


def words(client: Client, where: str = GATE) -> str:
    response = client.get(where)
    assert response.status_code == 200
    return " ".join(response.text.split())


def row(client: Client, label: Label) -> str:
    """The label's row of the page."""
    return words(client).partition(f'id="label-{label.pk}"')[2].partition("</tr>")[0]


def switch_on(client: Client, label: Label, evaluation: Evaluation | None, **fields: Any) -> Any:
    pk = evaluation.pk if evaluation else ""
    return client.post(f"{GATE}{label.pk}/on/", {"evaluation": pk, **fields}, follow=True)


def add_runs(label: str, runs: int) -> None:
    """In the sums of today."""
    zero = {
        name.attname: 0
        for name in TriageCell._meta.concrete_fields
        if name.attname not in ("grain", "starts_at", "stage", "label", "decision")
    }
    TriageCell.objects.create(
        **zero | {"runs": runs},
        grain=Grain.DAY,
        starts_at=timezone.now(),
        stage="classify",
        label=label,
        decision="suggested",
    )


def test_without_labels_there_is_nothing_to_switch(as_bob: Client) -> None:
    assert "No labels yet" in words(as_bob)
    assert "Nothing is proven" in words(as_bob, f"{GATE}all/")


def test_without_an_evaluation_nothing_is_proven_and_only_an_override_is_offered(
    as_bob: Client, label: Label
) -> None:
    html = row(as_bob, label)

    assert "no evaluation is done that speaks of this label" in html
    assert "Override…" in html
    assert "Switch on" not in html


def test_a_label_shows_its_volume_its_group_and_its_proof(as_bob: Client, label: Label) -> None:
    add_runs("account-login", 1_234)
    evaluation = a_done(EASY, HARD)

    html = row(as_bob, label)

    assert "1,234" in html
    assert "<td>easy</td>" in html
    assert f"Evaluation {evaluation.pk} (simulated): at most 2 % wrong with 95 % confidence" in html
    assert "Switch on" in html
    assert "Override…" not in html


def test_a_refused_group_says_why_and_how_many_labels_are_missing(
    as_bob: Client, labels: dict[str, Label]
) -> None:
    a_done(EASY, HARD)

    html = row(as_bob, labels["billing-wrong-charge"])

    assert "at most 2 % wrong is not proven" in html
    assert "about 340 more judged tickets are needed" in html


def test_the_most_frequent_labels_come_first(as_bob: Client, labels: dict[str, Label]) -> None:
    add_runs("delivery-late", 10)
    add_runs("billing-wrong-charge", 5)

    html = words(as_bob)

    places = [
        html.index(f'id="label-{labels[slug].pk}"')
        for slug in ("delivery-late", "billing-wrong-charge", "account-login")
    ]
    assert places == sorted(places)


def test_switching_on_names_the_grounds_and_waits_for_publishing(
    as_bob: Client, label: Label
) -> None:
    evaluation = a_done(EASY)

    response = switch_on(as_bob, label, evaluation)

    label.refresh_from_db()
    assert label.auto_apply
    html = " ".join(response.text.split())
    assert "is on. It takes effect with the next published version of the labels." in html
    assert "1 label differs from it" in html
    assert "On, proven" in row(as_bob, label)
    assert LogEntry.objects.get().change_message.startswith("Auto-apply switched on. Evaluation")
    assert not taxonomy.current().labels["account-login"].auto_apply


def test_pressing_twice_switches_on_once(as_bob: Client, label: Label) -> None:
    evaluation = a_done(EASY)

    for _ in range(2):
        response = switch_on(as_bob, label, evaluation)

    assert response.status_code == 200
    assert Label.objects.filter(auto_apply=True).count() == 1


@pytest.mark.parametrize("pk", ["", "x", "-1", "9" * 30, "987654"])
def test_an_evaluation_that_is_none_is_not_found(pk: str, as_bob: Client, label: Label) -> None:
    response = as_bob.post(f"{GATE}{label.pk}/on/", {"evaluation": pk})

    assert response.status_code == 404
    assert not Label.objects.filter(auto_apply=True).exists()


def test_what_proves_nothing_is_refused_in_words(as_bob: Client, label: Label) -> None:
    response = switch_on(as_bob, label, an_evaluation())

    assert "was not switched on. evaluation: it is not done" in response.text
    assert not Label.objects.filter(auto_apply=True).exists()


def test_all_that_are_proven_are_shown_first_and_no_others_are_switched_on(
    as_bob: Client, labels: dict[str, Label]
) -> None:
    evaluation = a_done(EASY, HARD)
    Label.objects.filter(slug="delivery-late").update(threshold=0.8)

    shown = words(as_bob, f"{GATE}all/")
    pairs = [f"{labels[slug].pk}:{evaluation.pk}" for slug in labels]
    as_bob.post(f"{GATE}all/", {"label": pairs})

    assert "2 labels" in shown
    assert "threshold 0.8 →" in shown
    assert shown.count('name="label"') == 2
    on = Label.objects.filter(auto_apply=True).order_by("slug").values_list("slug", flat=True)
    assert list(on) == ["account-login", "delivery-late"]


@pytest.mark.parametrize("posted", [[], ["x:y"], ["987654:1"], ["1"]])
def test_switching_on_nonsense_switches_nothing_on(
    posted: list[str], as_bob: Client, label: Label
) -> None:
    a_done(EASY)

    response = as_bob.post(f"{GATE}all/", {"label": posted}, follow=True)

    assert response.status_code == 200
    assert "Nothing was switched on." in response.text


def test_an_override_asks_for_a_reason_and_shows_the_name(as_bob: Client, label: Label) -> None:
    where = f"{GATE}{label.pk}/override/"

    asked = words(as_bob, where)
    refused = as_bob.post(where, {"reason": "so"})
    empty = as_bob.post(where, {})
    odd = as_bob.post(where, {"reason": f"{WHY}\0"})
    before = Label.objects.get(pk=label.pk).auto_apply
    as_bob.post(where, {"reason": WHY})

    assert "Nothing proves how often" in asked
    assert "Say why in at least 10 characters" in refused.text
    assert "This field is required." in empty.text
    assert "Null characters are not allowed." in odd.text
    assert not before
    html = row(as_bob, label)
    assert "On, overridden" in html
    assert f"Bob: {WHY}" in html


def test_an_overridden_label_can_be_put_on_a_proof(as_bob: Client, label: Label, bob: User) -> None:
    gate.override(label, reason=WHY, by=bob)
    evaluation = a_done(EASY)

    html = row(as_bob, label)
    switch_on(as_bob, label, evaluation)

    assert "Put on this proof" in html
    assert "On, proven" in row(as_bob, label)


def test_switching_off_asks_first(as_bob: Client, label: Label) -> None:
    switch_on(as_bob, label, a_done(EASY))

    asked = words(as_bob, f"{GATE}{label.pk}/off/")
    still = Label.objects.get(pk=label.pk).auto_apply
    as_bob.post(f"{GATE}{label.pk}/off/")

    assert "People see every answer with this label again" in asked
    assert still
    assert not Label.objects.get(pk=label.pk).auto_apply


def test_a_proof_that_no_longer_fits_is_said_and_stays_on(
    as_bob: Client, label: Label, bob: User
) -> None:
    switch_on(as_bob, label, a_done(EASY))
    Label.objects.filter(slug="delivery-late").update(description="Parcels.")
    warned = words(as_bob)
    taxonomy.publish(by=bob)

    html = row(as_bob, label)

    assert "no proof on this page holds any more" in warned
    assert "On, no longer proven" in html
    assert "Proven for an older prompt: the labels have changed." in html
    assert "Evaluate again…" in html
    assert Label.objects.get(pk=label.pk).auto_apply


def test_what_the_gate_itself_changes_is_no_such_warning(as_bob: Client, label: Label) -> None:
    switch_on(as_bob, label, a_done(EASY))

    assert "no proof on this page holds any more" not in words(as_bob)


def test_a_label_that_is_often_wrong_is_proposed_to_escalate(
    as_bob: Client, labels: dict[str, Label]
) -> None:
    wrong = labels["billing-wrong-charge"]
    proposal = {"label": wrong.slug, "name": wrong.name, "errors": {}, "upper_error": 0.3}
    a_done(EASY, HARD, said={"always_escalate": [proposal]})

    offered = row(as_bob, wrong)
    asked = words(as_bob, f"{GATE}{wrong.pk}/escalate/")
    as_bob.post(f"{GATE}{wrong.pk}/escalate/")
    refused = as_bob.post(f"{GATE}{labels['account-login'].pk}/escalate/", follow=True)

    assert "proposes to escalate it always" in offered
    assert "a new evaluation is due" in asked
    assert Label.objects.get(pk=wrong.pk).always_escalate
    assert "was not changed" in refused.text


@pytest.mark.parametrize("action", ["on", "off", "override", "escalate"])
def test_a_label_that_is_none_is_not_found(action: str, as_bob: Client) -> None:
    where = f"{GATE}987654/{action}/"

    assert as_bob.post(where, {"evaluation": "1"}).status_code == 404


def test_looking_switches_nothing_on(as_bob: Client, label: Label) -> None:
    a_done(EASY)

    assert as_bob.get(f"{GATE}{label.pk}/on/").status_code == 405
    assert not Label.objects.filter(auto_apply=True).exists()


def test_agents_switch_nothing(as_alice: Client, label: Label) -> None:
    evaluation = a_done(EASY)

    switch_on(as_alice, label, evaluation)
    as_alice.post(f"{GATE}{label.pk}/override/", {"reason": WHY})
    as_alice.post(f"{GATE}all/", {"label": f"{label.pk}:{evaluation.pk}"})

    assert not Label.objects.filter(auto_apply=True).exists()
    assert as_alice.get(f"{GATE}all/", follow=True).status_code == 403


def test_the_demos_override_stands_there_with_its_name(as_bob: Client, label: Label) -> None:
    reason = "demo data: switched on by name to show applied labels"
    Label.objects.filter(pk=label.pk).update(auto_apply=True, auto_apply_reason=reason)

    html = row(as_bob, label)

    assert "On, overridden" in html
    assert reason in html


def test_the_page_asks_no_more_for_more_labels(
    as_bob: Client, label: Label, django_assert_max_num_queries: Any
) -> None:
    evaluation = a_done(EASY, HARD)
    use_calibrator(evaluation)
    for number in range(30):
        Label.objects.create(slug=f"label-{number}", name=f"Label {number}")

    with django_assert_max_num_queries(25):
        as_bob.get(GATE)


def test_a_version_that_is_published_applies_what_is_proven(as_bob: Client, label: Label) -> None:
    switch_on(as_bob, label, a_done(EASY))

    page = as_bob.get("/admin/triage/label/publish/")
    as_bob.post("/admin/triage/label/publish/", {"digest": page.context["changes"].digest})

    published = taxonomy.current().labels["account-login"]
    assert TaxonomyVersion.objects.count() == 2
    assert (published.auto_apply, published.threshold) == (True, 0.91)
    assert "On, proven" in row(as_bob, label)


def test_a_second_look_is_said_where_it_is_switched_on_and_in_the_history(
    as_bob: Client, label: Label
) -> None:
    first = a_done(EASY)
    once = row(as_bob, label)
    second = a_done(EASY)
    note = "2nd look at these labels and models in 90 days: the 95 % is a promise of one"

    shown, all_of_them = row(as_bob, label), words(as_bob, f"{GATE}all/")
    switch_on(as_bob, label, second)

    assert first.pk < second.pk
    assert "look at these labels" not in once
    assert f"The {note}." in shown
    assert f"The {note}." in all_of_them
    assert note in LogEntry.objects.get().change_message
    assert Label.objects.get(pk=label.pk).auto_apply
