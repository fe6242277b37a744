"""The cast (Alice an agent, Bob an admin, Charlie an integration without the workspace) and the simulator."""

import gc
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import Role, User, users
from triage import queue
from triage.models import events
from triage.services import experiments, masking
from triage.services.classification import calibrating, stage_0
from triage.services.gateway import alarms, prompts, routes
from triage.simulator import RunningSimulator, running

PASSWORD = "correct horse battery"


def pytest_collection_finish() -> None:
    """Thousands of collected tests are not looked through again by the garbage collector, which would stop every thread for
    longer than the short time limits that tests give the simulator."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Threads and killed children may still hold connections, and a database in use cannot be dropped."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def fresh_process_state() -> None:
    """What a process may remember, forgotten: each test has its own rows."""
    users._system_user.cache_clear()
    queue._Pause.until = 0.0
    events._Nudged.until = 0.0
    routes.forget()
    alarms._Noted.windows.clear()
    prompts._Written.guides.clear()
    masking.forget()
    experiments.forget()
    stage_0.forget()
    calibrating.forget()


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """Hashing is slow on purpose; nothing here tests how slow."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def empty_cache(request: pytest.FixtureRequest) -> None:
    if {"db", "transactional_db"} & set(request.fixturenames):
        cache.clear()


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice@example.com", PASSWORD, name="Alice", role=Role.AGENT)


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob@example.com", PASSWORD, name="Bob", role=Role.ADMIN)


@pytest.fixture
def charlie(db: None) -> User:
    return User.objects.create_user(
        "charlie@example.com", PASSWORD, name="Charlie", role=Role.INTEGRATION
    )


@pytest.fixture
def as_alice(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def as_bob(client: Client, bob: User) -> Client:
    client.force_login(bob)
    return client


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[RunningSimulator]:
    with running() as simulator:
        yield simulator


@pytest.fixture
def claude(running_simulator: RunningSimulator, settings: Settings) -> RunningSimulator:
    """The simulator, calm and with an empty bill, in Claude's place."""
    running_simulator.reset()
    running_simulator.set_scenario("calm", 0)
    settings.ANTHROPIC_BASE_URL = running_simulator.base_url
    return running_simulator
