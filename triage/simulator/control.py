"""The simulator's own routes: its bill, its scenario, a fresh start. No key is needed."""

import json

from starlette.requests import Request
from starlette.responses import JSONResponse

from triage.simulator.bill import new_request_id
from triage.simulator.errors import ApiError, invalid
from triage.simulator.scenarios import Fault, Scenario
from triage.simulator.state import Simulator
from triage.simulator.wire import JsonObject

PAGE_LIMIT, MAX_PAGE_LIMIT = 1_000, 10_000


class ControlEndpoint:
    """Reads and changes the state of one simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    async def bill(self, request: Request) -> JSONResponse:
        """GET /bill: a page of rows and the totals of all."""
        try:
            after = _number(request, "after", 0)
            limit = _number(request, "limit", PAGE_LIMIT)
            if not 1 <= limit <= MAX_PAGE_LIMIT:
                raise invalid(f"limit: use 1 to {MAX_PAGE_LIMIT}")
        except ApiError as error:
            return error.response(new_request_id())
        return JSONResponse(self.simulator.bill.page(after=after, limit=limit))

    async def show_scenario(self, _: Request) -> JSONResponse:
        """GET /scenario: the one in force, and the known names."""
        return JSONResponse(self._scenario())

    async def set_scenario(self, request: Request) -> JSONResponse:
        """POST /scenario: switch; requests already drawn keep their fate."""
        try:
            self.simulator.scenario = await _read_scenario(request)
        except ApiError as error:
            return error.response(new_request_id())
        return JSONResponse(self._scenario())

    async def reset(self, _: Request) -> JSONResponse:
        """POST /reset: empty bill, cache, batches and counters; the scenario stays."""
        self.simulator.reset()
        return JSONResponse({"reset": True})

    def _scenario(self) -> JsonObject:
        scenario = self.simulator.scenario
        return {"name": scenario.name, "seed": scenario.seed, "known": list(Fault)}


async def _read_scenario(request: Request) -> Scenario:
    try:
        asked = json.loads(await request.body())
        return Scenario(str(asked["name"]), int(asked.get("seed", 0)))
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError):
        raise invalid('send {"name": "calm", "seed": 0}') from None
    except ValueError as error:
        raise invalid(str(error)) from None


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdigit():
        raise invalid(f"{name}: use a whole number")
    return int(text)
