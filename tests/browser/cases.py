"""What the browser's journeys share: tickets that wait, a worker that writes drafts, and the pulse when a test wants it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from django.db import connection
from playwright.sync_api import Page

from triage.models import Draft, DraftState
from triage.services import drafts

# One Chromium at a time: the machine's cores are for the server too.
IN_BROWSER = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.django_db(transaction=True),
]


@contextmanager
def drafting() -> Iterator[None]:
    """A worker's thread that writes each draft that waits, until the block ends."""
    is_over = Event()

    def work() -> None:
        try:
            while not is_over.is_set():
                for pk in Draft.objects.filter(state=DraftState.QUEUED).values_list(
                    "pk", flat=True
                ):
                    drafts.write(pk)
                is_over.wait(0.05)
        finally:
            connection.close()

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join(15)


def take_pulse(page: Page) -> None:
    """What the page asks for every ten seconds, now."""
    page.wait_for_load_state("networkidle")  # the one that the page takes when it is loaded
    with page.expect_response(lambda response: "/pulse/" in response.url):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def wait_for_text(page: Page, selector: str, *, characters: int) -> str:
    """The text of an element once it has so many characters."""
    page.wait_for_function(
        "([selector, most]) => document.querySelector(selector)?.textContent.length >= most",
        arg=[selector, characters],
    )
    return page.locator(selector).inner_text()


def settled_draft(ticket_id: int, *, seconds: float = 10.0) -> Draft:
    """The ticket's newest draft once nobody writes it any more."""
    ends = time.monotonic() + seconds
    while True:
        draft = Draft.objects.filter(ticket_id=ticket_id).latest("id")
        if not draft.is_underway or time.monotonic() > ends:
            return draft
        time.sleep(0.05)
