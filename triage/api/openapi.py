"""The schema as readers and tools want it: how to log in, plain names, ids with their range, no unknown fields."""

from collections.abc import Iterator
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from triage.api.filters import ID

Json = dict[str, Any]
REFERENCE = "#/components/schemas/"


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "triage.api.auth.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> Json:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token that an admin has issued, or `manage.py create_token` has printed: `Bearer tk_…`",
        }


def tidy(result: Json, **_: Any) -> Json:
    """A hook that runs over the whole schema once it is drawn."""
    schemas: Json = result["components"]["schemas"]
    for name, schema in schemas.items():
        if _is_input(name) and schema.get("type") == "object":
            schema["additionalProperties"] = False
    names = {name: _plain(name) for name in schemas}
    result["components"]["schemas"] = {names[name]: schema for name, schema in schemas.items()}
    for node in _walk(result):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith(REFERENCE):
            node["$ref"] = REFERENCE + names[reference.removeprefix(REFERENCE)]
        if node.get("in") == "path" and node["name"].endswith("_id"):
            node["schema"] = ID
    return result


def _is_input(name: str) -> bool:
    return name.endswith("InRequest") or name == "BodyRequest"


def _plain(name: str) -> str:
    """Without what only the code needs to tell them apart."""
    name = name.removesuffix("Request") if name.endswith("ShapeRequest") else name
    return name.replace("InRequest", "Input").replace("BodyRequest", "Nothing").replace("Shape", "")


def _walk(node: Any) -> Iterator[Json]:
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from _walk(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _walk(inner)
