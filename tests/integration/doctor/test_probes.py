"""What each probe says of a part that is well, and of one that is not, and how to mend it."""

import shutil
import smtplib
from collections.abc import Callable
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from django.core.mail.backends.smtp import EmailBackend
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from tests.integration.alerts.cases import attempts_of
from tests.integration.web_cases import add_labels
from triage.exceptions import KeyRejected, ModelNotPriced
from triage.models import Grain, Label, Lifecycle, ModelLife, RollupState
from triage.queue import QUEUES
from triage.services import taxonomy
from triage.services.doctor import State, claude, servers, surroundings
from triage.services.doctor.probing import Found
from triage.services.gateway import client, life
from triage.services.gateway.catalog import HAIKU, HAIKU_4_5, SONNET
from triage.simulator import RunningSimulator

NOWHERE = "http://127.0.0.1:9"
SMTP = surroundings.SMTP


def know_all(**fields: object) -> None:
    """As after `check_models`."""
    for model in life.models_on_routes():
        values = {"lifecycle": Lifecycle.ACTIVE, "checked_at": timezone.now(), **fields}
        ModelLife.objects.update_or_create(model=model, defaults=values)


def test_the_simulator_is_asked_like_the_provider(claude: RunningSimulator, db: None) -> None:
    found = probe_key()

    assert found.state is State.WARNING  # DEBUG is off here: nobody should run so by mistake
    assert "simulator answers in Claude's place" in found.text


def test_a_key_that_works_is_well(claude: RunningSimulator, db: None, settings: Settings) -> None:
    settings.TRIAGE_SIMULATOR = False

    assert probe_key() == Found(State.OK, "The provider accepts the key.")


def test_without_a_key_or_the_simulator_it_is_broken(db: None, settings: Settings) -> None:
    settings.TRIAGE_SIMULATOR, settings.ANTHROPIC_API_KEY = False, ""

    found = probe_key()

    assert (found.state, found.text) == (State.BROKEN, "No key is set.")
    assert "ANTHROPIC_API_KEY" in found.fix


def test_a_provider_out_of_reach_is_broken(db: None, settings: Settings) -> None:
    settings.ANTHROPIC_BASE_URL = NOWHERE

    assert probe_key().state is State.BROKEN


def test_a_rejected_key_is_broken(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def reject(model: str, *, seconds: float) -> None:
        raise KeyRejected("invalid x-api-key")

    monkeypatch.setattr(client, "get_model", reject)

    assert "rejects the key" in probe_key().text


def probe_key() -> Found:
    return claude.key()


def test_models_that_are_served_are_well(db: None) -> None:
    know_all()

    found = claude.models()

    assert (found.state, found.text) == (State.OK, "All 4 are served.")


def test_models_nobody_looked_up_want_a_look(db: None) -> None:
    know_all()
    ModelLife.objects.filter(model=SONNET).delete()

    found = claude.models()

    assert (found.state, found.fix) == (State.WARNING, "python manage.py check_models")
    assert "Sonnet 5.5" in found.text


def test_what_was_looked_up_days_ago_wants_a_look(db: None) -> None:
    know_all(checked_at=timezone.now() - timedelta(days=3))

    assert claude.models().state is State.WARNING


def test_a_retired_model_is_broken_and_one_that_retires_soon_a_warning(db: None) -> None:
    know_all()
    ModelLife.objects.filter(model=HAIKU_4_5).update(retires_at=timezone.now() + timedelta(days=9))
    soon = claude.models()
    ModelLife.objects.filter(model=HAIKU).update(lifecycle=Lifecycle.RETIRED)
    gone = claude.models()

    assert (soon.state, gone.state) == (State.WARNING, State.BROKEN)
    assert "Haiku 4.5 retires on" in soon.text
    assert gone.text == "No longer served: Haiku 5.5."


def test_a_model_without_a_price_is_broken(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    before = claude.prices()

    def unpriced(model: str) -> None:
        raise ModelNotPriced(model)

    monkeypatch.setattr(claude, "card_of", unpriced)

    assert (before.state, claude.prices().state) == (State.OK, State.BROKEN)


def test_a_guide_below_the_first_model_s_floor_is_a_warning(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpublished = claude.cache_floor()
    add_labels()
    short = claude.cache_floor()
    Label.objects.update(examples=["I was charged twice, please look into it. " * 6] * 3)
    taxonomy.publish(by=User.objects.system())
    long = claude.cache_floor()

    states = [unpublished.state, short.state, long.state]
    assert states == [State.WARNING, State.WARNING, State.OK]
    assert "Haiku 5.5 caches from 512 on" in short.text
    assert "examples" in short.fix


@pytest.mark.parametrize(
    ("cached", "state", "words"),
    [(812, State.OK, "cached 812 tokens"), (0, State.WARNING, "none of 20 requests")],
)
def test_what_requests_have_shown_of_the_cache_stands_above_an_estimate(
    cached: int, state: State, words: str, db: None
) -> None:
    add_labels()
    midnight = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    hits = {"cache_hits": 20, "cache_read_tokens": 20 * cached} if cached else {}
    attempts_of(midnight, grain=Grain.DAY, attempts=21, errors=1, **hits)

    found = claude.cache_floor()

    assert (found.state, words in found.text) == (state, True)


def test_a_migrated_database_is_well_and_one_behind_the_code_broken(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = servers.database()
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: [object(), object()])
    behind = servers.database()

    assert well.state is State.OK
    assert well.text.startswith("PostgreSQL 1")
    assert (behind.state, behind.fix) == (State.BROKEN, "python manage.py migrate")
    assert behind.text.startswith("2 migrations")


def test_redis_is_well_where_it_answers_and_broken_where_not(settings: Settings) -> None:
    well = servers.broker()
    settings.REDIS_URL = "redis://somebody:hunter2hunter2@127.0.0.1:9/0"
    gone = servers.broker()

    assert well.state is State.OK
    assert (gone.state, "127.0.0.1:9" in gone.fix) == (State.BROKEN, True)
    assert "hunter2" not in f"{gone.text}{gone.fix}"


@pytest.mark.parametrize(
    ("missing", "state", "words"),
    [
        (set(), State.OK, "2 workers take from bulk, default, drafts, triage."),
        ({"drafts"}, State.BROKEN, "Nobody takes from drafts."),
        (set(QUEUES.values()), State.BROKEN, "Nobody takes from bulk, default, drafts, triage."),
        (None, State.BROKEN, "Redis does not answer"),
    ],
)
def test_a_queue_that_nobody_takes_from_is_broken(
    missing: set[str] | None, state: State, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(*, within_seconds: float) -> dict[str, list[str]] | None:
        if missing is None:
            return None
        return {queue: ["a@host", "b@host"] for queue in set(QUEUES.values()) - missing}

    monkeypatch.setattr(servers, "find_queues", find)

    found = servers.workers()

    assert (found.state, words in found.text) == (state, True)


def test_without_workers_no_queue_is_taken_from() -> None:
    """Asked of the real broker."""
    found = servers.workers()

    assert found.state is State.BROKEN
    assert found.fix == "celery -A config worker -Q bulk,default,drafts,triage"


def test_a_clock_that_stands_still_is_broken(db: None) -> None:
    RollupState.objects.all().delete()
    never = servers.clock()
    state = RollupState.objects.create(refreshed_at=timezone.now())
    runs = servers.clock()
    RollupState.objects.filter(pk=state.pk).update(
        refreshed_at=timezone.now() - timedelta(minutes=20)
    )
    stands = servers.clock()

    assert [never.state, runs.state, stands.state] == [State.WARNING, State.OK, State.BROKEN]
    assert "for 20 minutes" in stands.text


def test_mail_that_is_only_printed_is_a_warning(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

    found = surroundings.mail()

    assert (found.state, "EMAIL_URL" in found.fix) == (State.WARNING, True)


def test_a_mail_server_is_connected_to_and_sent_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = SMTP, "mail.example.com"
    opened: list[int | None] = []
    monkeypatch.setattr(EmailBackend, "open", lambda self: opened.append(self.timeout))
    monkeypatch.setattr(EmailBackend, "send_messages", lambda *_: 1 / 0)

    found = surroundings.mail()

    assert found.state is State.OK
    assert opened == [surroundings.MAIL_SECONDS]


@pytest.mark.parametrize(
    "error",
    [ConnectionRefusedError("refused"), smtplib.SMTPAuthenticationError(535, b"hunter2hunter2")],
)
def test_a_mail_server_that_refuses_is_broken_in_words_of_ours(
    error: OSError, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_BACKEND = SMTP

    def refuse(self: EmailBackend) -> None:
        raise error

    monkeypatch.setattr(EmailBackend, "open", refuse)

    found = surroundings.mail()

    assert found.state is State.BROKEN
    assert "hunter2" not in found.text


def test_a_setting_that_a_system_check_refuses_is_broken(settings: Settings) -> None:
    settings.TRIAGE_THRESHOLD_SUGGEST = 2.0

    found = surroundings.setup()

    assert found.state is State.BROKEN
    assert "triage.E003" in found.text


def test_what_only_production_needs_is_a_warning_there_and_nothing_on_a_laptop(
    settings: Settings,
) -> None:
    there = surroundings.setup()
    settings.DEBUG = True
    here = surroundings.setup()

    assert (there.state, here.state) == (State.WARNING, State.OK)
    assert "security.W" in there.text
    assert "DEBUG is on" in here.text


def test_allowing_every_host_is_a_warning(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]

    assert "ALLOWED_HOSTS" in surroundings.setup().text


@pytest.mark.parametrize(
    ("free", "state"),
    [(5 * 10**9, State.OK), (10**9, State.WARNING), (10**8, State.BROKEN)],
)
def test_a_disk_that_fills_up_is_said_in_time(
    free: int, state: State, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRIAGE_UPLOADS = tmp_path / "not" / "there"
    usage: Callable[[Path], object] = lambda _: type("Usage", (), {"free": free})  # noqa: E731
    monkeypatch.setattr(shutil, "disk_usage", usage)

    assert surroundings.disk().state is state
