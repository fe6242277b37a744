"""One run of the application: servers and children started, kept alive, stopped in order.

Every child leads a session of its own and writes to var/log. A watchdog stops them all should this
process be killed; should that be killed too, the next run does.
"""

import http.client
import os
import socket
import time
import traceback
from collections import defaultdict, deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from config.embedded.claim import Claim, find_holder, try_claim
from config.embedded.crew import Crew
from config.embedded.errors import EmbeddedError, in_words
from config.embedded.log import set_aside
from config.embedded.place import Place, build_lasting, make_state
from config.embedded.process import Program, Rank
from config.embedded.reach import check_database, check_redis
from config.embedded.session import describe_end, find_given, recover, start_missing
from config.supervisor_settings import (
    Address,
    build_environment,
    check_free,
    find_free_port,
    needs_simulator,
    read_address,
    read_environment,
)
from config.supervisor_signals import Interrupted, Interruptions, listening
from config.supervisor_table import BuildTable, Child, Ports, Table

LOOK_SECONDS = 0.2
READY_SECONDS = 180.0
RESTARTS_PER_MINUTE = 5


def run(*, root: Path, build_table: BuildTable) -> int:
    """Run the application until someone asks it to stop; its exit code, never a traceback."""
    with listening() as interruptions:
        try:
            Supervisor(root, build_table=build_table, interruptions=interruptions).run()
        except Interrupted:
            say("stopped")
            return 0
        except EmbeddedError as error:
            complain(f"error: {error}")
        except Exception as error:
            note = root / "var" / "log" / "supervisor.log"
            with suppress(OSError):
                note.write_text(traceback.format_exc())
            complain(f"error: {type(error).__name__}: {error} ({note})")
        return 1


def say(line: str) -> None:
    """Print `line`; that nobody reads any more is no reason to fail."""
    with suppress(OSError):
        os.write(1, f"{line}\n".encode())


def complain(line: str) -> None:
    """Print `line` on standard error."""
    with suppress(OSError):
        os.write(2, f"{line}\n".encode())


class Supervisor:
    """One run in the checkout `root`, of what `build_table` names."""

    def __init__(
        self, root: Path, *, build_table: BuildTable, interruptions: Interruptions
    ) -> None:
        self._root = root
        self._build_table = build_table
        self._pause = interruptions.pause
        self._environment = read_environment(root)
        self._deaths: defaultdict[str, deque[float]] = defaultdict(deque)

    def run(self) -> None:
        """Serve until interrupted.

        Raises:
            Interrupted: Someone asked us to stop; everything has stopped.
            EmbeddedError: It cannot be started, or a child keeps dying; everything has stopped.
        """
        address = read_address(self._environment)
        run = make_state(self._root) / "run"
        with try_claim(run, address=address.url) as claim:
            if not claim:
                raise EmbeddedError(describe_holder(run))
            recover(run)
            check_free(address)
            given = find_given(self._environment)
            place = build_lasting(self._root, needs_postgres="DATABASE_URL" not in given)
            with Crew(place.roster, folders=list(place.temporary)) as crew:
                urls = self._reach_servers(crew, place, given=given, claim=claim)
                self._start(crew, address=address, urls=urls)
                self._keep(crew)

    def _reach_servers(
        self, crew: Crew, place: Place, *, given: dict[str, str], claim: Claim
    ) -> dict[str, str]:
        """Check the servers that are given, start those that are not, and let others know."""
        if "DATABASE_URL" in given:
            check_database(given["DATABASE_URL"], pause=self._pause)
        if "REDIS_URL" in given:
            check_redis(given["REDIS_URL"], pause=self._pause)
        urls = given | start_missing(crew, place, given=given, pause=self._pause)
        claim.announce(database_url=urls["DATABASE_URL"], redis_url=urls["REDIS_URL"])
        return urls

    def _start(self, crew: Crew, *, address: Address, urls: Mapping[str, str]) -> None:
        """Start the table's children, in its order, and say when the application answers."""
        simulator = find_free_port() if needs_simulator(self._environment) else None
        table = self._build_table(Ports(address.host, address.port, simulator))
        env = build_environment(
            self._environment, var=self._root / "var", urls=urls, simulator=simulator
        )
        self._prepare(crew, table, env=env, simulator=simulator)
        for child in table.children:
            crew.start(self._build_program(child, env=env))
        try:
            self._await_web(crew, address=address)
        finally:  # the logins are told once: they must not be lost with a start that fails
            for child in table.setup:
                self._repeat(child)
        say(f"ready: {address.url}")

    def _prepare(
        self, crew: Crew, table: Table, *, env: Mapping[str, str], simulator: int | None
    ) -> None:
        """Start the simulator and run what must have run before the children start."""
        if table.simulator:
            crew.start(self._build_program(table.simulator, env=env))
        for child in table.setup:
            crew.start(self._build_program(child, env=env))
            while child.name not in self._look(crew):
                self._pause(LOOK_SECONDS)
        deadline = time.monotonic() + READY_SECONDS
        while simulator and table.simulator and not is_listening(simulator):
            self._look(crew)
            if time.monotonic() >= deadline:
                raise EmbeddedError("the simulator does not answer")
            self._pause(LOOK_SECONDS)

    def _build_program(self, child: Child, *, env: Mapping[str, str]) -> Program:
        log = self._find_log(child)
        with in_words(f"cannot write {child.name}'s log"):
            set_aside(log)
            if child.is_heard:
                set_aside(log.with_suffix(".out"))
        return Program(
            name=child.name,
            argv=child.argv,
            rank=child.rank,
            env=env,
            cwd=self._root,
            log=log,
            output=log.with_suffix(".out") if child.is_heard else None,
        )

    def _find_log(self, child: Child) -> Path:
        return self._root / "var" / "log" / f"{child.name}.log"

    def _look(self, crew: Crew) -> list[str]:
        """Names of the children that have ended well since the last look.

        Raises:
            EmbeddedError: One that should run on has ended, or one has failed.
        """
        ended = crew.take_ended()
        for program, code in ended:
            if code or program.rank != Rank.SETUP:
                raise EmbeddedError(describe_end(program, code=code))
        return [program.name for program, _ in ended]

    def _await_web(self, crew: Crew, *, address: Address) -> None:
        """Return once the application answers, or raise EmbeddedError."""
        deadline = time.monotonic() + READY_SECONDS
        while reason := find_reason_unhealthy(address):
            self._look(crew)
            if time.monotonic() >= deadline:
                raise EmbeddedError(f"{address.url}/healthz does not answer: {reason}")
            self._pause(LOOK_SECONDS)
        self._look(crew)

    def _repeat(self, child: Child) -> None:
        """Show what a child that is heard has printed."""
        if child.is_heard:
            with suppress(OSError):
                text = self._find_log(child).with_suffix(".out").read_text(errors="replace")
                if text.strip():
                    say(text.strip("\n"))

    def _keep(self, crew: Crew) -> None:
        """Start again what dies, until interrupted or until something dies too often."""
        while True:
            self._pause(LOOK_SECONDS)
            crew.keep_watchdog()
            for program, code in crew.take_ended():
                self._restart(crew, program, code=code)

    def _restart(self, crew: Crew, program: Program, *, code: int) -> None:
        end = describe_end(program, code=code)
        now = time.monotonic()
        deaths = self._deaths[program.name]
        deaths.append(now)
        while deaths[0] < now - 60:
            deaths.popleft()
        if len(deaths) > RESTARTS_PER_MINUTE:
            raise EmbeddedError(f"{end}; it died {len(deaths)} times in a minute, so all stops")
        complain(f"{end}; starting it again")
        crew.start(program)


def describe_holder(run: Path) -> str:
    """One line on the process that has this checkout's servers."""
    holder = find_holder(run)
    if holder and holder.address:
        return f"it already runs, at {holder.address} (process {holder.pid})"
    who = f"process {holder.pid}" if holder else "another process"
    return f"{who} uses this checkout's database at the moment; try again when it is done"


def is_listening(port: int) -> bool:
    """Whether something on the loopback accepts connections at `port`."""
    with socket.socket() as connection:
        connection.settimeout(1)
        return connection.connect_ex(("127.0.0.1", port)) == 0


def find_reason_unhealthy(address: Address) -> str | None:
    """Why /healthz does not answer well, or None if it does."""
    connection = http.client.HTTPConnection(address.reached_at, address.port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return None if status == http.HTTPStatus.OK else f"HTTP {status}"
