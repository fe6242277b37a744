"""The documented rules a request must keep; the first one broken is the answer (400)."""

from triage.simulator.models import ServedModel
from triage.simulator.rules.breakpoints import check_breakpoints
from triage.simulator.rules.content import check_content
from triage.simulator.rules.fields import COUNT_FIELDS, MESSAGE_FIELDS, check_fields
from triage.simulator.rules.schemas import check_schemas
from triage.simulator.rules.settings import check_settings
from triage.simulator.wire import JsonObject

__all__ = ["COUNT_FIELDS", "MESSAGE_FIELDS", "check_fields", "check_for_model"]


def check_for_model(body: JsonObject, model: ServedModel) -> None:
    """Check everything that depends on the model or on more than one field.

    Raises:
        ApiError: 400 naming the field.
    """
    check_content(body, model)
    check_settings(body, model)
    check_breakpoints(body)
    check_schemas(body)
