"""The top-level fields: which exist, which are required, and of what JSON type."""

from dataclasses import dataclass

from triage.simulator.errors import invalid
from triage.simulator.wire import JsonObject


@dataclass(frozen=True, slots=True)
class Field:
    """One top-level field: the Python types its JSON may have, and whether null will do."""

    types: tuple[type, ...]
    says: str
    is_required: bool = False
    is_nullable: bool = False


_OBJECT = Field((dict,), "dictionary")
_LIST = Field((list,), "list")
_STRING_OR_NULL = Field((str,), "string", is_nullable=True)

COUNT_FIELDS = {
    "model": Field((str,), "string", is_required=True),
    "messages": Field((list,), "list", is_required=True),
    "cache_control": Field((dict,), "dictionary", is_nullable=True),
    "output_config": _OBJECT,
    "speed": _STRING_OR_NULL,
    "system": Field((str, list), "string or list"),
    "thinking": _OBJECT,
    "tool_choice": _OBJECT,
    "tools": _LIST,
}
MESSAGE_FIELDS = {
    "model": COUNT_FIELDS["model"],
    "max_tokens": Field((int,), "integer", is_required=True),
    **COUNT_FIELDS,
    "container": Field((dict, str), "dictionary", is_nullable=True),
    "diagnostics": Field((dict,), "dictionary", is_nullable=True),
    "inference_geo": _STRING_OR_NULL,
    "metadata": _OBJECT,
    "service_tier": Field((str,), "string"),
    "stop_sequences": _LIST,
    "stream": Field((bool,), "boolean", is_nullable=True),
}
# Real features of the hosted API that change price or content and are not simulated: refusing
# them is honest, ignoring them would not be.
NOT_SIMULATED = {
    "container": (None,),
    "inference_geo": (None, "global"),
    "speed": (None, "standard"),
}


def check_fields(body: object, fields: dict[str, Field]) -> JsonObject:
    """The body as an object whose top-level fields have the right types.

    Raises:
        ApiError: 400 for a missing or unknown field or a wrong type.
    """
    if not isinstance(body, dict):
        raise invalid("Input should be a valid dictionary")
    for name, field in fields.items():
        if name in body:
            _check_type(name, body[name], field)
        elif field.is_required:
            raise invalid(f"{name}: Field required")
    for name in body:
        if name not in fields:
            raise invalid(f"{name}: Extra inputs are not permitted")
    for name, plain in NOT_SIMULATED.items():
        if body.get(name) not in plain:
            raise invalid(f"{name}: this value is not available in the simulator")
    return body


def _check_type(name: str, value: object, field: Field) -> None:
    if value is None and field.is_nullable:
        return
    is_wrong_bool = isinstance(value, bool) and bool not in field.types
    if is_wrong_bool or not isinstance(value, field.types):
        raise invalid(f"{name}: Input should be a valid {field.says}")
