"""Secrets and signatures by the Standard Webhooks scheme: `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,…`.

A signature is the base64 of HMAC-SHA256 over `id.timestamp.body`. For a day after a rotation the header carries two of them,
by the new secret and by the old one; a receiver accepts a message if one fits.
"""

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from secrets import token_bytes

from standardwebhooks import Webhook as Signer

from triage.models import Webhook

SECRET_BYTES = 32
PREFIX = "whsec_"


def new_secret() -> str:
    return PREFIX + b64encode(token_bytes(SECRET_BYTES)).decode()


def secrets_of(webhook: Webhook, *, at: datetime) -> list[str]:
    """The secrets that sign at that time, the current one first."""
    is_old_valid = webhook.old_secret_until is not None and at < webhook.old_secret_until
    return [webhook.secret, webhook.old_secret] if is_old_valid else [webhook.secret]


def build_headers(
    message_id: str, body: str, *, secrets: Sequence[str], at: datetime
) -> dict[str, str]:
    """The three headers of one try; `at` is the try's time, so that a late retry is no replay."""
    signed = [Signer(secret).sign(message_id, at.astimezone(UTC), body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signed),
    }
