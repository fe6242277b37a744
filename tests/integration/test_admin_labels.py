"""Editing labels and publishing them."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.integration.evaluation.admin_rows import an_evaluation
from tests.integration.web_cases import add_labels
from triage.models import Label, TaxonomyVersion
from triage.selectors import labels
from triage.services.evaluation import gate

PUBLISH = "/admin/triage/label/publish/"
LIST = "/admin/triage/label/"


def form_of(label: Label, **changes: Any) -> dict[str, Any]:
    """What a browser sends for `label` as it is, with `changes`."""
    fields = {
        "name": label.name,
        "team": label.team_id or "",
        "description": label.description,
        "exclusions": label.exclusions,
        "examples": "\n".join(label.examples),
        "threshold": "",
        "is_active": "on",
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


def save(client: Client, label: Label, **changes: Any) -> Any:
    address = reverse("admin:triage_label_change", args=[label.pk])
    return client.post(address, form_of(label, **changes))


@pytest.fixture
def label(db: None) -> Label:
    return add_labels()["account-login"]


def test_examples_are_one_a_line(as_bob: Client, label: Label) -> None:
    save(as_bob, label, examples="I cannot log in.\r\n\r\n  The code never comes.  \r\n")

    label.refresh_from_db()
    assert label.examples == ["I cannot log in.", "The code never comes."]


def test_an_example_of_several_lines_survives_the_form(as_bob: Client, label: Label) -> None:
    label.examples = ["Hello,\nI cannot log in.", "Locked out"]
    label.save()

    page = as_bob.get(reverse("admin:triage_label_change", args=[label.pk]))
    shown = page.context["adminform"].form["examples"].value()
    save(as_bob, label, examples=shown)

    assert shown == "Hello, ⏎ I cannot log in.\nLocked out"
    label.refresh_from_db()
    assert label.examples == ["Hello,\nI cannot log in.", "Locked out"]


def test_the_form_switches_nothing_to_auto_apply_and_leads_to_the_gate(
    as_bob: Client, label: Label
) -> None:
    save(as_bob, label, auto_apply="on", auto_apply_reason="Bob: right 48 of 50")

    html = as_bob.get(reverse("admin:triage_label_change", args=[label.pk])).text
    assert not Label.objects.get(pk=label.pk).auto_apply
    assert 'name="auto_apply"' not in html
    assert f'href="{reverse("admin:gate")}"' in html


def test_the_list_and_the_form_say_on_what_grounds_a_label_is_applied(
    as_bob: Client, label: Label, bob: User
) -> None:
    gate.override(label, reason="The launch cannot wait.", by=bob)

    assert "applies by itself, overridden" in as_bob.get(LIST).text
    html = as_bob.get(reverse("admin:triage_label_change", args=[label.pk])).text
    assert "Yes, overridden: Bob: The launch cannot wait." in html


def test_a_threshold_that_was_proven_is_not_edited(as_bob: Client, label: Label) -> None:
    Label.objects.filter(pk=label.pk).update(
        auto_apply=True,
        auto_apply_reason="Evaluation 1",
        auto_apply_evaluation=an_evaluation(),
        threshold=0.91,
    )

    save(as_bob, label, threshold="0.1")

    assert Label.objects.get(pk=label.pk).threshold == 0.91


@pytest.mark.parametrize("threshold", ["1.5", "-0.1", "NaN", "high"])
def test_a_threshold_outside_0_to_1_is_refused(
    threshold: str, as_bob: Client, label: Label
) -> None:
    response = save(as_bob, label, threshold=threshold)

    assert response.status_code == 200
    assert response.context["adminform"].form.errors


def test_the_slug_of_a_label_stays(as_bob: Client, label: Label) -> None:
    save(as_bob, label, slug="other")

    assert Label.objects.get(pk=label.pk).slug == "account-login"


def test_a_slug_is_taken_once_whatever_its_case(as_bob: Client, label: Label) -> None:
    new = form_of(Label(name="Twice"), slug="Account-Login")

    response = as_bob.post("/admin/triage/label/add/", new)

    assert "There is a label “Account-Login” already." in response.text


def test_no_label_is_deleted(as_bob: Client, label: Label) -> None:
    address = reverse("admin:triage_label_delete", args=[label.pk])

    assert as_bob.post(address, {"post": "yes"}).status_code == 403
    assert Label.objects.filter(pk=label.pk).exists()


def test_published_labels_give_no_notice(as_bob: Client, label: Label) -> None:
    assert "Review and publish" not in as_bob.get(LIST).text


def test_a_changed_label_gives_a_notice_on_every_page_about_labels(
    as_bob: Client, label: Label
) -> None:
    save(as_bob, label, description="The customer cannot get in.")

    for address in (LIST, f"{LIST}{label.pk}/change/", "/admin/"):
        html = " ".join(as_bob.get(address).text.split())
        assert "Claude still sees taxonomy 1. 1 label differs from it." in html


def test_the_confirmation_names_what_changes(as_bob: Client, label: Label) -> None:
    Label.objects.filter(pk=label.pk).update(description="New words", threshold=0.9)
    Label.objects.filter(slug="delivery-late").update(is_active=False)
    Label.objects.create(slug="refund", name="Refunds")

    changes = labels.changes()
    html = as_bob.get(PUBLISH).text

    assert changes.added == ("Refunds",)
    assert changes.removed == ("Late delivery",)
    assert [(c.name, c.fields) for c in changes.changed] == [
        ("Login and access", ("description", "threshold"))
    ]
    assert "cache starts cold" in html
    assert all(name in html for name in ("Refunds", "Late delivery", "Login and access"))


def test_looking_publishes_nothing(as_bob: Client, label: Label) -> None:
    Label.objects.create(slug="refund", name="Refunds")

    as_bob.get(PUBLISH)

    assert TaxonomyVersion.objects.count() == 1


def test_confirming_publishes_as_the_admin(as_bob: Client, label: Label) -> None:
    Label.objects.create(slug="refund", name="Refunds")

    response = as_bob.post(PUBLISH, {"digest": labels.changes().digest}, follow=True)

    newest = TaxonomyVersion.objects.get(number=2)
    assert newest.by.email == "bob@example.com"
    assert "Taxonomy 2 is published." in response.text


def test_what_was_not_shown_is_not_published(as_bob: Client, label: Label) -> None:
    Label.objects.create(slug="refund", name="Refunds")
    shown = labels.changes().digest
    Label.objects.filter(pk=label.pk).update(description="Changed by somebody else meanwhile")

    response = as_bob.post(PUBLISH, {"digest": shown})

    assert "The labels have changed meanwhile." in response.text
    assert TaxonomyVersion.objects.count() == 1


def test_too_few_labels_are_refused_in_words(as_bob: Client, label: Label) -> None:
    Label.objects.exclude(pk=label.pk).update(is_active=False)

    response = as_bob.post(PUBLISH, {"digest": labels.changes().digest}, follow=True)

    assert "at least two active labels" in response.text
    assert TaxonomyVersion.objects.count() == 1


def test_before_the_first_version_everything_is_new(as_bob: Client) -> None:
    Label.objects.create(slug="refund", name="Refunds")

    assert labels.changes().newest is None
    assert "Publish taxonomy 1" in as_bob.get(PUBLISH).text
    assert "Nothing is published yet" in as_bob.get(LIST).text


def test_every_field_of_a_version_is_compared(label: Label) -> None:
    version = TaxonomyVersion.objects.get()

    assert set(version.labels[0]) - {"slug"} == set(labels.COMPARED)


def test_a_version_shows_its_labels(as_bob: Client, label: Label) -> None:
    version = TaxonomyVersion.objects.get()
    address = reverse("admin:triage_taxonomyversion_change", args=[version.pk])

    html = as_bob.get(address).text

    assert "Login and access" in html
    assert "<strong>Wrong charge</strong> <code>billing-wrong-charge</code>" in html
