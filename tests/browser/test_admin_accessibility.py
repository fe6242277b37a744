"""axe-core on the admin's pages, light on a desk and dark on a phone: nothing is wrong with what is ours.

To add a page, name it in `PAGES`. `unfold_rules.txt` lists the rules that django-unfold's frame around our pages breaks; it may
only shrink.
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page

from accounts.models import User
from tests.browser.cases import IN_BROWSER
from tests.browser.conftest import log_in
from tests.integration.admin_cases import SONNET, add_attempt, add_call
from tests.integration.drafts.cases import ready
from tests.integration.web_cases import add_labels, add_ticket, decide
from triage.models import (
    Alert,
    Budget,
    Call,
    Certainty,
    Experiment,
    Feature,
    Obtained,
    Prompt,
    PromptGuide,
    Variant,
)
from triage.services import rollups

pytestmark = IN_BROWSER
UNFOLD_RULES = Path(__file__).with_name("unfold_rules.txt")
OURS = '.pages, [class*="pages-"]'
OF_THE_FRAME = {"region"}  # landmarks are django-unfold's to give, whatever stands in them
PAGES: Mapping[str, str] = {
    "home": "admin:index",
    "costs": "admin:costs",
    "cache": "admin:cache",
    "health": "admin:health",
    "quotas": "admin:quotas",
    "drafts": "admin:drafts",
    "quality": "admin:quality",
    "plan": "admin:plan",
    "evaluations": "admin:evaluations",
    "a new evaluation": "admin:evaluation-new",
    "automatic labels": "admin:gate",
    "automation": "admin:automation",
    "doctor": "admin:doctor",
    "experiments": "admin:triage_experiment_changelist",
    "calls": "admin:triage_call_changelist",
    "tickets": "admin:triage_ticket_changelist",
    "alerts": "admin:triage_alert_changelist",
    "budgets": "admin:triage_budget_changelist",
    "a form": "admin:triage_budget_add",
    "batches": "admin:triage_batch_changelist",
}
SCREENS: Mapping[Literal["light", "dark"], tuple[int, int]] = {
    "light": (1400, 900),
    "dark": (390, 844),
}
Found = list[dict[str, Any]]


@pytest.fixture
def call(transactional_db: None, bob: User) -> Call:
    """Something on every page: a call that was tried twice, its prompt, a draft, an alert, a budget, an experiment."""
    add_labels()
    ticket = add_ticket("Charged twice")
    decide(ticket)
    ready(ticket.pk, by=bob)
    now = timezone.now() - timedelta(minutes=5)
    call = add_call(about_id=str(ticket.pk), at=now, obtained=Obtained.RETRY, cost_nanousd=142_300)
    add_attempt(
        call,
        0,
        at=now,
        certainty=Certainty.NONE,
        http_status=529,
        error="overloaded",
        error_text="Claude is overloaded.",
    )
    limits = {"anthropic-ratelimit-requests-remaining": "3999"}
    add_attempt(call, 142_300, number=2, at=now, request_id="req_0123", rate_limits=limits)
    add_call(at=now, obtained=Obtained.STORED, about_id=str(ticket.pk), saved_nanousd=142_300)
    unsure = add_call(Feature.DRAFT, at=now, obtained="", error="route_exhausted")
    add_attempt(unsure, 900, at=now, model=SONNET, certainty=Certainty.UNKNOWN, error="timeout")
    PromptGuide.objects.create(digest="g", system="Sort it.", schema={"type": "object"})
    Prompt.objects.create(call=call, guide_digest="g", content=["a", "b"], max_tokens=9, reply="r")
    Alert.objects.open_once("breaker_open", scope=SONNET, message="Sonnet keeps failing.")
    Budget.objects.create(scope="feature", key="draft", period="day", hard_nanousd=10**9)
    experiment = Experiment.objects.create(name="Shorter", by=bob)
    Variant.objects.create(experiment=experiment, name="Control")
    rollups.refresh()
    return call


def violations(page: Page) -> tuple[Found, Found]:
    """What axe finds in what is ours, and in django-unfold's frame around it."""
    page.wait_for_function("!document.querySelector('[x-cloak]:root, .htmx-request')")
    page.evaluate("document.querySelectorAll('.pages details').forEach(each => each.open = true)")
    ours: Found = []
    frame: Found = []
    for violation in Axe().run(page).response["violations"]:
        for node in violation["nodes"]:
            is_ours = page.evaluate(
                "([target, ours]) => !!document.querySelector(target)?.closest(ours)",
                [node["target"][0], OURS],
            )
            said = {"rule": violation["id"], "at": node["target"], "why": node["failureSummary"]}
            (ours if is_ours and violation["id"] not in OF_THE_FRAME else frame).append(said)
    return ours, frame


@pytest.mark.parametrize("scheme", SCREENS)
def test_the_admin_has_no_violation_of_ours_and_none_around_it_that_is_not_listed(
    scheme: Literal["light", "dark"], call: Call, chromium: Browser, site: str, bob: User
) -> None:
    width, height = SCREENS[scheme]
    context = chromium.new_context(
        base_url=site, color_scheme=scheme, viewport={"width": width, "height": height}
    )
    page = context.new_page()
    log_in(page, bob)
    addresses = {name: reverse(view) for name, view in PAGES.items()}
    addresses["one call"] = reverse("admin:triage_call_change", args=[call.pk])
    ours: dict[str, Found] = {}
    around: dict[str, Found] = {}

    for name, address in addresses.items():
        page.goto(address)
        ours[name], around[name] = violations(page)
    context.close()
    rules = {f"{scheme} {each['rule']}" for found in around.values() for each in found}
    listed = UNFOLD_RULES.read_text().splitlines()

    assert {name: found for name, found in ours.items() if found} == {}
    assert sorted(rules) == [line for line in listed if line.startswith(scheme)]
