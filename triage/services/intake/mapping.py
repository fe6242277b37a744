"""A row of an import file as a ticket. What cannot be mapped is kept as a custom field and counted, never refused."""

import hashlib
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from triage.exceptions import InvalidInput
from triage.models import Channel, Priority
from triage.services.intake.cleaning import cleaned, plain_json
from triage.services.intake.receiving import (
    EXTERNAL_ID_MAX_CHARACTERS,
    NAME_MAX_CHARACTERS,
    NewTicket,
    is_email,
)
from triage.services.intake.rows import COLUMNS

PRIORITIES = {**{value: value for value in Priority.values}, "medium": Priority.NORMAL.value}
LABEL_MAX_CHARACTERS = 200
SPLIT_MAX_CHARACTERS = 20
TAG_MAX_CHARACTERS = 60
CONTENT_ID = "content-"  # begins the id of a row that has none
# Anything else is a typing error, and some of it PostgreSQL cannot give back.
YEARS = range(1970, 2200)


def ticket_of(row: Mapping[str, Any], *, source: str) -> tuple[NewTicket, int]:
    """The ticket, and how many of its values could not be mapped.

    Raises:
        InvalidInput: The row has no description, or a custom field is nested too deeply.
    """
    if (description := _as_text(row.get("description"))) is None:
        raise InvalidInput("description", "must be a text")
    values = _Values(row)
    subject, email = values.text("subject"), values.email()
    return NewTicket(
        description=description,
        subject=subject,
        channel=Channel.IMPORT,
        requester_email=email,
        requester_name=values.text("requester_name", most=NAME_MAX_CHARACTERS),
        priority=values.priority(),
        tags=values.tags(),
        source=source,
        external_id=values.text("external_id", most=EXTERNAL_ID_MAX_CHARACTERS)
        or _content_id(subject, description, email),
        created_at=values.created_at(),
        known_label=values.text("label", most=LABEL_MAX_CHARACTERS),
        split=values.text("split", most=SPLIT_MAX_CHARACTERS),
        custom_fields=plain_json(_unknown(row) | values.unmapped),
    ), len(values.unmapped)


class _Values:
    """Reads the columns of one row; what it cannot map it puts into `unmapped`, as it came."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self._row = row
        self.unmapped: dict[str, Any] = {}

    def text(self, name: str, *, most: int | None = None) -> str:
        text = _as_text(self._row.get(name))
        if text is None or (most is not None and len(text) > most):
            return self._keep(name)
        return text

    def email(self) -> str:
        text = self.text("requester_email")
        return text if not text or is_email(text) else self._keep("requester_email")

    def priority(self) -> str:
        text = self.text("priority").lower()
        return PRIORITIES.get(text) or (self._keep("priority") if text else "")

    def created_at(self) -> datetime | None:
        """ISO 8601; without a zone it is UTC."""
        if not (text := self.text("created_at")):
            return None
        try:
            moment = datetime.fromisoformat(text)
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            moment = None
        if moment is None or moment.year not in YEARS:
            self._keep("created_at")
            return None
        return moment

    def tags(self) -> tuple[str, ...]:
        value = self._row.get("tags")
        parts = value if isinstance(value, list) else self.text("tags").split(",")
        tags = [_as_text(part) for part in parts]
        usable = [tag for tag in tags if tag is not None and len(tag) <= TAG_MAX_CHARACTERS]
        if len(usable) < len(tags):
            self._keep("tags")
        return tuple(dict.fromkeys(filter(None, usable)))

    def _keep(self, name: str) -> str:
        self.unmapped[name] = self._row[name]
        return ""


def _as_text(value: Any) -> str | None:
    """Texts and numbers as text, "" for nothing (a table's NaN is nothing too); None for what is no text."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return cleaned(str(value))
    return None


def _unknown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value for key, value in row.items() if key not in COLUMNS and value not in ("", None)
    }


def _content_id(subject: str, description: str, email: str) -> str:
    """An id for a row without one, by its content, so that the same file again brings nothing twice."""
    content = "\0".join((subject, description, email))
    return f"{CONTENT_ID}{hashlib.sha256(content.encode()).hexdigest()[:32]}"
