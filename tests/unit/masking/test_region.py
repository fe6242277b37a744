"""The operator hears of a region that no phone number belongs to."""

import pytest
from pytest_django import Settings

from triage.checks import check_phone_region


@pytest.mark.parametrize("region", ["US", "GB", "DE"])
def test_a_region_with_phone_numbers_is_no_error(region: str, settings: Settings) -> None:
    settings.TRIAGE_PHONE_REGION = region

    assert check_phone_region() == []


@pytest.mark.parametrize("region", ["", "UK", "XX", "GERMANY"])
def test_another_is_an_error_that_names_the_setting(region: str, settings: Settings) -> None:
    settings.TRIAGE_PHONE_REGION = region

    (error,) = check_phone_region()

    assert error.id == "triage.E006"
    assert "TRIAGE_PHONE_REGION" in error.msg
