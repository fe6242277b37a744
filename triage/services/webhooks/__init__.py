"""Webhooks: events told to others' servers, signed by the Standard Webhooks scheme, retried for a day, with a log of every try.

Lower layers write events; `tell` makes a delivery of each for every webhook that wants it, and `deliver_due` sends what is due,
one webhook's deliveries one after the other and each webhook apart from the others. A delivery may arrive more than once,
always under the same `webhook-id`; the order is that of the events as long as nothing has to be retried.
"""

from triage.services.webhooks.delivering import deliver_due
from triage.services.webhooks.managing import (
    KINDS,
    Changes,
    change,
    check,
    create,
    delete,
    redeliver,
    rotate_secret,
    send_test,
)
from triage.services.webhooks.pruning import prune
from triage.services.webhooks.telling import tell

__all__ = [
    "KINDS",
    "Changes",
    "change",
    "check",
    "create",
    "delete",
    "deliver_due",
    "prune",
    "redeliver",
    "rotate_secret",
    "send_test",
    "tell",
]
