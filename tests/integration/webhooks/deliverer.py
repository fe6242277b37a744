"""A worker's process: `python -m tests.integration.webhooks.deliverer WEBHOOK LEASE_SECONDS` sends what is due."""

import sys

import django

django.setup()

from triage.services import webhooks  # noqa: E402
from triage.services.webhooks import claims  # noqa: E402

if __name__ == "__main__":
    claims.LEASE_SECONDS = float(sys.argv[2])
    webhooks.deliver_due(int(sys.argv[1]))
