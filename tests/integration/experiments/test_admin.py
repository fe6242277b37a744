"""Planning, starting and ending an experiment in the admin area, and what its form refuses."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.integration.experiments.cases import SHORT, begin, plan
from tests.integration.web_cases import add_labels
from triage.models import Experiment, ExperimentState, Variant
from triage.services import experiments
from triage.services.gateway.pricing import card_of
from triage.types import Usage

ADD = "/admin/triage/experiment/add/"
Row = dict[str, Any]
CONTROL: Row = {"name": "Control", "instruction": ""}
TRIED: Row = {"name": "Short", "instruction": SHORT}


def form_of(*rows: Row, **fields: Any) -> dict[str, Any]:
    """What a browser sends for an experiment with these variants."""
    sent = {"name": "Short reasons", "hypothesis": "Cheaper, and as right."} | fields
    sent |= {"variants-TOTAL_FORMS": len(rows), "variants-INITIAL_FORMS": 0}
    for number, row in enumerate(rows):
        plain = {"where": "after", "weight": 1}
        sent |= {f"variants-{number}-{name}": value for name, value in (plain | row).items()}
    return sent


def refusals(client: Client, *rows: Row) -> str:
    """All that the form says against them; nothing is saved."""
    response = client.post(ADD, form_of(*rows))
    assert response.status_code == 200
    assert not Experiment.objects.exists()
    (formset,) = response.context["inline_admin_formsets"]
    said = [*formset.formset.non_form_errors()]
    for errors in formset.formset.errors:
        said += [text for texts in errors.values() for text in texts]
    shown = " ".join(response.text.split())
    assert all(text.split("“")[0].split("'")[0] in shown for text in said)
    return " ".join(said)


def address(action: str, experiment: Experiment) -> str:
    return reverse(f"admin:triage_experiment_{action}", args=[experiment.pk])


def test_an_admin_plans_an_experiment(as_bob: Client, bob: User) -> None:
    response = as_bob.post(ADD, form_of(CONTROL, TRIED))

    assert response.status_code == 302
    experiment = Experiment.objects.get()
    assert (experiment.state, experiment.by) == (ExperimentState.PLANNED, bob)
    assert list(experiment.variants.values_list("name", "instruction", "weight")) == [
        ("Control", "", 1),
        ("Short", SHORT, 1),
    ]
    assert experiments.variant_of(1) is None


def test_each_field_of_a_variant_has_a_name_for_who_does_not_see_the_table(as_bob: Client) -> None:
    html = as_bob.get(ADD).text

    for name in ("Name", "Where", "Instruction", "Weight"):
        assert f'aria-label="{name}"' in html


def test_a_variant_in_the_guide_is_refused_with_tokens_and_money(as_bob: Client) -> None:
    add_labels()

    said = refusals(as_bob, CONTROL, TRIED | {"where": "guide"})

    assert "Where: not in the guide. Each variant would be a prefix of its own" in said
    assert "tokens written to the cache at 1.25 × the input price" in said
    assert "per 5 minutes and variant" in said
    assert said.endswith("Put it after the ticket.")
    tokens = int(said.partition("about ")[2].split()[0].replace(",", ""))
    cost = card_of("claude-haiku-5-5").cost_nanousd(Usage(cache_write_5m_tokens=tokens))
    assert f"${cost / 1e9:.7f}"[:9] in said
    assert "with Sonnet 5.5" in said


def test_without_a_taxonomy_the_refusal_speaks_of_the_bare_guide(as_bob: Client) -> None:
    assert "tokens written" in refusals(as_bob, CONTROL, TRIED | {"where": "guide"})


def test_words_as_long_as_a_guide_are_refused_with_their_price(as_bob: Client) -> None:
    said = refusals(as_bob, CONTROL, TRIED | {"instruction": "word " * 401 + "."})

    # 2,006 characters / (4 / 1.3) = 652 tokens; × 1,000 × $0.10 per million = $0.0652
    assert "Instruction: 2,006 characters, where 2,000 is the most." in said
    assert "about 652 tokens, $0.0652 per 1,000 tickets with Haiku 5.5" in said


def test_two_equal_instructions_are_refused(as_bob: Client) -> None:
    again = {"name": "Again", "instruction": f"  {SHORT.upper()}\n"}

    said = refusals(as_bob, CONTROL, TRIED, again)

    assert "Instruction: the same as “Short”'s." in said
    assert "paid for in vain" in said


def test_two_controls_are_two_equal_variants(as_bob: Client) -> None:
    assert "the same as “Control”'s" in refusals(as_bob, CONTROL, CONTROL | {"name": "B"}, TRIED)


@pytest.mark.parametrize(
    "words",
    ["Read <ticket> twice.", "Look at </Message>.", "user: be short", "See < label name='x'>"],
)
def test_what_could_pass_for_the_tickets_own_is_refused(words: str, as_bob: Client) -> None:
    said = refusals(as_bob, CONTROL, TRIED | {"instruction": words})

    assert "Instruction: it holds a tag or a speaker's name" in said
    assert "Sonnet 5.5, whose input costs 20 times Haiku 5.5's" in said


def test_a_comparison_needs_two_and_a_control(as_bob: Client) -> None:
    assert "Variants: at least two" in refusals(as_bob, CONTROL)
    assert "leave one variant's empty" in refusals(
        as_bob, TRIED, {"name": "Other", "instruction": "Hm."}
    )


@pytest.mark.parametrize("weight", ["0", "101", "-1", "half", ""])
def test_a_weight_is_1_to_100(weight: str, as_bob: Client) -> None:
    assert refusals(as_bob, CONTROL, TRIED | {"weight": weight})


def test_a_planned_experiment_can_be_edited_and_deleted(as_bob: Client) -> None:
    experiment = plan()

    page = as_bob.get(address("change", experiment))

    assert page.status_code == 200
    assert f'href="{address("start", experiment)}"' in page.text
    as_bob.post(address("delete", experiment), {"post": "yes"})
    assert not Experiment.objects.exists()


def test_editing_a_planned_experiment_changes_its_words(as_bob: Client) -> None:
    experiment = plan()
    rows = [
        {"id": each.pk, "experiment": experiment.pk, "name": each.name, "instruction": words}
        for each, words in zip(experiment.variants.all(), ("", "Other words."), strict=True)
    ]

    sent = form_of(*rows, name="Renamed") | {"variants-INITIAL_FORMS": 2}
    response = as_bob.post(address("change", experiment), sent)

    assert response.status_code == 302
    experiment.refresh_from_db()
    assert experiment.name == "Renamed"
    assert Variant.objects.get(name="arm 1").instruction == "Other words."


def test_starting_is_asked_first_and_done_by_post_alone(as_bob: Client) -> None:
    experiment = plan()

    asked = as_bob.get(address("start", experiment))
    experiment.refresh_from_db()
    assert "It cannot be edited any more" in " ".join(asked.text.split())
    assert experiment.state == ExperimentState.PLANNED

    as_bob.post(address("start", experiment))
    experiment.refresh_from_db()
    assert experiment.state == ExperimentState.RUNNING


def test_a_second_experiment_is_not_started_and_the_reason_is_shown(as_bob: Client) -> None:
    begin()
    second = plan(name="Second")

    response = as_bob.post(address("start", second), follow=True)

    assert "Nothing was started. “Short reasons” is running." in response.text
    second.refresh_from_db()
    assert second.state == ExperimentState.PLANNED


def test_ending_is_asked_first_and_leads_to_the_results(as_bob: Client) -> None:
    experiment = begin()

    as_bob.get(address("end", experiment))
    experiment.refresh_from_db()
    assert experiment.state == ExperimentState.RUNNING

    html = as_bob.post(address("end", experiment), follow=True).text
    experiment.refresh_from_db()
    assert experiment.state == ExperimentState.ENDED
    assert f"?experiment={experiment.pk}" in html


@pytest.mark.parametrize("is_ended", [False, True])
def test_what_has_begun_is_neither_edited_nor_deleted(is_ended: bool, as_bob: Client) -> None:
    experiment = begin()
    if is_ended:
        experiments.end(experiment.pk)

    page = as_bob.get(address("change", experiment))

    assert "it cannot be edited" in page.text
    assert "<textarea" not in page.text
    assert SHORT in page.text
    assert as_bob.post(address("change", experiment), form_of(CONTROL)).status_code == 403
    assert as_bob.post(address("delete", experiment), {"post": "yes"}).status_code == 403
    assert Variant.objects.count() == 2


def test_the_list_shows_states_and_leads_to_the_results(as_bob: Client) -> None:
    begin()
    plan(name="Second")

    html = as_bob.get(reverse("admin:triage_experiment_changelist")).text

    assert all(words in html for words in ("Running", "Planned", "arm 0, arm 1"))
    assert reverse("admin:triage_experiment_results") in html


@pytest.mark.parametrize("action", ["start", "end", "results"])
def test_only_admins_get_to_it(action: str, as_alice: Client) -> None:
    args = [] if action == "results" else [1]

    response = as_alice.post(reverse(f"admin:triage_experiment_{action}", args=args), follow=True)

    assert response.status_code == 403


def test_what_is_not_there_is_not_found(as_bob: Client) -> None:
    assert as_bob.post(reverse("admin:triage_experiment_start", args=[77])).status_code == 404
