"""The process that a trial's workers are forked from: `python -m faults.trials_crew TIMERS`.

Reads one job a line, as JSON, and answers `{"started": pid}`; a worker prints one line a call. It opens no connection and
starts no thread of its own, so that its children may.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from uuid import uuid4

import django

django.setup()

from accounts.models import User  # noqa: E402
from faults.trials_processes import Job, Outcome  # noqa: E402
from triage.exceptions import GatewayError  # noqa: E402
from triage.models import Feature  # noqa: E402
from triage.services import gateway  # noqa: E402
from triage.services.classification.answer import answer_schema  # noqa: E402
from triage.services.gateway import About, Request  # noqa: E402
from triage.services.gateway.catalog import CATALOG  # noqa: E402
from triage.services.gateway.client import sdk  # noqa: E402
from triage.services.gateway.pricing import card_of  # noqa: E402

ABOUT = "trial"  # the kind; the id is the worker's process id
GUIDE = "Sort the ticket by what the customer needs done, not by its mood."


def main(timers: Mapping[str, float]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    for place, seconds in timers.items():
        module, _, name = place.partition(".")
        setattr(import_module(f"triage.services.gateway.{module}"), name, seconds)
    warm_up()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            work(Job(**json.loads(line)))
            os._exit(0)
        say({"started": pid})


def warm_up() -> None:
    """What a worker would spend its first tenth of a second on; nothing is connected."""
    sdk.client()
    for model in CATALOG:
        card_of(model)


def work(job: Job) -> None:
    by = User.objects.get(pk=job.by_id) if job.by_id else User.objects.system()
    with ThreadPoolExecutor(job.threads) as threads:
        if job.is_endless:
            list(threads.map(lambda _: ask_for_ever(by), range(job.threads)))
        else:
            list(threads.map(lambda text: ask(text, by=by), job.texts))


def ask_for_ever(by: User) -> None:
    while True:
        ask(str(uuid4()), by=by)


def ask(text: str, *, by: User) -> None:
    """One governed call; how it ended is printed, whatever it was."""
    started = time.monotonic()
    ended: dict[str, str] = {}
    try:
        reply = gateway.ask(
            build_request(text),
            feature=Feature.CLASSIFY,
            by=by,
            about=About(ABOUT, str(os.getpid())),
        )
        ended = {
            "obtained": reply.obtained,
            "text": reply.text,
            "model_served": reply.model_served,
        }
    except GatewayError as error:
        ended = {"error": error.code, "message": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever it is, the trial must hear of it
        ended = {"error": type(error).__name__, "message": repr(error)[:1000]}
    seconds = time.monotonic() - started
    outcome = Outcome(os.getpid(), seconds, time.time(), **ended)
    say({name: getattr(outcome, name) for name in outcome.__slots__})


def build_request(text: str) -> Request:
    """Too short a prefix to be cached: equally long texts cost the same."""
    return Request(
        system=GUIDE,
        content=(f"<ticket>Order {text} arrived broken.</ticket>", "Sort the ticket above."),
        max_tokens=200,
        schema=answer_schema(("refund", "login")),
    )


def say(what: Mapping[str, object]) -> None:
    """One line in one write, so that the workers' lines never mix."""
    os.write(sys.stdout.fileno(), (json.dumps(what) + "\n").encode())


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
