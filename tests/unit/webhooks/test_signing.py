"""Signatures, read by the scheme's own library as a receiver would."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
import time_machine
from standardwebhooks import Webhook as Receiver
from standardwebhooks import WebhookVerificationError

from triage.models import Webhook
from triage.services.webhooks.signing import build_headers, new_secret, secrets_of

NOW = datetime.now(UTC)
BODY = '{"type":"ticket.created","data":{"subject":"Überweisung – 5 €"}}'
ID = "msg_1"


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    """Receivers look at the clock: a signature is good for five minutes."""
    with time_machine.travel(NOW, tick=False):
        yield


def test_a_signature_is_that_of_the_published_example() -> None:
    headers = build_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        '{"test": 2432232314}',
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        at=datetime.fromtimestamp(1614265330, UTC),
    )

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_receiver_accepts_what_is_signed() -> None:
    secret = new_secret()

    headers = build_headers(ID, BODY, secrets=[secret], at=NOW)

    assert Receiver(secret).verify(BODY, headers)["type"] == "ticket.created"


def test_the_clock_of_another_zone_signs_the_same() -> None:
    secret = new_secret()
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert build_headers(ID, BODY, secrets=[secret], at=elsewhere) == build_headers(
        ID, BODY, secrets=[secret], at=NOW
    )


@pytest.mark.parametrize("part", ["body", "webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_receiver_refuses_what_was_tampered_with(part: str) -> None:
    secret = new_secret()
    headers = build_headers(ID, BODY, secrets=[secret], at=NOW)
    others = {
        "webhook-id": "msg_2",
        "webhook-timestamp": str(int(NOW.timestamp()) - 1),
        "webhook-signature": build_headers(ID, BODY, secrets=[new_secret()], at=NOW)[
            "webhook-signature"
        ],
    }
    body = BODY.replace("5 €", "500 €") if part == "body" else BODY
    if part != "body":
        headers[part] = others[part]

    with pytest.raises(WebhookVerificationError):
        Receiver(secret).verify(body, headers)


def test_a_receiver_refuses_what_is_replayed_later() -> None:
    secret = new_secret()
    headers = build_headers(ID, BODY, secrets=[secret], at=NOW - timedelta(minutes=6))

    with pytest.raises(WebhookVerificationError, match="too old"):
        Receiver(secret).verify(BODY, headers)


def test_while_both_secrets_are_valid_either_verifies() -> None:
    old, new = new_secret(), new_secret()

    headers = build_headers(ID, BODY, secrets=[new, old], at=NOW)

    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        assert Receiver(secret).verify(BODY, headers)


def test_the_old_secret_signs_until_its_time_is_over() -> None:
    webhook = Webhook(secret="new", old_secret="old", old_secret_until=NOW)

    assert secrets_of(webhook, at=NOW - timedelta(seconds=1)) == ["new", "old"]
    assert secrets_of(webhook, at=NOW) == ["new"]
    assert secrets_of(Webhook(secret="only"), at=NOW) == ["only"]


def test_secrets_are_of_32_random_bytes() -> None:
    made = {new_secret() for _ in range(50)}

    assert len(made) == 50
    assert all(secret.startswith("whsec_") and len(secret) == 6 + 44 for secret in made)
