"""The doctor's page: the first steps, and what the probes find."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.integration.evaluation.admin_rows import a_done
from tests.integration.web_cases import add_labels, add_ticket
from triage.admin.first_steps import StepState, count_open, steps
from triage.models import Budget, Label, Period, Scope
from triage.services import doctor
from triage.services.doctor import Found, Probe, State

DOCTOR = "/admin/doctor/"
PART = {"HX-Request": "true"}


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Found(State.BROKEN, "Redis <does> not answer.", "Start Redis.")
    monkeypatch.setattr(doctor, "PROBES", (Probe("broker", "Redis", lambda: found),))


def states() -> dict[str, StepState]:
    return {step.name: step.state for step in steps()}


def test_the_page_comes_at_once_and_asks_for_what_the_probes_find(
    as_bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "PROBES", (Probe("slow", "Slow", lambda: Found(State.OK, "")),))
    monkeypatch.setattr(doctor, "run", lambda *_: 1 / 0)

    html = as_bob.get(DOCTOR).text

    assert 'hx-get="?check" hx-trigger="load"' in html
    assert "Check again" in html


@pytest.mark.usefixtures("probes")
def test_a_part_of_the_page_is_what_the_probes_found(as_bob: Client) -> None:
    html = as_bob.get(f"{DOCTOR}?check", headers=PART).text

    assert "<html" not in html
    assert "Redis &lt;does&gt; not answer." in html
    assert "Start Redis." in html
    assert "Something is broken." in html


@pytest.mark.usefixtures("probes")
def test_without_scripts_the_page_comes_in_one_piece(as_bob: Client) -> None:
    html = as_bob.get(f"{DOCTOR}?check").text

    assert "<html" in html
    assert "Start Redis." in html
    assert "hx-trigger" not in html.partition('id="probes"')[2].partition("</section>")[0]


def test_on_a_fresh_installation_most_steps_are_left(bob: User, settings: Settings) -> None:
    settings.TRIAGE_MAILS_REPLIES = False

    assert states() == {
        "Connect a key": StepState.DONE,  # the simulator, knowingly
        "Publish labels": StepState.OPEN,
        "Import tickets": StepState.OPEN,
        "Invite colleagues": StepState.OPEN,
        "Set a budget": StepState.OPEN,
        "Set an alert address": StepState.OPEN,
        "Prove it on your own tickets": StepState.LATER,
        "Switch auto-apply on": StepState.LATER,
    }


def test_each_step_ticks_itself_off(alice: User, bob: User, settings: Settings) -> None:
    settings.TRIAGE_MAILS_REPLIES = True
    add_labels()
    add_ticket()
    Budget.objects.create(scope=Scope.INSTALLATION, period=Period.DAY, hard_nanousd=1)
    left = count_open()
    a_done()
    Label.objects.filter(slug="account-login").update(
        auto_apply=True, auto_apply_reason="By its record."
    )

    assert left == 0
    assert set(states().values()) == {StepState.DONE}


def test_without_a_key_or_the_simulator_the_first_step_is_open(
    bob: User, settings: Settings
) -> None:
    settings.TRIAGE_SIMULATOR, settings.ANTHROPIC_API_KEY = False, ""

    assert states()["Connect a key"] is StepState.OPEN


def test_the_overview_leads_there_while_a_step_is_left(
    as_bob: Client, alice: User, settings: Settings
) -> None:
    settings.TRIAGE_MAILS_REPLIES = True
    add_labels()
    add_ticket()
    before = as_bob.get("/admin/").text
    Budget.objects.create(scope=Scope.INSTALLATION, period=Period.DAY, hard_nanousd=1)
    after = as_bob.get("/admin/").text

    assert "1 of the first steps is still to be done." in before
    assert f"{DOCTOR}#first-steps" in before
    assert "first steps" not in after


def test_the_steps_stand_on_the_page_with_where_to_do_them(as_bob: Client) -> None:
    html = as_bob.get(DOCTOR).text

    assert 'href="/admin/triage/label/"' in html
    assert 'href="/admin/triage/budget/"' in html
    assert ">later</span>" in html
