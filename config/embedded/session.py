"""Servers for the length of a block: what the environment does not name is started and stopped."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dotenv import dotenv_values

from config.embedded import postgres, redis
from config.embedded.claim import Holder, Pause, find_holder, try_claim
from config.embedded.crew import Crew, clean_up_after
from config.embedded.errors import EmbeddedError, in_words
from config.embedded.log import find_telling_line, read_tail, set_aside
from config.embedded.place import Place, build_lasting, build_throwaway, make_state
from config.embedded.process import Program
from config.embedded.roster import load_roster

NAMES = ("DATABASE_URL", "REDIS_URL")
START_SECONDS = 90.0  # PostgreSQL may have a crash to recover from
JOIN_SECONDS = 30.0
RETRY_SECONDS = 0.05


@contextmanager
def servers(*, root: Path, throwaway: bool = False) -> Iterator[dict[str, str]]:
    """DATABASE_URL and REDIS_URL, set in `os.environ` for the block; a missing server is started.

    Both are taken from the environment, then (unless `throwaway`) from `root/.env`, then from a
    live process that serves this checkout, else started and stopped at the end. `throwaway` keeps
    nothing on disk and shares nothing: for tests.

    Raises:
        EmbeddedError: A server could not be started.
    """
    given = find_given(os.environ if throwaway else {**read_dotenv(root), **os.environ})
    with ExitStack() as stack:
        found = given
        if len(given) < len(NAMES):
            make = serve_throwaway if throwaway else serve_lasting
            found = stack.enter_context(make(root, given))
        stack.enter_context(in_environment(found))
        yield found


def read_dotenv(root: Path) -> dict[str, str]:
    """The settings in the checkout's `.env`, if it has one."""
    return {name: value for name, value in dotenv_values(root / ".env").items() if value}


def find_given(environment: Mapping[str, str]) -> dict[str, str]:
    """The servers' URLs that are set; an empty one is not."""
    return {name: environment[name] for name in NAMES if environment.get(name)}


@contextmanager
def in_environment(values: dict[str, str]) -> Iterator[None]:
    """Set `values` in `os.environ`, and put back what was there."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def serve_throwaway(_root: Path, given: dict[str, str]) -> Iterator[dict[str, str]]:
    """`given` and what it lacks, in temporary folders."""
    place = build_throwaway(needs_postgres=NAMES[0] not in given)
    with Crew(place.roster, folders=list(place.temporary)) as crew:
        yield given | start_missing(crew, place, given=given, throwaway=True)


@contextmanager
def serve_lasting(root: Path, given: dict[str, str]) -> Iterator[dict[str, str]]:
    """`given` and what it lacks, with the checkout's data: started, or joined if served already."""
    run = make_state(root) / "run"
    deadline = time.monotonic() + JOIN_SECONDS
    while True:
        with try_claim(run) as claim:
            if claim:
                recover(run)
                place = build_lasting(root, needs_postgres=NAMES[0] not in given)
                with Crew(place.roster, folders=list(place.temporary)) as crew:
                    found = given | start_missing(crew, place, given=given)
                    claim.announce(database_url=found[NAMES[0]], redis_url=found[NAMES[1]])
                    yield found
                return
        holder = find_holder(run)
        if holder and holder.database_url:
            yield join(holder) | given
            return
        if time.monotonic() >= deadline:
            raise EmbeddedError("another process of this checkout is starting and does not get on")
        time.sleep(RETRY_SECONDS)


def join(holder: Holder) -> dict[str, str]:
    """The URLs of the servers another process runs."""
    return {"DATABASE_URL": holder.database_url, "REDIS_URL": holder.redis_url}


def recover(run: Path) -> None:
    """Stop and remove what a killed run of this checkout has left."""
    left = load_roster(run / "roster.json")
    if left:
        clean_up_after(left)


def start_missing(
    crew: Crew,
    place: Place,
    *,
    given: dict[str, str],
    throwaway: bool = False,
    pause: Pause = time.sleep,
) -> dict[str, str]:
    """Start the servers `given` lacks, Redis and PostgreSQL; their URLs, once they answer.

    Raises:
        EmbeddedError: One could not be started; the line gives its reason.
    """
    started: dict[str, str] = {}
    if "DATABASE_URL" not in given:
        program = postgres.prepare(place, throwaway=throwaway)
        start(crew, program, find_reason=lambda: postgres.find_reason_unready(place), pause=pause)
        started["DATABASE_URL"] = postgres.build_url(place)
    if "REDIS_URL" not in given:
        program = redis.prepare(place)
        start(crew, program, find_reason=lambda: redis.find_reason_unready(place), pause=pause)
        started["REDIS_URL"] = redis.build_url(place)
    return started


def start(
    crew: Crew, program: Program, *, find_reason: Callable[[], str | None], pause: Pause
) -> None:
    """Start a server and return once it answers.

    Raises:
        EmbeddedError: It ended, or did not answer in time.
    """
    with in_words(f"cannot write {program.name}'s log"):
        set_aside(program.log)
    crew.start(program)
    deadline = time.monotonic() + START_SECONDS
    while reason := find_reason():
        for ended, code in crew.take_ended():
            raise EmbeddedError(describe_end(ended, code=code))
        if time.monotonic() >= deadline:
            raise EmbeddedError(f"{program.name} does not answer: {reason} ({program.log})")
        pause(RETRY_SECONDS)


def describe_end(program: Program, *, code: int) -> str:
    """One line on a program that ended though it should not: its exit code, its reason, its log."""
    how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    reason = find_telling_line(read_tail(program.log))
    return f"{program.name} {how}: {reason} ({program.log})"
