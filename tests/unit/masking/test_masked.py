"""mask(): what is numbered how, what stays byte for byte, and what comes back."""

import pytest
from pytest_django import Settings

from tests.unit.masking.builders import a_request
from triage.services.gateway.catalog import HAIKU
from triage.services.gateway.fingerprint import fingerprint_of
from triage.services.gateway.request import Request
from triage.services.gateway.shaping import shape
from triage.services.masking import mask, masked_text


def fingerprint(request: Request) -> str:
    return fingerprint_of(request, shape(request, HAIKU))


def test_placeholders_are_numbered_by_first_appearance_and_equal_texts_alike() -> None:
    masked = mask(
        a_request(
            "From bob@example.com to maria@example.com, cc bob@example.com, M-123456.",
            "Call +1 650 253 0000 for maria@example.com or Maria@example.com.",
        )
    )

    assert masked.request.content == (
        "From [EMAIL_1] to [EMAIL_2], cc [EMAIL_1], [MEMBER_ID_1].",
        "Call [PHONE_1] for [EMAIL_2] or [EMAIL_3].",
    )
    assert masked.originals == {
        "[EMAIL_1]": "bob@example.com",
        "[EMAIL_2]": "maria@example.com",
        "[EMAIL_3]": "Maria@example.com",
        "[MEMBER_ID_1]": "M-123456",
        "[PHONE_1]": "+1 650 253 0000",
    }


def test_a_thread_that_has_grown_keeps_the_numbers_of_its_older_part() -> None:
    old = "From bob@example.com to maria@example.com."

    grown = mask(a_request(f"{old} And carol@example.com.")).request.content[0]

    assert grown == f"{mask(a_request(old)).request.content[0]} And [EMAIL_3]."


def test_tickets_that_differ_only_in_personal_data_make_equal_requests() -> None:
    first, second = (
        mask(a_request(f"I am {address}, M-{number}. Where is my order 4471?")).request
        for address, number in (("maria@example.com", 123456), ("bob@shop.example", 654321))
    )

    assert fingerprint(first) == fingerprint(second)


def test_a_placeholder_that_a_customer_has_typed_is_counted_past() -> None:
    masked = mask(a_request("Is [EMAIL_1] or [EMAIL_3] me?", "bob@example.com carol@example.com"))

    assert masked.request.content == ("Is [EMAIL_1] or [EMAIL_3] me?", "[EMAIL_2] [EMAIL_4]")
    assert masked.restore("[EMAIL_1] [EMAIL_2]") == "[EMAIL_1] bob@example.com"


def test_one_in_the_guide_is_counted_past_too() -> None:
    masked = mask(a_request("bob@example.com", system="Such as [EMAIL_1]."))

    assert masked.request.content == ("[EMAIL_2]",)


def test_the_guide_gets_placeholders_without_a_number_and_is_the_same_for_all() -> None:
    guide = "Example: write to maria@example.com or +1 650 253 0000. M-123456."

    first, second = (
        mask(a_request(text, system=guide)) for text in ("maria@example.com", "Nothing here.")
    )

    assert first.request.system == second.request.system
    assert first.request.system == "Example: write to [EMAIL] or [PHONE]. [MEMBER_ID]."
    assert first.restore("[EMAIL] [EMAIL_1]") == "[EMAIL] maria@example.com"


def test_all_else_of_a_request_stays() -> None:
    request = Request(
        system="Sort.",
        content=("A ticket.",),
        max_tokens=7,
        schema={"description": "maria@example.com"},
        prompt_version="p1",
        taxonomy_version="t1",
    )

    assert mask(request).request == request


def test_with_the_switch_off_the_request_is_the_same_and_nothing_is_restored(
    settings: Settings,
) -> None:
    settings.TRIAGE_MASKING = False
    request = a_request("maria@example.com", system="bob@example.com")

    masked = mask(request)

    assert masked.request is request
    assert masked.originals == {}
    assert masked.restore("[EMAIL_1]") == "[EMAIL_1]"


def test_unknown_and_changed_placeholders_stay() -> None:
    masked = mask(a_request("maria@example.com"))

    said = masked.restore("[EMAIL_1] [EMAIL_2] [email_1] [EMAIL_01] [EMAIL_1 [EMAIL_1]]")

    assert said == "maria@example.com [EMAIL_2] [email_1] [EMAIL_01] [EMAIL_1 maria@example.com]"


def test_an_original_that_reads_like_a_placeholder_is_not_restored_again() -> None:
    masked = mask(a_request("[MEMBER_ID_1] M-123456 [PHONE_1]@example.com"))

    assert (
        masked.restore(masked.request.content[0]) == "[MEMBER_ID_1] M-123456 [PHONE_1]@example.com"
    )


def test_what_is_shown_of_it_holds_no_original() -> None:
    assert "maria" not in repr(mask(a_request("maria@example.com")))


@pytest.mark.parametrize("is_on", [True, False])
def test_a_text_is_tried_whether_the_switch_is_on_or_off(is_on: bool, settings: Settings) -> None:
    settings.TRIAGE_MASKING = is_on

    assert masked_text("I am maria@example.com.") == "I am [EMAIL_1]."
