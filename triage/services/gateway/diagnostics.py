"""Which earlier message the provider is to compare a request with, so that it can say what broke the prompt cache.

It is the last one that this process had answered with the same guide, and before there is one the last of the same feature:
then the provider names what a new version changed. It keeps requests only where they carry the field, so all of them do.
"""

from typing import Any

from triage.services.gateway.journal import CallRow

MOST_REMEMBERED = 256


class _Last:
    """The id of the last message on a model, by what was asked: a guide's digest, or a feature."""

    messages: dict[tuple[str, str], str] = {}


def of(row: CallRow, *, model: str) -> dict[str, Any]:
    """The request's `diagnostics` field: never part of the fingerprint, and not for batches."""
    guide, feature = _keys(row, model)
    return {"previous_message_id": _Last.messages.get(guide) or _Last.messages.get(feature)}


def remember(row: CallRow, *, model: str, message_id: str) -> None:
    """The next request of this kind is compared with the one that `message_id` answered."""
    if not message_id:
        return
    for key in _keys(row, model):
        _Last.messages[key] = message_id
    if len(_Last.messages) > MOST_REMEMBERED:
        _Last.messages = dict.fromkeys(_keys(row, model), message_id)


def _keys(row: CallRow, model: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return (model, row.prompt.guide_digest), (model, row.feature)
