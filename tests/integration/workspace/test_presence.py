"""Who is at a ticket is known to the others for half a minute, and to nobody while Redis is down."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from pytest_django import Settings

from accounts.models import User
from tests.integration.test_recovery import PrivateRedis
from triage.services import presence
from triage.services.gateway.fleet.connection import get_redis
from triage.services.gateway.fleet.outage import Outage
from triage.services.presence import Viewer

TICKET, OTHER = 4_711, 4_712


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr(presence, "_outage", Outage("a test"))
    get_redis().delete(*(f"triage:presence:{number}" for number in (TICKET, OTHER)))


@pytest.fixture
def no_redis(settings: Settings, tmp_path: Path, fresh: None) -> PrivateRedis:
    redis = PrivateRedis(tmp_path)
    default = {**configured.CACHES["default"], "LOCATION": redis.url}
    settings.CACHES = {**configured.CACHES, "default": default}
    return redis


def test_one_sees_the_others_and_not_oneself(alice: User, bob: User) -> None:
    alone = presence.note_presence(TICKET, by=alice)

    others = presence.note_presence(TICKET, by=bob, is_typing=True)

    assert alone == ()
    assert others == (Viewer(alice.pk, "Alice", "A", is_typing=False),)
    assert presence.note_presence(TICKET, by=alice) == (Viewer(bob.pk, "Bob", "B", is_typing=True),)


def test_the_queue_sees_who_is_at_each_ticket_by_name(alice: User, bob: User) -> None:
    for user in (bob, alice):
        presence.note_presence(TICKET, by=user)

    seen = presence.viewers_of([TICKET, OTHER, TICKET])

    assert list(seen) == [TICKET]
    assert [viewer.name for viewer in seen[TICKET]] == ["Alice", "Bob"]


def test_who_stops_typing_is_no_longer_shown_as_typing(alice: User) -> None:
    presence.note_presence(TICKET, by=alice, is_typing=True)
    presence.note_presence(TICKET, by=alice)

    assert [viewer.is_typing for viewer in presence.viewers_of([TICKET])[TICKET]] == [False]


def test_who_leaves_is_gone_at_once(alice: User, bob: User) -> None:
    presence.note_presence(TICKET, by=alice)

    presence.leave(TICKET, by=alice)

    assert presence.note_presence(TICKET, by=bob) == ()


def test_who_is_not_heard_of_is_gone_and_cleared_away(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "PRESENT_SECONDS", 0)
    presence.note_presence(OTHER, by=alice)
    key = f"triage:presence:{TICKET}"
    get_redis().hset(key, str(alice.pk), '{"name":"Alice","is_typing":false,"until_second":1}')
    monkeypatch.setattr(presence, "PRESENT_SECONDS", 30)

    seen = presence.viewers_of([TICKET, OTHER])
    others = presence.note_presence(TICKET, by=bob)

    assert (seen, others) == ({}, ())
    assert get_redis().hkeys(key) == [str(bob.pk).encode()]


def test_nothing_is_kept_of_a_ticket_for_longer_than_half_a_minute(alice: User) -> None:
    presence.note_presence(TICKET, by=alice)

    assert 0 < get_redis().ttl(f"triage:presence:{TICKET}") <= presence.PRESENT_SECONDS


def test_all_tickets_of_a_page_are_asked_for_in_one_round_trip(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    presence.note_presence(TICKET, by=alice)
    pipelines = _counting_pipelines(monkeypatch)

    presence.viewers_of(range(TICKET, TICKET + 50))

    assert pipelines == [51]


def test_without_redis_nobody_is_shown_and_nothing_raises(
    no_redis: PrivateRedis, alice: User
) -> None:
    assert presence.note_presence(TICKET, by=alice) == ()
    assert presence.viewers_of([TICKET]) == {}
    presence.leave(TICKET, by=alice)


def test_no_ticket_needs_no_redis(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "get_redis", None)

    assert presence.viewers_of([]) == {}


def _counting_pipelines(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many commands each pipeline that is executed has."""
    kind = type(get_redis().pipeline())
    seen: list[int] = []
    execute = kind.execute

    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(len(self.command_stack))
        return execute(self, *args, **kwargs)

    monkeypatch.setattr(kind, "execute", counted)
    return seen
