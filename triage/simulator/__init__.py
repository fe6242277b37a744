"""A strict, honest local stand-in for the Claude Messages API.

It speaks the documented wire format and rules, accounts tokens, caching and money by itself, and
answers from the text of the request alone. It knows nothing of the product it serves: no label,
no data, none of its code. Its answers are those of a plain word counter and say nothing about
the quality of Claude.
"""

from triage.simulator.app import build_app
from triage.simulator.remote import RunningSimulator
from triage.simulator.scenarios import Fault
from triage.simulator.scenarios import __doc__ as scenarios_help
from triage.simulator.server import run, running

__all__ = ["Fault", "RunningSimulator", "build_app", "run", "running", "scenarios_help"]
