"""Nights that come when a test says so."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.integration.learning.shadow_cases import Travel


@pytest.fixture
def travel(monkeypatch: pytest.MonkeyPatch) -> Travel:
    """Later by so much, from then on."""

    def to(later: timedelta) -> None:
        at = timezone.now
        monkeypatch.setattr(timezone, "now", lambda: at() + later)

    return to
