"""What people do with webhooks: add, change, rotate, delete, test, and send a delivery once more."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from triage.exceptions import Conflict, InvalidInput
from triage.models import Alert, AlertKind, Delivery, DeliveryState, Event, EventKind, Webhook
from triage.queue import TaskName, enqueue
from triage.services.intake.cleaning import shortened
from triage.services.webhooks import addresses, switching
from triage.services.webhooks.addresses import AddressRefused, HostUnknown
from triage.services.webhooks.bodies import build_test_body
from triage.services.webhooks.signing import new_secret
from triage.services.webhooks.targets import parse
from triage.services.webhooks.telling import GIVES_UP_AFTER, new_message_id

log = structlog.get_logger(__name__)

# What a webhook may ask for; tests come without asking.
KINDS = tuple(kind for kind in EventKind if kind is not EventKind.WEBHOOK_TEST)
OLD_SECRET_SIGNS = timedelta(hours=24)
DESCRIPTION_MAX_CHARACTERS = 200
LOOKUP_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What to set; None leaves it as it is."""

    url: str | None = None
    kinds: Iterable[str] | None = None
    description: str | None = None
    is_active: bool | None = None


def check(*, url: str, kinds: Iterable[str]) -> None:
    """Raises InvalidInput where `create` and `change` would. Looks the host up."""
    _checked_url(url)
    _checked_kinds(kinds)


def create(
    url: str, *, kinds: Iterable[str], by: User, description: str = ""
) -> tuple[Webhook, str]:
    """A webhook that is told of `kinds` from now on, and its secret, which is shown this once.

    Raises:
        InvalidInput: The address may not be asked, or an event is unknown; nothing is saved.
    """
    secret = new_secret()
    webhook = Webhook.objects.create(
        url=_checked_url(url),
        kinds=_checked_kinds(kinds),
        description=_cleaned(description),
        secret=secret,
        by=by,
    )
    return webhook, secret


def change(webhook_id: int, changes: Changes, *, by: User) -> Webhook:
    """The webhook as changed. Switched off, it gives up what waits; switched on, it begins with new events.

    Raises:
        Webhook.DoesNotExist: There is no such webhook.
        InvalidInput: A value is unusable; nothing is saved.
    """
    url = None if changes.url is None else _checked_url(changes.url)
    kinds = None if changes.kinds is None else _checked_kinds(changes.kinds)
    with transaction.atomic():
        webhook = _locked(webhook_id)
        if url is not None and url != webhook.url:
            webhook.url, webhook.failing_since = url, None
        if kinds is not None:
            webhook.kinds = kinds
        if changes.description is not None:
            webhook.description = _cleaned(changes.description)
        webhook.save()
        if changes.is_active is not None and changes.is_active != webhook.is_active:
            _switch(webhook, is_active=changes.is_active, by=by)
    return webhook


def rotate_secret(webhook_id: int, *, by: User) -> tuple[Webhook, str]:
    """The webhook and its new secret, which is shown this once; the old one signs too for another day.

    Raises:
        Webhook.DoesNotExist: There is no such webhook.
    """
    secret = new_secret()
    with transaction.atomic():
        webhook = _locked(webhook_id)
        webhook.old_secret = webhook.secret
        webhook.old_secret_until = timezone.now() + OLD_SECRET_SIGNS
        webhook.secret = secret
        webhook.save()
    log.info("a webhook's secret was rotated", webhook=webhook_id, by=by.pk)
    return webhook, secret


def delete(webhook_id: int, *, by: User) -> None:
    """Delete the webhook with its log; what waits is not sent.

    Raises:
        Webhook.DoesNotExist: There is no such webhook.
    """
    with transaction.atomic():
        webhook = _locked(webhook_id)
        Alert.objects.resolve(AlertKind.WEBHOOK_DISABLED, scope=switching.scope_of(webhook))
        webhook.delete()
    log.info("a webhook was deleted", webhook=webhook_id, by=by.pk)


def send_test(webhook_id: int, *, by: User) -> Delivery:
    """A delivery of the kind `webhook.test`, sent soon and tried once, also where the webhook is switched off.

    Raises:
        Webhook.DoesNotExist: There is no such webhook.
    """
    with transaction.atomic():
        webhook = _locked(webhook_id)
        event = Event.objects.create(
            kind=EventKind.WEBHOOK_TEST, about_id=webhook_id, by=by, is_told=True
        )
        delivery = Delivery.objects.create(
            webhook=webhook,
            event=event,
            message_id=new_message_id(),
            body=build_test_body(event, webhook_id=webhook_id, description=webhook.description),
            due_at=Now(),
            gives_up_at=Now(),
        )
        enqueue(TaskName.DELIVER_WEBHOOKS, webhook_id)
    delivery.refresh_from_db()
    return delivery


def redeliver(delivery_id: int, *, by: User) -> Delivery:
    """Send a delivery once more: the same bytes under the same id, for a new round of 24 hours.

    Raises:
        Delivery.DoesNotExist: There is no such delivery.
        Conflict: Its webhook is switched off.
    """
    with transaction.atomic():
        webhook = _locked(Delivery.objects.values_list("webhook_id").get(pk=delivery_id)[0])
        delivery = Delivery.objects.select_for_update(of=("self",)).get(pk=delivery_id)
        if not webhook.is_active:
            raise Conflict("The webhook is switched off. Switch it on first.")
        delivery.state = DeliveryState.PENDING
        delivery.tries = 0
        delivery.due_at = Now()
        delivery.gives_up_at = Now() + GIVES_UP_AFTER
        delivery.finished_at = None
        delivery.save(update_fields=["state", "tries", "due_at", "gives_up_at", "finished_at"])
        enqueue(TaskName.DELIVER_WEBHOOKS, webhook.pk)
    log.info("a delivery is sent once more", delivery=delivery_id, by=by.pk)
    delivery.refresh_from_db()
    return delivery


def _locked(webhook_id: int) -> Webhook:
    return Webhook.objects.select_for_update(of=("self",)).get(pk=webhook_id)


def _switch(webhook: Webhook, *, is_active: bool, by: User) -> None:
    if is_active:
        switching.switch_on(webhook)
    else:
        switching.switch_off(webhook, f"Switched off by {by}.")


def _checked_url(url: str) -> str:
    """As it is stored. A name that stands for nothing today may do so tomorrow: each delivery looks again."""
    target = parse(url)
    try:
        addresses.find_allowed(target.host, within_seconds=LOOKUP_SECONDS)
    except AddressRefused as error:
        raise InvalidInput("url", "leads to a private, local or reserved address") from error
    except HostUnknown:
        log.info("a webhook's host is not known yet", host=target.host)
    return target.url


def _checked_kinds(kinds: Iterable[str]) -> list[str]:
    """Each once, in the order of the list of events."""
    wanted = set(kinds)
    unknown = wanted - set(KINDS)
    if unknown:
        raise InvalidInput("kinds", f"there is no event {min(unknown)[:60]!r}")
    if not wanted:
        raise InvalidInput("kinds", "name at least one event")
    return [kind.value for kind in KINDS if kind in wanted]


def _cleaned(description: str) -> str:
    return shortened(description, most=DESCRIPTION_MAX_CHARACTERS)
