"""What every page knows about the installation."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from triage.web.keymap import KEYMAP


def installation(request: HttpRequest) -> dict[str, Any]:
    return {"is_simulated": settings.TRIAGE_SIMULATOR, "keymap": KEYMAP}
