"""The automation page and the audits: what they show, what they do, and whom they let in."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from tests.integration.learning.cases import (
    a_champion,
    a_ticket,
    answer,
    audits,
    judge_all,
    publish_labels,
)
from tests.integration.learning.shadow_cases import in_shadow, triaged
from triage import queue
from triage.admin.automation_acts import ACTS
from triage.models import Audit, Automation, Calibrator, LocalModel, LocalModelState, Stage
from triage.services import rollups
from triage.services.evaluation.learning.shadow import Shadow
from triage.services.gateway.catalog import HAIKU

pytestmark = pytest.mark.django_db

PAGE = "/admin/automation/"
WHY = "Proven on audits."


@pytest.fixture(autouse=True)
def labels(db: None) -> None:
    publish_labels()


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def do(client: Client, name: str, **fields: object) -> str:
    """What the page says after an act."""
    address = reverse("admin:automation-act", args=[name])
    return text_of(client.post(address, fields, follow=True))


def a_candidate(*, passes: bool = True, **fields: object) -> LocalModel:
    reasons = [] if passes else ["On the easy labels it may be 4.0 points worse."]
    release = {"passes": passes, "reasons": reasons, "champion": "", "tickets": 0}
    return a_champion(
        state=LocalModelState.CANDIDATE, version="v2", release=release, promoted_at=None, **fields
    )


def test_an_empty_installation_says_what_is_missing(as_bob: Client) -> None:
    page = text_of(as_bob.get(PAGE))

    assert "No automatic answer has been audited in the last 13 weeks" in page
    assert "There is no champion. Train a model from 200 confirmed labels on" in page
    assert "None is fitted: confidences stand as the models state them." in page
    assert "Backfill asks for one ticket a call." in page


def test_the_proof_stands_in_one_sentence(as_bob: Client, bob: User) -> None:
    """7 of 640: 1.09 %; the upper bound of Clopper and Pearson at 95 %, one-sided, is 2.04 %."""
    waiting = audits(640)
    now = timezone.now()
    Audit.objects.update(truth="billing", by=bob, judged_at=now)
    Audit.objects.filter(pk__in=[audit.pk for audit in waiting[:7]]).update(truth="login")

    page = text_of(as_bob.get(PAGE))

    assert (
        "Error among automatic answers 1.1 %, audited 640, upper bound 2.04 %, target 2 %: not yet proven."
    ) in page


def test_the_page_says_who_decided(as_bob: Client) -> None:
    for stage in (Stage.LOCAL, Stage.LOCAL, Stage.LOCAL, Stage.FIRST):
        answer(a_ticket(), stage=stage)
    rollups.refresh()

    page = text_of(as_bob.get(PAGE))

    assert '<dt>Local model</dt> <dd class="pages-figure">75.0 %</dd>' in page
    assert "4 of 4 runs in 28 days had their label applied" in page


def test_simulated_figures_are_called_so(as_bob: Client, settings: Settings) -> None:
    settings.TRIAGE_SIMULATOR = True

    assert "These are simulated figures" in text_of(as_bob.get(PAGE))


def test_the_local_model_is_switched_on_and_the_history_says_by_whom_and_why(
    as_bob: Client,
) -> None:
    a_champion()

    page = do(as_bob, "local-on", reason=WHY)

    assert Automation.objects.get().is_local_on
    assert f"The local model v1 answers alone where that is certified. Reason: {WHY}" in page
    assert LogEntry.objects.get().user.name == "Bob"


def test_without_a_certificate_it_is_not_switched_on(as_bob: Client) -> None:
    a_champion(thresholds={})

    page = do(as_bob, "local-on", reason=WHY)

    assert "Nothing was changed. The champion may not answer alone" in page
    assert not LogEntry.objects.exists()


def test_a_reason_must_be_given(as_bob: Client) -> None:
    a_champion()

    page = do(as_bob, "local-on", reason=" ")

    assert "Nothing was changed. Reason: say why" in page


def test_a_candidate_is_promoted_and_the_former_champion_brought_back(as_bob: Client) -> None:
    first = a_champion(content=b"x")
    candidate = a_candidate(content=b"x")
    LocalModel.objects.filter(pk=candidate.pk).update(
        release=candidate.release | {"champion": "v1"}
    )

    promoted = do(as_bob, "promote", model=candidate.pk, reason=WHY)
    champion = LocalModel.objects.get(state=LocalModelState.CHAMPION).version
    back = do(as_bob, "roll-back", model=first.pk, reason="It misread returns.")
    twice = do(as_bob, "roll-back", model=first.pk, reason="It misread returns.")

    assert champion == "v2"
    assert "Local model v2 is the champion." in promoted
    assert "Go back to v1" in promoted
    assert "Local model v1 is the champion again. Reason: It misread returns." in back
    assert "Nothing was changed. The champion has changed meanwhile" in twice


def test_what_the_gate_holds_back_is_said_in_words(as_bob: Client) -> None:
    a_candidate(passes=False)

    page = text_of(as_bob.get(PAGE))

    assert "The release gate holds it back." in page
    assert "On the easy labels it may be 4.0 points worse." in page
    assert "Make it the champion against the release gate" in page


def test_a_candidate_in_shadow_says_since_when_and_how_many_tickets_so_far(
    as_bob: Client,
) -> None:
    a_champion()
    in_shadow()
    triaged(3)

    page = text_of(as_bob.get(PAGE))

    assert re.search(
        r"In shadow since \d+ \w+ \d{4}, \d\d:\d\d UTC, 3 tickets so far; it lasts", page
    )
    assert "Make it the champion before its shadow is over" in page


def test_a_candidate_that_its_shadow_holds_back_says_why(as_bob: Client) -> None:
    verdict = {"outcome": "failed", "words": ["Its shadow holds it back: so many stand otherwise."]}
    shadow = Shadow(since="2026-11-22T02:43:00+00:00").as_json() | verdict
    a_champion()
    in_shadow(release={"passes": True, "reasons": [], "tickets": 0, "shadow": shadow})

    page = text_of(as_bob.get(PAGE))

    assert "Its shadow holds it back: so many stand otherwise." in page
    assert "In shadow since" not in page
    assert "Make it the champion against its shadow" in page


def test_trust_of_the_simulators_answers_is_said_to_count_for_nothing_beside_claude(
    as_bob: Client, settings: Settings
) -> None:
    settings.TRIAGE_SIMULATOR = False
    a_champion(labels=["a", "b", "c"], trust={HAIKU: 0.9}, certificate={"is_simulated": True})

    page = text_of(as_bob.get(PAGE))

    assert "Haiku 5.5 names becomes 18.0 times as likely" in page  # 0.9 · (3 - 1) / 0.1
    assert "against each other one (simulated), which counts for nothing here" in page


def test_where_an_alarm_has_stepped_back_the_page_says_so(as_bob: Client) -> None:
    proofs = {"easy": {"threshold": 0.9, "ladder": [0.95, 0.9], "words": "proven"}}
    a_champion(thresholds={"easy": 0.95}, certificate={"groups": {}, "proofs": proofs})
    Automation.objects.create(alarmed_at=timezone.now(), is_local_on=True)

    page = text_of(as_bob.get(PAGE))

    assert "Since an alarm, easy labels are answered only from 95.0 % on." in page
    assert "The audits raised an alarm on" in page
    assert "300 automatic answers are drawn at random in a week" in page


def test_the_promise_and_the_audits_are_changed_in_percent(as_bob: Client) -> None:
    do(as_bob, "promise", target="1.5", d="5", reason=WHY)
    do(as_bob, "audits", audits_a_week="200", exploration_share="2", reason=WHY)

    row = Automation.objects.get()
    assert (row.target, row.d) == (0.015, 0.05)
    assert (row.audits_a_week, row.exploration_share) == (200, 0.02)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("promise", {"target": "nan", "d": "5", "reason": WHY}),
        ("promise", {"target": "two", "d": "5", "reason": WHY}),
        ("audits", {"audits_a_week": "-1", "exploration_share": "1", "reason": WHY}),
        ("audits", {"audits_a_week": "9" * 30, "exploration_share": "1", "reason": WHY}),
        ("calibrator-back", {"calibrator": "nonsense"}),
        ("roll-back", {"reason": WHY}),
    ],
)
def test_nonsense_changes_nothing(name: str, fields: dict[str, str], as_bob: Client) -> None:
    page = do(as_bob, name, **fields)

    assert "Nothing was changed." in page
    assert not Automation.objects.exclude(target=0.02, audits_a_week=150).exists()


@pytest.mark.parametrize("name", ACTS)
def test_every_act_takes_nonsense_calmly(name: str, as_bob: Client) -> None:
    address = reverse("admin:automation-act", args=[name])

    answered = as_bob.post(address, {"model": "7", "evaluation": "x\0", "reason": "\0"})

    assert answered.status_code in {302, 404}


def test_an_act_that_is_none_is_not_found_and_a_look_does_nothing(as_bob: Client) -> None:
    assert as_bob.post("/admin/automation/nonsense/").status_code == 404
    assert as_bob.get("/admin/automation/local-on/").status_code == 405


def test_a_training_is_asked_of_a_worker(
    as_bob: Client,
    bob: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: object,
) -> None:
    sent = []
    monkeypatch.setattr(queue, "_publish", lambda task, args: sent.append((task, args)))

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        do(as_bob, "train")

    assert sent == [(queue.TaskName.LEARN, (bob.pk,))]


def test_a_calibrator_that_is_passed_over_is_warned_of(as_bob: Client, bob: User) -> None:
    Calibrator.objects.create(
        stage=Stage.FIRST,
        version="c1",
        parameters={"is_simulated": True},
        model="claude-haiku-5-5",
        prompt_version="p",
        tickets=400,
        error_before=0.122,
        error_after=0.031,
        is_active=True,
        by=bob,
    )

    page = text_of(as_bob.get(PAGE))

    assert "Calibrator c1 is in use and passed over:" in page
    assert "12.2 → 3.1 points (simulated)" in page


@pytest.mark.parametrize("address", [PAGE, "/admin/automation/local-on/"])
@pytest.mark.parametrize("name", ["alice", "charlie"])
def test_only_admins_see_and_switch(
    address: str, name: str, client: Client, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(name))

    response = client.post(address, {"reason": WHY}, follow=True)

    assert response.status_code == 403


def test_the_page_takes_a_bounded_number_of_queries(
    as_bob: Client, bob: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    a_champion()
    a_candidate()
    as_bob.get(PAGE)

    with django_assert_max_num_queries(30):
        as_bob.get(PAGE)


def test_an_audit_shows_the_ticket_and_not_the_answer(as_alice: Client) -> None:
    ticket = a_ticket("My parcel is lost.")
    Audit.objects.create(triage=answer(ticket, "shipping"), label="shipping", stage=Stage.FIRST)

    page = text_of(as_alice.get(reverse("audits")))

    assert "My parcel is lost." in page
    assert page.count("Shipping") == 1  # among the labels to choose from
    assert " selected>" not in page
    assert "First model" not in page


def test_a_judgement_is_kept_and_then_the_answer_is_told(as_alice: Client, alice: User) -> None:
    (audit,) = audits(1)

    page = text_of(
        as_alice.post(reverse("audits"), {"audit": audit.pk, "label": "login"}, follow=True)
    )

    audit.refresh_from_db()
    assert (audit.truth, audit.by) == ("login", alice)
    assert "The first model had answered “Billing”, which is counted as wrong." in page
    assert "No automatic answer waits for a judgement." in page


def test_a_second_judgement_of_the_same_audit_leads_to_the_next(
    as_alice: Client, bob: User
) -> None:
    first, second = audits(2)
    judge_all([first], [False], by=bob)

    page = text_of(
        as_alice.post(reverse("audits"), {"audit": first.pk, "label": "login"}, follow=True)
    )

    first.refresh_from_db()
    assert (first.truth, first.by) == ("billing", bob)
    assert "Somebody else was faster" in page
    assert f'name="audit" value="{second.pk}"' in page


@pytest.mark.parametrize(
    "fields", [{"label": ""}, {"label": "nonsense"}, {"audit": "x"}, {"audit": "9" * 40}]
)
def test_a_judgement_that_is_none_is_asked_again(fields: dict[str, str], as_alice: Client) -> None:
    (audit,) = audits(1)

    response = as_alice.post(reverse("audits"), {"audit": audit.pk, "label": "login"} | fields)

    assert response.status_code == 422
    assert not Audit.objects.exclude(truth="").exists()


def test_who_works_no_tickets_judges_none(client: Client, charlie: User) -> None:
    client.force_login(charlie)

    assert client.get(reverse("audits")).status_code == 403
