"""Names for what travels over HTTP, used in signatures."""

from collections.abc import Callable
from typing import Any

JsonObject = dict[str, Any]
Clock = Callable[[], float]  # Unix seconds, UTC
