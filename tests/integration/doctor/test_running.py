"""All probes at once: in order, in time, without a secret; and the command that shows them."""

import json
from io import StringIO
from time import monotonic, sleep

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from triage.models import ModelLife
from triage.services import doctor
from triage.services.doctor import PROBES, Found, Probe, State
from triage.services.doctor.probing import look, run


def a_probe(name: str, state: State = State.OK, text: str = "Found.", seconds: float = 0) -> Probe:
    def found() -> Found:
        sleep(seconds)
        return Found(state, text)

    return Probe(name, name.capitalize(), found)


def breaks() -> Found:
    raise RuntimeError("postgresql://triage:hunter2hunter2@db/")


def doctor_says(monkeypatch: pytest.MonkeyPatch, *probes: Probe, as_json: bool = False) -> str:
    monkeypatch.setattr(doctor, "PROBES", probes)
    out = StringIO()
    call_command("doctor", "--json", stdout=out) if as_json else call_command("doctor", stdout=out)
    return out.getvalue()


def test_probes_run_at_once_and_keep_their_order() -> None:
    began = monotonic()

    checked = run([a_probe("slow", seconds=0.3), a_probe("slower", seconds=0.3), a_probe("quick")])

    assert monotonic() - began < 0.55
    assert [each.probe.name for each in checked] == ["slow", "slower", "quick"]


def test_a_probe_that_hangs_is_broken_and_holds_up_nobody() -> None:
    began = monotonic()

    hung, well = run([a_probe("hung", seconds=3), a_probe("well")], within_seconds=0.2)

    assert monotonic() - began < 1
    assert (hung.found.state, well.found.state) == (State.BROKEN, State.OK)
    assert "No answer within 0.2 seconds." in hung.found.text


def test_a_probe_that_fails_is_broken_and_its_error_is_not_shown() -> None:
    found = look(Probe("bad", "Bad", breaks))

    assert (found.state, found.text) == (State.BROKEN, "It could not be checked: RuntimeError.")


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "ANTHROPIC_API_KEY", "EMAIL_HOST_PASSWORD", "TRIAGE_METRICS_TOKEN"]
)
def test_no_secret_is_ever_in_what_was_found(name: str, settings: Settings) -> None:
    settings.TRIAGE_SIMULATOR = False
    setattr(settings, name, "sk-ant-hunter2")

    found = look(a_probe("leaky", text="It said sk-ant-hunter2."))

    assert found.text == "It said …."


def test_the_passwords_in_addresses_are_secrets_too(settings: Settings) -> None:
    settings.REDIS_URL = "redis://:hunter2hunter2@redis:6379/0"

    assert look(a_probe("leaky", text="hunter2hunter2")).text == "…"


def test_the_command_shows_each_part_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    text = doctor_says(monkeypatch, a_probe("mail", State.WARNING, "Mails are [printed]."))

    assert "warning" in text
    assert "Mails are [printed]." in text


def test_the_command_fails_where_something_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="broken: Redis") as error:
        doctor_says(monkeypatch, a_probe("well"), a_probe("redis", State.BROKEN))

    assert error.value.returncode == 1


def test_programs_get_json(monkeypatch: pytest.MonkeyPatch) -> None:
    said = json.loads(doctor_says(monkeypatch, a_probe("mail", State.WARNING), as_json=True))

    assert said["state"] == "warning"
    assert said["probes"] == [
        {"name": "mail", "title": "Mail", "state": "warning", "found": "Found.", "fix": ""}
    ]


def test_every_probe_answers_in_time_and_writes_nothing(transactional_db: None) -> None:
    """With a provider that is out of reach and no workers."""
    began = monotonic()

    checked = run(PROBES)

    assert monotonic() - began < 6
    states = {each.probe.name: each.found.state for each in checked}
    assert states["database"] is states["prices"] is states["broker"] is State.OK
    assert states["key"] is states["workers"] is State.BROKEN
    assert not ModelLife.objects.exists()


def test_the_whole_is_as_bad_as_its_worst_part() -> None:
    checked = run([a_probe("a"), a_probe("b", State.WARNING)])

    assert (doctor.worst(checked), doctor.worst([])) == (State.WARNING, State.OK)
