"""Everything a running simulator remembers."""

import asyncio
from dataclasses import dataclass, field

from triage.simulator.batches.batch import Batches
from triage.simulator.bill import Bill
from triage.simulator.caching import PromptCache
from triage.simulator.diagnosing import Prints
from triage.simulator.model_table import CATALOGUE
from triage.simulator.models import Catalogue
from triage.simulator.rates import RateLimits
from triage.simulator.scenarios import Fate, Scenario
from triage.simulator.wire import Clock

SLOW_SECONDS = 2.0


@dataclass(slots=True)
class Pace:
    """How long answers take. `latency_seconds` None: at once, two seconds where `slow`."""

    latency_seconds: float | None = None
    word_seconds: float = 0.0


@dataclass(slots=True)
class Simulator:
    """The state behind one application; used from one event loop."""

    clock: Clock
    pace: Pace
    scenario: Scenario
    bill: Bill = field(init=False)
    cache: PromptCache = field(default_factory=PromptCache)
    prints: Prints = field(default_factory=Prints)
    rates: RateLimits = field(default_factory=RateLimits)
    batches: Batches = field(default_factory=Batches)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.bill = Bill(self.clock)

    @property
    def catalogue(self) -> Catalogue:
        """The models, in the stages the scenario gives them."""
        if not self.scenario.has_stages:
            return CATALOGUE
        return CATALOGUE.aged(self.scenario.stage_of, self.clock())

    def reset(self) -> None:
        """Start afresh: an empty bill and cache, no prints, no batches, the scenario's counters at zero.

        Requests in flight settle on the bill they were opened on; batches at work end unfinished.
        """
        self.bill = Bill(self.clock)
        self.batches.clear()
        self.cache.clear()
        self.prints.clear()
        self.rates.clear()
        self.scenario = Scenario(self.scenario.name, self.scenario.seed)

    def latency_of(self, fate: Fate) -> float:
        """Seconds before a request's first byte of content.

        In a scenario with `slow`, the requests that are not slow are quick.
        """
        latency = self.pace.latency_seconds
        if fate.wait:
            return fate.wait.number(SLOW_SECONDS if latency is None else latency)
        return 0.0 if self.scenario.has_slow else latency or 0.0

    async def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of the server; zero lets others run."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return
