import math

import pytest
from pytest_django import Settings

from triage.services.masking import patterns


@pytest.fixture(autouse=True)
def switched_on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Masking with one pattern of the installation's own, which no database is asked for."""
    settings.TRIAGE_MASKING = True
    settings.TRIAGE_PHONE_REGION = "US"
    monkeypatch.setattr(patterns._Known, "patterns", (("MEMBER_ID", r"M-\d{6}"),))
    monkeypatch.setattr(patterns._Known, "until", math.inf)
