"""JSON bodies, read strictly: what PostgreSQL cannot store or a person could not have meant is refused with a reason."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser

DEEPEST = 20
BIGGEST_NUMBER = 2**63 - 1
TOO_DEEP = f"The body is nested deeper than {DEEPEST} levels."


class StrictJSONParser(JSONParser):
    """JSON objects alone; no NaN, no text that is not text, no nesting without end."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        try:
            found = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError(TOO_DEEP) from None
        if not isinstance(found, dict):
            raise ParseError("The body must be a JSON object.")
        _check(found)
        return found


def _check(value: Any, path: str = "", depth: int = 1) -> None:
    """Raises ValidationError, with the path of the field, at what no text or number of ours can be."""
    if depth > DEEPEST:
        raise ParseError(TOO_DEEP)
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_text(key, path or "body")
            _check(inner, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check(inner, f"{path}[{index}]", depth + 1)
    elif isinstance(value, int) and abs(value) > BIGGEST_NUMBER:
        raise _fault(path, "This number is out of range.")


def _check_text(text: str, path: str) -> None:
    if "\0" in text:
        raise _fault(path, "A NUL character cannot be stored.")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise _fault(path, "Half of a surrogate pair is no character.")


def _fault(path: str, message: str) -> ValidationError:
    return ValidationError({path[:200]: [message]}, code="invalid")
