"""The explorer of thresholds: a slider that moves all figures together, also by keyboard."""

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.browser.cases import IN_BROWSER
from tests.browser.conftest import log_in
from tests.unit.evaluation.results_cases import LABELS, computed, configuration, crowd
from triage.models import Evaluation, EvaluationState, Label
from triage.services import taxonomy
from triage.services.evaluation.configurations import to_json

pytestmark = IN_BROWSER


@pytest.fixture
def evaluation(bob: User) -> Evaluation:
    for slug in LABELS:
        Label.objects.create(slug=slug, name=slug.capitalize(), description="Such tickets.")
    version = taxonomy.publish(by=bob)
    return Evaluation.objects.create(
        name="Own tickets",
        source="file",
        by=bob,
        state=EvaluationState.DONE,
        configurations=[to_json(configuration(taxonomy_version_id=version.pk))],
        quote={},
        budget_nanousd=0,
        results={**computed(crowd(1_500)), "is_simulated": True},
        finished_at=timezone.now(),
    )


def sweep_of(evaluation: Evaluation) -> list[dict[str, Any]]:
    sweep: list[dict[str, Any]] = (evaluation.results or {})["configurations"][0]["sweep"]
    return sweep


def test_the_slider_moves_all_figures_by_keyboard(
    page: Page, bob: User, evaluation: Evaluation
) -> None:
    log_in(page, bob)
    page.goto(f"/admin/evaluations/{evaluation.pk}/")
    slider = page.get_by_role("slider")
    figures = page.locator("[data-figure]")
    slider.focus()
    slider.press("Home")
    loose = figures.all_inner_texts()

    slider.press("End")
    strict = figures.all_inner_texts()

    sweep = sweep_of(evaluation)
    assert loose[0] == f"{100 * sweep[-1]['coverage']:.1f} %"
    assert strict[0] == f"{100 * sweep[0]['coverage']:.1f} %"
    assert all(before != after for before, after in zip(loose, strict, strict=True))
    spoken = slider.get_attribute("aria-valuetext") or ""
    assert all(figure in spoken for figure in strict)
    expect(page.locator("[data-proof]")).to_have_text("Proof: not tested: too few labels stand")
    expect(page.locator("tr.thresholds-now")).to_have_count(1)
