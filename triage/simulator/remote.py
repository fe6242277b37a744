"""A simulator that runs elsewhere, driven over its own routes."""

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection

from triage.simulator.wire import JsonObject

BILL_PAGE = 10_000
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class RunningSimulator:
    """A simulator in a background thread, driven over HTTP."""

    host: str
    port: int

    @property
    def base_url(self) -> str:
        """What an SDK client is given as `base_url`."""
        return f"http://{self.host}:{self.port}"

    def bill(self) -> JsonObject:
        """The whole bill: `{"requests": [...], "totals": {...}}`."""
        rows: list[JsonObject] = []
        after: int | None = 0
        page: JsonObject = {}
        while after is not None:
            page = self._call("GET", f"/bill?after={after}&limit={BILL_PAGE}")
            rows += page["requests"]
            after = page["next"]
        return {"requests": rows, "totals": page["totals"]}

    def set_scenario(self, name: str, seed: int = 0) -> None:
        """Switch to another scenario.

        Raises:
            ValueError: It is unknown.
        """
        self._call("POST", "/scenario", {"name": name, "seed": seed})

    @contextmanager
    def outage(self, name: str, seed: int = 0) -> Iterator[None]:
        """Another scenario within the block; afterwards the one before it, counters at zero."""
        before = self._call("GET", "/scenario")
        self.set_scenario(name, seed)
        try:
            yield
        finally:
            self.set_scenario(before["name"], before["seed"])

    def rows(self, **fields: object) -> list[JsonObject]:
        """The rows of the bill that have these values: `rows(model=..., outcome="answered")`."""
        rows = self.bill()["requests"]
        return [row for row in rows if all(row[name] == fields[name] for name in fields)]

    def wait_until_settled(self, timeout_seconds: float = 10.0) -> JsonObject:
        """The bill as soon as nothing is in flight; lines of a running batch are.

        Raises:
            TimeoutError: Something still is.
        """
        deadline = time.monotonic() + timeout_seconds
        while (bill := self.bill())["totals"]["in_flight"]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{bill['totals']['in_flight']} requests are still in flight")
            time.sleep(POLL_SECONDS)
        return bill

    def reset(self) -> None:
        """Empty the bill, the cache, the batches and the counters."""
        self._call("POST", "/reset")

    def _call(self, method: str, path: str, body: JsonObject | None = None) -> JsonObject:
        with closing(HTTPConnection(self.host, self.port, timeout=30)) as http:
            http.request(method, path, json.dumps(body) if body else None)
            response = http.getresponse()
            answer: JsonObject = json.loads(response.read())
        if response.status >= 400:
            raise ValueError(answer["error"]["message"])
        return answer
