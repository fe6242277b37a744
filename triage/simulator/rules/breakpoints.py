"""Cache breakpoints: at most four, well formed, longer TTLs first."""

from collections.abc import Iterator

from triage.simulator.errors import invalid
from triage.simulator.prompt import content_blocks, prompt_blocks
from triage.simulator.wire import JsonObject

MAX_BREAKPOINTS = 4
TTLS = ("5m", "1h")


def check_breakpoints(body: JsonObject) -> None:
    """Refuse malformed, surplus or misordered `cache_control` (400)."""
    for path, holder in _holders(body):
        if holder.get("cache_control") is not None:
            _check_control(path, holder["cache_control"])
    _check_number(body)
    _check_order(body)


def _holders(body: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Everything that may carry `cache_control`, with its path."""
    yield "", body
    for index, tool in enumerate(body.get("tools") or ()):
        yield f"tools.{index}.", tool
    for index, block in enumerate(content_blocks(body.get("system") or ())):
        yield f"system.{index}.", block
    for number, message in enumerate(body["messages"]):
        for index, block in enumerate(content_blocks(message["content"])):
            yield f"messages.{number}.content.{index}.", block


def _check_control(path: str, control: object) -> None:
    where = f"{path}cache_control"
    if not isinstance(control, dict):
        raise invalid(f"{where}: Input should be a valid dictionary")
    if control.get("type") != "ephemeral":
        raise invalid(f"{where}.type: Input should be 'ephemeral'")
    if control.get("ttl", "5m") not in TTLS:
        raise invalid(f"{where}.ttl: Input should be '5m' or '1h'")
    for name in control:
        if name not in ("type", "ttl"):
            raise invalid(f"{where}.{name}: Extra inputs are not permitted")


def _check_number(body: JsonObject) -> None:
    """A top-level `cache_control` takes one of the four places."""
    found = sum(holder.get("cache_control") is not None for _, holder in _holders(body))
    if found > MAX_BREAKPOINTS:
        raise invalid(
            f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. "
            f"Found {found}."
        )


def _check_order(body: JsonObject) -> None:
    has_short = False
    for block in prompt_blocks(body):
        if block.ttl == "1h" and has_short:
            raise invalid(
                f"{block.path}.cache_control.ttl: a ttl='1h' block must not come after a "
                "ttl='5m' block (order: tools, system, messages)"
            )
        has_short = has_short or block.ttl == "5m"
