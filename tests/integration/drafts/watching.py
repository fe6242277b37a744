"""Watching all drafts at once, as an admin's page does."""

import asyncio
import json
from collections.abc import Callable, Collection, Iterator
from contextlib import aclosing
from typing import Any

from asgiref.sync import sync_to_async

from accounts.models import User
from tests import asynchronous
from tests.integration.drafts.cases import WAIT_SECONDS
from triage.admin.dashboards.live_view import Name, Told
from triage.admin.dashboards.live_watch import watch
from triage.models import Channel, Draft
from triage.services import drafts, intake
from triage.services.intake import NewTicket


def propose_for(subject: str, *, by: User) -> Draft:
    """A draft for a ticket of its own."""
    new = NewTicket(description=f"{subject}, please help.", subject=subject, channel=Channel.EMAIL)
    return drafts.propose(intake.receive(new).ticket.pk, by=by)


def watch_until(
    is_enough: Callable[[list[Told]], object],
    *,
    had: Collection[int] = (),
    meanwhile: Callable[[], object] | None = None,
) -> list[Told]:
    """What is told until that is enough; `meanwhile` is done after the first look."""
    return asynchronous.run(_watch(is_enough, had, meanwhile))


async def _watch(
    is_enough: Callable[[list[Told]], object],
    had: Collection[int],
    meanwhile: Callable[[], object] | None,
) -> list[Told]:
    found: list[Told] = []
    async with asyncio.timeout(WAIT_SECONDS), aclosing(watch(had)) as happenings:
        async for told in happenings:
            if told:
                found.append(told)
            if is_enough(found):
                break
            if meanwhile and looked(found):
                await sync_to_async(meanwhile)()
                meanwhile = None
    return found


def looked(found: list[Told]) -> bool:
    """The first look is over."""
    return any(told.name is Name.LOOKED for told in found)


def ended(*expected: Draft) -> Callable[[list[Told]], bool]:
    """The ends of all these were told."""
    wanted = {draft.pk for draft in expected}
    return lambda found: wanted <= {told.data["draft"] for told in of(found, Name.ENDED)}


def of(found: list[Told], name: Name) -> list[Told]:
    return [told for told in found if told.name is name]


def text_of(found: list[Told], draft: Draft) -> str:
    """What a page shows of the draft before it hears of the end."""
    told = [*of(found, Name.OPENED), *of(found, Name.DELTA)]
    return "".join(each.data["text"] for each in told if each.data["draft"] == draft.pk)


def events_in(lines: Iterator[bytes]) -> Iterator[tuple[str, Any]]:
    """Names and data of server-sent events, as they come."""
    name = ""
    for line in lines:
        key, _, value = line.decode().rstrip("\n").partition(": ")
        if key == "event":
            name = value
        elif key == "data":
            yield name, json.loads(value)
