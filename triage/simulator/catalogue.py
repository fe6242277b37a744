"""GET /v1/models and /v1/models/{id}: what models exist, how long, and what they can do."""

from collections.abc import Callable
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse

from triage.simulator import auth, errors
from triage.simulator.bill import new_request_id
from triage.simulator.errors import ApiError
from triage.simulator.models import EFFORTS, Abilities, Lifecycle, Model, Thinking
from triage.simulator.paging import take_page
from triage.simulator.state import Simulator
from triage.simulator.wire import JsonObject

Finder = Callable[[Request], JsonObject]
DEFAULT_STAGES = (Lifecycle.ACTIVE, Lifecycle.DEPRECATED)


class ModelsEndpoint:
    """The two lookups, at the time the simulator's clock says."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    async def list(self, request: Request) -> JSONResponse:
        """A page of models, newest first; retired ones only when asked for."""
        return self._respond(request, self._page)

    async def retrieve(self, request: Request) -> JSONResponse:
        """One model by id or alias; a retired one is still in the catalogue."""
        return self._respond(request, self._one)

    def _respond(self, request: Request, find: Finder) -> JSONResponse:
        request_id = new_request_id()
        try:
            auth.check(request.headers)
            return JSONResponse(find(request), headers={"request-id": request_id})
        except ApiError as error:
            return error.response(request_id)

    def _one(self, request: Request) -> JsonObject:
        name = request.path_params["model_id"]
        model = self.simulator.catalogue.find(name)
        if model is None:
            raise errors.not_found(f"model: {name}")
        return describe(model, self.simulator.clock())

    def _page(self, request: Request) -> JsonObject:
        now, stages = self.simulator.clock(), _stages(request)
        known = self.simulator.catalogue.models
        newest = sorted(known, key=lambda model: model.released, reverse=True)
        models = [describe(model, now) for model in newest if model.lifecycle(now) in stages]
        return take_page(models, request.query_params)


def describe(model: Model, now: float) -> JsonObject:
    """A model as the API's ModelInfo; an active one has no dates of its end."""
    can, stage = model.abilities, model.lifecycle(now)
    is_ending = stage is not Lifecycle.ACTIVE
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.name,
        "line": model.line,
        "lifecycle": stage,
        "created_at": _rfc3339(model.released),
        "deprecated_at": _rfc3339(model.deprecated_at) if is_ending else None,
        "retires_at": _rfc3339(model.retires_at) if is_ending else None,
        "max_input_tokens": can.context_tokens if can else None,
        "max_tokens": can.max_output_tokens if can else None,
        "capabilities": _capabilities(can) if can else None,
    }


def _capabilities(can: Abilities) -> JsonObject:
    """What the simulator really does for the model; what it does not do is unsupported."""
    thinking = {kind.value: _yes(kind in can.thinking) for kind in Thinking}
    return {
        "batch": _yes(True),
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


def _stages(request: Request) -> tuple[str, ...]:
    query = request.query_params
    asked = (*query.getlist("lifecycle[]"), *query.getlist("lifecycle"))
    for stage in asked:
        if stage not in tuple(Lifecycle):
            raise errors.invalid(f"lifecycle: Input should be one of {', '.join(Lifecycle)}")
    return asked or DEFAULT_STAGES
