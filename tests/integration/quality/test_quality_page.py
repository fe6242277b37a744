"""The quality page: what it says with figures and without, what it draws, and where it leads."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.integration.admin_cases import NOON
from tests.integration.quality.cases import add_confusion, add_runs
from tests.integration.web_cases import add_labels, add_ticket, decide
from triage.admin.dashboards.reliability import reliability
from triage.models import Decision, Stage
from triage.selectors.quality import Sums
from triage.services import rollups, tickets

NOVEMBER = "from=2026-11-01&to=2026-11-30"


def page(client: Client, query: str = NOVEMBER) -> str:
    response = client.get(f"{reverse('admin:quality')}?{query}")
    assert response.status_code == 200
    return " ".join(response.text.split())


def tiles(html: str) -> dict[str, tuple[str, str]]:
    """Value and note by the tile's name."""
    found = re.findall(
        r"<dt>(.*?)</dt> <dd class=\"pages-figure\">(.*?)</dd> <dd[^>]*>(.*?)</dd>", html
    )
    return {name: (value, note) for name, value, note in found}


def test_without_a_run_the_page_says_what_will_stand_there(as_bob: Client) -> None:
    html = page(as_bob)

    assert "Nothing was triaged in these days" in html
    assert "<table" not in html


def test_the_tiles_are_of_all_runs_of_the_days(as_bob: Client) -> None:
    add_runs("refund", 60, decision=Decision.APPLIED, judged=30, right=29, confidence_micro=1)
    add_runs(
        "login",
        40,
        stage=Stage.STRONG,
        judged=10,
        right=7,
        changed=8,
        changed_judged=4,
        changed_right=3,
        cost_nanousd=240_000_000,
    )

    found = tiles(page(as_bob))

    assert found["Accuracy of the judged"][0] == "90.0 %"
    assert "36 of 40 judged labels were right; between 76.9 and 96.0 %" in str(found)
    assert found["Coverage"] == ("60.0 %", "60 of 100 runs had their label applied")
    assert found["Escalated"] == ("40.0 %", "40 of 100 runs went to the strong model")
    # 8 changed × 3 of 4 right = 6; $0.24 / 6
    assert found["Per changed and right"][0] == "$0.0400"


def test_the_page_says_that_the_judged_are_no_random_sample(as_bob: Client) -> None:
    add_runs()

    assert "no random sample" in page(as_bob)


def test_without_a_judgement_tiles_and_picture_say_so(as_bob: Client) -> None:
    add_runs("refund", 10)

    html = page(as_bob)

    assert tiles(html)["Accuracy of the judged"] == ("—", "nobody has judged a label yet")
    assert "a picture stands here" in html
    assert '<svg class="quality-picture"' not in html


def test_the_picture_says_in_words_what_it_draws(as_bob: Client) -> None:
    add_runs("refund", 20, band=3, judged=10, right=8, confidence_micro=18_000_000)

    html = page(as_bob)

    text = "Confidence 0.85 to 0.95: right 8 of 10 judged, 80.0 %, between 49.0 and 94.3 %."
    assert f'<desc id="picture-about">{text}' in html
    assert html.count('<rect class="quality-bar"') == 1


def test_bars_stand_on_the_ground_and_whiskers_hold_their_point() -> None:
    right_half = Sums(runs=9, judged=8, right=4, sure_runs=9, confidence_micro=8_100_000)

    picture = reliability({3: right_half})

    (bar,) = picture.bars
    assert bar.y + bar.height == picture.base
    assert bar.y == pytest.approx((picture.base + picture.top) / 2)
    assert bar.high < bar.y < bar.low
    assert bar.x < bar.at < bar.x + bar.width


def test_one_team_alone_can_be_asked_for(as_bob: Client) -> None:
    billing = add_labels()["billing-wrong-charge"].team
    assert billing
    add_runs("refund", 10, team_id=billing.pk, decision=Decision.APPLIED)
    add_runs("refund", 30)

    html = page(as_bob, f"{NOVEMBER}&team={billing.pk}")

    assert tiles(html)["Coverage"] == ("100.0 %", "10 of 10 runs had their label applied")


@pytest.mark.parametrize("query", ["team=x", "from=yesterday", "to=0000-00-00", "team=9&from=%00"])
def test_nonsense_in_the_address_is_named(query: str, as_bob: Client) -> None:
    assert 'role="alert"' in page(as_bob, query)


def test_a_mistake_leads_to_the_tickets_it_was_made_on(as_bob: Client, alice: User) -> None:
    add_labels()
    for subject, right in (("Wrong", "account-login"), ("Fine", "billing-wrong-charge")):
        ticket = add_ticket(subject, f"{subject}, says the customer.")
        decide(ticket, "billing-wrong-charge")
        tickets.correct_label(ticket.pk, label=right, by=alice)
    add_confusion("billing-wrong-charge", "account-login", 1)
    add_runs()

    table = page(as_bob).partition("Labels taken for others")[2]
    address = re.findall(r'href="([^"]*suggested_label[^"]*)"', table)[0].replace("&amp;", "&")
    response = as_bob.get(address)

    assert response.status_code == 200
    assert [t.subject for t in response.context["cl"].result_list] == ["Wrong"]


def test_what_people_say_of_decisions_comes_to_the_page(as_bob: Client, alice: User) -> None:
    add_labels()
    for number, right in enumerate(("billing-wrong-charge", "account-login")):
        ticket = add_ticket(f"Ticket {number}", f"Words of ticket {number}.")
        run = decide(ticket, "billing-wrong-charge", 0.9)
        run.first_answer = {"label": {"value": "billing-wrong-charge", "confidence": 0.4}}
        run.finished_at = NOON
        run.save()
        tickets.correct_label(ticket.pk, label=right, by=alice)
    rollups.refresh()

    html = page(as_bob)

    assert "1 of 2 judged labels were right" in html
    assert "people agreed with 0 of 0 judged changes" in html
