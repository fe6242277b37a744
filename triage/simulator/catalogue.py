"""GET /v1/models and /v1/models/{id}: what models exist, how long, and what they can do."""

from collections.abc import Callable
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse

from triage.simulator import auth, errors
from triage.simulator.bill import new_request_id
from triage.simulator.errors import ApiError
from triage.simulator.model_table import CATALOGUE
from triage.simulator.models import EFFORTS, Abilities, Lifecycle, Model, Thinking
from triage.simulator.wire import Clock, JsonObject

Finder = Callable[[Request], JsonObject]
DEFAULT_LIMIT, MAX_LIMIT = 20, 1_000
DEFAULT_STAGES = (Lifecycle.ACTIVE, Lifecycle.DEPRECATED)


class ModelsEndpoint:
    """The two lookups, at the time the clock says."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    async def list(self, request: Request) -> JSONResponse:
        """A page of models, newest first; retired ones only when asked for."""
        return self._respond(request, self._page)

    async def retrieve(self, request: Request) -> JSONResponse:
        """One model by id or alias; a retired one is still in the catalogue."""
        return self._respond(request, self._one)

    def _respond(self, request: Request, find: Finder) -> JSONResponse:
        request_id = new_request_id()
        try:
            auth.check_key(request.headers)
            auth.check_version(request.headers)
            return JSONResponse(find(request), headers={"request-id": request_id})
        except ApiError as error:
            return error.response(request_id)

    def _one(self, request: Request) -> JsonObject:
        name = request.path_params["model_id"]
        model = CATALOGUE.find(name)
        if model is None:
            raise errors.not_found(f"model: {name}")
        return describe(model, self.clock())

    def _page(self, request: Request) -> JsonObject:
        now, limit = self.clock(), _limit(request)
        stages = _stages(request)
        newest = sorted(CATALOGUE.models, key=lambda model: model.released, reverse=True)
        models = [describe(model, now) for model in newest if model.lifecycle(now) in stages]
        ids = [model["id"] for model in models]
        after, before = request.query_params.get("after_id"), request.query_params.get("before_id")
        end = ids.index(before) if before in ids else len(ids)
        start = ids.index(after) + 1 if after in ids else max(end - limit, 0) if before else 0
        page = models[start : min(start + limit, end)]
        return {
            "data": page,
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
            "has_more": start > 0 if before else start + limit < end,
        }


def describe(model: Model, now: float) -> JsonObject:
    """A model as the API's ModelInfo."""
    can = model.abilities
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.name,
        "line": model.line,
        "lifecycle": model.lifecycle(now),
        "created_at": _rfc3339(model.released),
        "deprecated_at": _rfc3339(model.deprecated_at),
        "retires_at": _rfc3339(model.retires_at),
        "max_input_tokens": can.context_tokens if can else None,
        "max_tokens": can.max_output_tokens if can else None,
        "capabilities": _capabilities(can) if can else None,
    }


def _capabilities(can: Abilities) -> JsonObject:
    """What the simulator really does for the model; what it does not do is unsupported."""
    thinking = {kind.value: _yes(kind in can.thinking) for kind in Thinking}
    return {
        "batch": _yes(False),
        "citations": _yes(False),
        "code_execution": _yes(False),
        "context_management": _yes(False),
        "effort": {**_yes(bool(can.efforts)), **{e: _yes(e in can.efforts) for e in EFFORTS}},
        "image_input": _yes(False),
        "pdf_input": _yes(False),
        "server_tools": {**_yes(False), "code_execution": _yes(False), "web_search": _yes(False)},
        "structured_outputs": _yes(True),
        "thinking": {**_yes(True), "types": thinking},
    }


def _yes(is_supported: bool) -> JsonObject:
    return {"supported": is_supported}


def _rfc3339(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not text.isdigit() or not 1 <= int(text) <= MAX_LIMIT:
        raise errors.invalid(f"limit: Input should be between 1 and {MAX_LIMIT}")
    return int(text)


def _stages(request: Request) -> tuple[str, ...]:
    query = request.query_params
    asked = (*query.getlist("lifecycle[]"), *query.getlist("lifecycle"))
    for stage in asked:
        if stage not in tuple(Lifecycle):
            raise errors.invalid(f"lifecycle: Input should be one of {', '.join(Lifecycle)}")
    return asked or DEFAULT_STAGES
