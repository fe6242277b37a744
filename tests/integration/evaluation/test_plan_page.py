"""The page of the cost plan: its table, what it says of its inputs, and a form that names what cannot be used."""

import re

import pytest
from django.test import Client
from pytest_django import Settings

PLAN = "/admin/plan/"


def shown(client: Client, **query: str) -> str:
    return " ".join(client.get(PLAN, query).text.split())


def test_without_anything_known_every_input_says_that_it_is_assumed(
    as_bob: Client, settings: Settings
) -> None:
    settings.TRIAGE_SIMULATOR, settings.ANTHROPIC_API_KEY = False, "sk-ant-test"

    page = shown(as_bob)

    assert "10,000,000 tickets, plan by plan" in page
    assert "0.2: assumed" in page
    assert "fewer than 20 runs in 30 days" in page
    assert "measured here" not in page
    assert "simulated" not in page


def test_each_plan_has_both_shares_and_a_bar(as_bob: Client) -> None:
    page = shown(as_bob, guide_tokens="1500", ticket_tokens="150", output_tokens="45")

    assert '<th scope="row">+ cache</th> <td class="pages-number">$2,369.62</td>' in page
    assert page.count('<svg class="plan-bar"') == page.count('<th scope="row">') == 22
    row = page.split('<th scope="row">Sonnet 5.5 only, naive</th>')[1].split("</tr>")[0]
    assert "$37,500.00" in row
    assert 'width="100.0"' in row
    assert "100.0%" in row
    assert "The shares of naive flatter" in page


def test_a_bad_input_is_named_beside_its_field_and_the_others_count(as_bob: Client) -> None:
    page = shown(as_bob, escalated="a fifth", tickets="1000")

    wrong = re.search(r'<div class="plan-field plan-wrong">.*?</div>', page)
    assert wrong
    assert 'name="escalated" value="a fifth"' in wrong[0]
    assert 'aria-invalid="true"' in wrong[0]
    assert "“a fifth” is not a number." in wrong[0]
    assert page.count("plan-wrong") == 1
    assert "1 input could not be used" in page
    assert "1,000 tickets, plan by plan" in page


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("tickets", "0", "“0” is not from 1 to"),
        ("tickets", "1.5", "“1.5” is not a whole number."),
        ("escalated", "120 %", "“120 %” is not from 0 to 1."),
        ("escalated", "nan", "“nan” is not a number."),
        ("escalated", "1e999", "“1e999” is not a number."),
        ("answered_locally", "0.3, 1", "“1” is not from 0 to 0.99."),
        ("batch_cache_minutes", "30", "“30” is not 5 or 60."),
        ("guide_tokens", "<b>", "“&lt;b&gt;” is not a number."),
    ],
)
def test_every_input_is_checked(as_bob: Client, name: str, text: str, problem: str) -> None:
    page = shown(as_bob, **{name: text})

    assert problem in page


def test_the_extremes_of_all_inputs_have_a_plan_too(as_bob: Client) -> None:
    least = {"tickets": "1", "escalated": "0", "duplicates": "100 %", "guide_tokens": "1"}
    most = {"escalated": "1", "answered_locally": "0,0.99", "guide_tokens": "1000000"}

    assert as_bob.get(PLAN, least).status_code == 200
    assert as_bob.get(PLAN, most).status_code == 200


def test_the_form_keeps_what_was_given(as_bob: Client) -> None:
    page = shown(as_bob, live_hits="80%")

    assert 'name="live_hits" value="80%"' in page
    assert '<span class="pages-mark">given</span>' in page


def test_figures_of_the_simulator_are_called_simulated(as_bob: Client, settings: Settings) -> None:
    settings.TRIAGE_SIMULATOR = True

    page = shown(as_bob)

    assert "These are simulated figures" in page
    assert "is simulated and says nothing of Claude" in page


def test_the_page_is_for_admins_alone(client: Client, as_alice: Client) -> None:
    assert client.get(PLAN).status_code == 302
    assert as_alice.get(PLAN).status_code in (302, 403)
