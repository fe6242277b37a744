"""What the tests of the fleet share. Each test asks about a model of its own, so nothing needs to be cleared."""

from uuid import uuid4

from tests import processes
from triage.exceptions import AttemptFailed, Overloaded
from triage.services.gateway import fleet
from triage.services.gateway.fleet import Admission, Change

TOKENS = (100, 10)
IN_A_CHILD = """
import sys
import django
django.setup()
from tests.integration.gateway.fleet_cases import admit
for model in sys.argv[1:]:
    print(admit(model).gate)
"""


def new_model() -> str:
    return f"test-{uuid4()}"


def admit(
    model: str,
    *,
    tokens: tuple[int, int] = TOKENS,
    is_interactive: bool = True,
    latency_limit_seconds: float | None = None,
) -> Admission:
    return fleet.admit(
        model,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        is_interactive=is_interactive,
        latency_limit_seconds=latency_limit_seconds,
    )


def succeed(
    model: str,
    *,
    used: tuple[int, int] = TOKENS,
    latency_ms: int = 100,
    rate_limits: dict[str, str] | None = None,
    was_probe: bool = False,
) -> Change:
    return fleet.report_success(
        model,
        estimated=TOKENS,
        used=used,
        latency_ms=latency_ms,
        rate_limits=rate_limits or {},
        was_probe=was_probe,
    )


def fail(
    model: str, error: AttemptFailed | None = None, *, times: int = 1, was_probe: bool = False
) -> list[Change]:
    failed = error or Overloaded("Overloaded")
    return [
        fleet.report_failure(model, failed, estimated=TOKENS, was_probe=was_probe)
        for _ in range(times)
    ]


def gates_elsewhere(*models: str) -> list[str]:
    """What another process is told about `models`."""
    child = processes.start("-c", IN_A_CHILD, *models)
    output, _ = child.communicate(timeout=30)
    assert child.returncode == 0, output
    return output.split()
