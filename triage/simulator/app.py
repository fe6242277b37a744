"""The simulator as an ASGI application."""

import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from triage.simulator import errors
from triage.simulator.batches.endpoint import build_routes
from triage.simulator.bill import new_request_id
from triage.simulator.catalogue import ModelsEndpoint
from triage.simulator.control import ControlEndpoint
from triage.simulator.messages import CountTokensEndpoint, MessagesEndpoint
from triage.simulator.scenarios import Scenario
from triage.simulator.state import Pace, Simulator
from triage.simulator.wire import Clock


def build_app(
    *,
    scenario: str = "calm",
    seed: int = 0,
    latency_ms: int | None = None,
    word_ms: int = 0,
    clock: Clock = time.time,
) -> Starlette:
    """An application with a bill, a cache and a scenario of its own.

    The scenarios `reset`, `cut` and `batchlost` need the server of `run` or `running`.

    Args:
        latency_ms: Time before the first content of every answer; in a scenario with `slow`, of
            the slow ones alone. None: none, and 2,000 for slow ones.
        word_ms: Time between two words of a stream.
        clock: Unix seconds; cache lifetimes, retirements and the bill follow it.

    Raises:
        ValueError: The scenario is unknown.
    """
    latency = None if latency_ms is None else latency_ms / 1_000
    simulator = Simulator(clock, Pace(latency, word_ms / 1_000), Scenario(scenario, seed))
    app = Starlette(routes=_routes(simulator), exception_handlers={404: _unknown, 405: _unknown})
    app.state.simulator = simulator
    return app


def _routes(simulator: Simulator) -> list[Route]:
    models, control = ModelsEndpoint(simulator), ControlEndpoint(simulator)
    counting = CountTokensEndpoint(simulator)
    return [
        Route("/v1/messages", MessagesEndpoint(simulator), methods=["POST"]),
        Route("/v1/messages/count_tokens", counting, methods=["POST"]),
        *build_routes(simulator),
        Route("/v1/models", models.list, methods=["GET"]),
        Route("/v1/models/{model_id}", models.retrieve, methods=["GET"]),
        Route("/bill", control.bill, methods=["GET"]),
        Route("/scenario", control.show_scenario, methods=["GET"]),
        Route("/scenario", control.set_scenario, methods=["POST"]),
        Route("/reset", control.reset, methods=["POST"]),
    ]


async def _unknown(request: Request, _: Exception) -> JSONResponse:
    where = f"{request.method} {request.url.path}"
    return errors.not_found(f"the simulator has no {where}").response(new_request_id())
