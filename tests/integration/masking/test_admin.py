"""The page of the installation's patterns: what may be saved, what the box shows, and whether masking is on."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from triage.models import MaskingPattern
from triage.services.masking import patterns

LIST = "/admin/triage/maskingpattern/"
ADD = f"{LIST}add/"
TRY = f"{LIST}try/"


def errors_of(client: Client, **fields: str) -> dict[str, list[str]]:
    """What the form says against a pattern; nothing is said where it is saved."""
    whole = {"name": "MEMBER_ID", "pattern": r"M-\d{6}", "is_active": "on", **fields}
    response = client.post(ADD, whole)
    if response.status_code == 302:
        return {}
    return dict(response.context["adminform"].form.errors)


def test_a_pattern_is_added_and_used_at_once(as_bob: Client) -> None:
    before = patterns.rules_in_force().patterns

    assert errors_of(as_bob, name="member_id") == {}
    assert (before, patterns.rules_in_force().patterns) == ((), (("MEMBER_ID", r"M-\d{6}"),))


def test_a_deleted_one_is_gone_at_once(as_bob: Client) -> None:
    pattern = MaskingPattern.objects.create(name="MEMBER_ID", pattern=r"M-\d{6}")
    assert patterns.rules_in_force().patterns

    as_bob.post(reverse("admin:triage_maskingpattern_delete", args=[pattern.pk]), {"post": "yes"})

    assert patterns.rules_in_force().patterns == ()


@pytest.mark.parametrize("pattern", ["(", "(?=x)y", r"(a)\1", "[", "x{2000}"])
def test_a_pattern_that_re2_cannot_read_is_an_error_of_its_field(
    pattern: str, as_bob: Client
) -> None:
    errors = errors_of(as_bob, pattern=pattern)

    assert list(errors) == ["pattern"]
    assert errors["pattern"][0].startswith("This pattern cannot be used: RE2 cannot read it: ")
    assert not MaskingPattern.objects.exists()


def test_a_pattern_that_stands_everywhere_is_refused(as_bob: Client) -> None:
    assert "empty text" in errors_of(as_bob, pattern="x*")["pattern"][0]


@pytest.mark.parametrize("name", ["X", "MEMBER ID", "_ID", "ID_", "ID2", "ÄÖ"])
def test_a_name_that_makes_no_placeholder_is_refused_in_words(name: str, as_bob: Client) -> None:
    assert errors_of(as_bob, name=name) == {
        "name": ["Use two or more of the letters A to Z, and _ between them."]
    }


@pytest.mark.parametrize(
    ("is_on", "said"),
    [(True, "Masking is on."), (False, "TRIAGE_MASKING=1 in the environment and a restart")],
)
def test_every_page_says_whether_it_is_on_and_how_that_is_changed(
    is_on: bool, said: str, as_bob: Client, settings: Settings
) -> None:
    settings.TRIAGE_MASKING = is_on
    pattern = MaskingPattern.objects.create(name="MEMBER_ID", pattern=r"M-\d{6}")
    change = reverse("admin:triage_maskingpattern_change", args=[pattern.pk])

    assert [
        address for address in (LIST, ADD, change, TRY) if said not in as_bob.get(address).text
    ] == []


def test_the_box_shows_a_text_as_claude_would_get_it(as_bob: Client) -> None:
    MaskingPattern.objects.create(name="MEMBER_ID", pattern=r"M-\d{6}")

    page = as_bob.post(TRY, {"text": "I am maria@example.com, M-123456, <b>"}).text

    assert "I am [EMAIL_1], [MEMBER_ID_1], &lt;b&gt;" in page


def test_an_empty_box_is_an_error_and_no_result(as_bob: Client) -> None:
    page = as_bob.post(TRY, {"text": ""}).text

    assert "This field is required." in page
    assert "As Claude would get it" not in page


def test_the_sidebar_leads_there(as_bob: Client) -> None:
    assert f'href="{LIST}"' in as_bob.get("/admin/").text


@pytest.mark.parametrize("address", [LIST, ADD, TRY])
def test_agents_do_not_get_in(address: str, as_alice: Client) -> None:
    assert as_alice.get(address).status_code in {302, 403}
