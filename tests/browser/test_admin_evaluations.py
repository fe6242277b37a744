"""The pages of evaluations and of the gate in a browser: axe finds nothing wrong that is ours, light and dark."""

from typing import Literal

import pytest
from django.urls import reverse
from playwright.sync_api import Browser

from accounts.models import User
from tests.browser.cases import IN_BROWSER
from tests.browser.conftest import log_in
from tests.browser.test_admin_accessibility import SCREENS, violations
from tests.integration.evaluation.admin_rows import a_done, a_ticket, an_evaluation, group
from tests.integration.evaluation.test_admin_results import LABELS, evaluated
from tests.unit.evaluation.results_cases import crowd
from triage.models import Evaluation, EvaluationState, Label
from triage.services import taxonomy
from triage.services.evaluation import gate

pytestmark = IN_BROWSER
REASON = "The launch cannot wait for a proof."


@pytest.fixture
def addresses(transactional_db: None, bob: User) -> dict[str, str]:
    """One evaluation in each state, and a label in each at the gate."""
    labels = [Label.objects.create(slug=slug, name=slug.capitalize()) for slug in LABELS]
    taxonomy.publish(by=bob)
    states = {"running": EvaluationState.RUNNING, "cancelled": EvaluationState.CANCELLED}
    pages = {name: an_evaluation(name=name, state=state) for name, state in states.items()}
    pages |= {"quoted": quoted(), "done": evaluated(crowd(60))}
    proven = a_done(group("easy", *LABELS), name="proven")
    gate.switch_on(labels[0], evaluation=proven, by=bob)
    gate.override(labels[1], reason=REASON, by=bob)
    names = ["evaluations", "evaluation-new", "gate", "gate-all"]
    found = {name: reverse(f"admin:{name}") for name in names}
    found |= {name: reverse("admin:evaluation", args=[row.pk]) for name, row in pages.items()}
    found["tickets"] = reverse("admin:evaluation-tickets", args=[pages["done"].pk])
    found["override"] = reverse("admin:gate-override", args=[labels[2].pk])
    done = [pages["done"].pk, proven.pk]
    found["compared"] = reverse("admin:evaluations-compared") + "?a={}&b={}".format(*done)
    return found


def quoted() -> Evaluation:
    finding = {"code": "no_label", "words": "4 have no label.", "tickets": 4, "numbers": [1, 2]}
    evaluation = an_evaluation(name="quoted", findings=[finding])
    a_ticket(evaluation)
    return evaluation


@pytest.mark.parametrize("scheme", SCREENS)
def test_no_page_of_evaluations_has_a_violation_of_ours(
    scheme: Literal["light", "dark"],
    addresses: dict[str, str],
    chromium: Browser,
    site: str,
    bob: User,
) -> None:
    width, height = SCREENS[scheme]
    context = chromium.new_context(
        base_url=site, color_scheme=scheme, viewport={"width": width, "height": height}
    )
    page = context.new_page()
    log_in(page, bob)
    found = {}

    for name, address in addresses.items():
        page.goto(address)
        found[name], _ = violations(page)
    context.close()

    assert {name: each for name, each in found.items() if each} == {}
