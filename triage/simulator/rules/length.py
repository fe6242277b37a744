"""The prompt must fit the model's context window."""

from triage.simulator import tokens
from triage.simulator.errors import invalid
from triage.simulator.models import ServedModel
from triage.simulator.wire import JsonObject


def check_length(body: JsonObject, model: ServedModel) -> None:
    """Refuse a prompt that is longer than the context window (400)."""
    asked, most = tokens.of_request(body, model), model.abilities.context_tokens
    if asked > most:
        raise invalid(f"prompt is too long: {asked} tokens > {most} maximum")
