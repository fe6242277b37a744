"""From an HTTP request to a checked question."""

from dataclasses import dataclass

from triage.simulator import auth
from triage.simulator.bill import Row
from triage.simulator.connection import Connection
from triage.simulator.models import Catalogue, ServedModel
from triage.simulator.rules import check_fields, check_for_model
from triage.simulator.rules.fields import Field
from triage.simulator.rules.length import check_length
from triage.simulator.wire import JsonObject


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that keeps every rule."""

    key: str
    body: JsonObject
    model: ServedModel


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What a request is checked against: its fields and the models at `now`, Unix seconds."""

    fields: dict[str, Field]
    catalogue: Catalogue
    now: float


async def read_ask(connection: Connection, rules: Rulebook, *, row: Row | None = None) -> Ask:
    """Authenticate, read and check a request; `row` learns its model and user on the way.

    Raises:
        ApiError: What the client is told.
        ClientDisconnect: The client left while sending.
    """
    key = auth.check(connection.request.headers)
    return check_ask(await connection.read_json(), rules, key=key, row=row)


def check_ask(body: object, rules: Rulebook, *, key: str, row: Row | None = None) -> Ask:
    """Check a parsed request; `row` learns its model and user on the way.

    Raises:
        ApiError: It breaks a rule.
    """
    if row is not None and isinstance(body, dict):
        _introduce(row, body)
    checked = check_fields(body, rules.fields)
    model = rules.catalogue.get_served(checked["model"], rules.now)
    if row is not None:
        row.model = model.id
    check_for_model(checked, model)
    check_length(checked, model)
    return Ask(key, checked, model)


def _introduce(row: Row, body: JsonObject) -> None:
    """What a row tells of a request even when it is refused."""
    model, metadata = body.get("model"), body.get("metadata")
    row.model = model if isinstance(model, str) else None
    user_id = metadata.get("user_id") if isinstance(metadata, dict) else None
    row.user_id = user_id if isinstance(user_id, str) else None
