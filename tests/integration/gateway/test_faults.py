"""The cases of `make faults`, with timers a twentieth of the real ones."""

import pytest

from faults import asking
from faults.case import Case
from faults.cases import GROUPS
from faults.judging import broken_promises
from faults.running import run
from faults.timers import SHORT
from triage.simulator import RunningSimulator


@pytest.mark.parametrize("cases", GROUPS.values(), ids=GROUPS)
def test_every_fault_ends_as_promised(
    cases: tuple[Case, ...], transactional_db: None, claude: RunningSimulator
) -> None:
    asking.publish_labels()

    with SHORT.set():
        runs = {case.name: run(case, simulator=claude, timers=SHORT) for case in cases}

    broken = {name: broken_promises(played) for name, played in runs.items()}
    assert {name: said for name, said in broken.items() if said} == {}
