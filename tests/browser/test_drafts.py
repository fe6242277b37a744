"""A draft in the browser: it streams, breaks, goes on, is stopped, is read from two tabs and goes stale."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django import Settings

from accounts.models import User
from tests.browser.cases import (
    IN_BROWSER,
    drafting,
    settled_draft,
    take_pulse,
    wait_for_text,
)
from tests.browser.conftest import log_in
from tests.integration.drafts.conftest import talking, talking_simulator, ticket
from triage.models import Call, DraftState, Message, Ticket
from triage.models.tickets import AuthorKind
from triage.services import tickets
from triage.simulator import RunningSimulator

__all__ = ["talking", "talking_simulator", "ticket"]
pytestmark = IN_BROWSER
TEXT = "#draft .draft-text"


@pytest.fixture(autouse=True)
def worker(transactional_db: None, settings: Settings) -> Iterator[None]:
    settings.TRIAGE_STREAM_BYTE_SECONDS = 1.0
    settings.TRIAGE_STREAM_CONTENT_SECONDS = 1.5
    with drafting():
        yield


def open_ticket(page: Page, ticket: Ticket, by: User) -> None:
    log_in(page, by)
    page.goto(f"/tickets/{ticket.pk}/")


def test_the_text_comes_while_it_is_written_and_is_said_by_the_sentence(
    ticket: Ticket, talking: RunningSimulator, page: Page, alice: User
) -> None:
    open_ticket(page, ticket, alice)
    page.get_by_label("What the draft should be like").fill("shorter")
    page.get_by_role("button", name="Draft a reply").click()

    early = wait_for_text(page, TEXT, characters=20)
    said = wait_for_text(page, "#draft-said", characters=5)
    expect(page.get_by_text("Draft: ready for you to check")).to_be_visible()

    draft = settled_draft(ticket.pk)
    assert draft.text.strip().startswith(early.strip()[:20])
    assert said.rstrip()[-1] in ".!?:,"
    assert (draft.steer, Call.objects.filter(feature="draft").count()) == ("shorter", 1)


def test_a_reload_and_a_second_tab_show_the_same_draft_for_one_bill(
    ticket: Ticket, talking: RunningSimulator, page: Page, context: BrowserContext, alice: User
) -> None:
    open_ticket(page, ticket, alice)
    page.keyboard.press("d")
    wait_for_text(page, TEXT, characters=20)

    page.reload()
    other = context.new_page()
    other.goto(f"/tickets/{ticket.pk}/")
    for each in (page, other):
        expect(each.get_by_text("Draft: ready for you to check")).to_be_visible()

    whole = settled_draft(ticket.pk).text.strip()
    assert page.locator(TEXT).text_content() == whole == other.locator(TEXT).text_content()
    assert talking.bill()["totals"]["requests"] == 1


def test_escape_stops_it_and_what_came_is_kept(
    ticket: Ticket, talking: RunningSimulator, page: Page, alice: User
) -> None:
    open_ticket(page, ticket, alice)
    page.keyboard.press("d")
    wait_for_text(page, TEXT, characters=20)

    page.keyboard.press("Escape")

    expect(page.get_by_text("Draft: stopped")).to_be_visible()
    draft = settled_draft(ticket.pk)
    assert draft.state == DraftState.CANCELLED
    assert len(draft.text) >= 20
    expect(page.get_by_role("button", name="Go on from here")).to_be_visible()


def test_a_broken_stream_says_so_keeps_its_text_and_goes_on(
    ticket: Ticket, talking: RunningSimulator, page: Page, alice: User
) -> None:
    talking.set_scenario("cut", 0)
    open_ticket(page, ticket, alice)
    page.keyboard.press("d")
    expect(page.get_by_text("Draft: broken off")).to_be_visible()
    expect(page.get_by_text("What had come is kept below.")).to_be_visible()
    first = settled_draft(ticket.pk).text

    talking.set_scenario("calm", 0)
    page.get_by_role("button", name="Go on from here").click()
    expect(page.get_by_text("Draft: ready for you to check")).to_be_visible()

    whole = settled_draft(ticket.pk)
    assert whole.state == DraftState.READY
    assert whole.text.startswith(first.rstrip())
    assert len(whole.text) > len(first)


def test_a_message_from_the_customer_makes_it_stale_and_sending_asks_once(
    ticket: Ticket, talking: RunningSimulator, page: Page, alice: User, charlie: User
) -> None:
    open_ticket(page, ticket, alice)
    page.keyboard.press("d")
    wait_for_text(page, TEXT, characters=20)
    tickets.add_message(
        ticket.pk, body="It is solved!", by=charlie, author_kind=AuthorKind.REQUESTER
    )
    expect(
        page.get_by_text("The customer has written again since this was drafted.")
    ).to_be_visible()
    expect(page.get_by_text("Draft: ready for you to check")).to_be_visible()
    page.get_by_role("button", name="Take into the reply").click()
    expect(page.get_by_text("Draft: taken into the reply")).to_be_visible()

    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#composer").get_by_text("The customer has written again")).to_be_visible()
    expect(page.locator("#thread")).to_contain_text("It is solved!")
    assert not Message.objects.filter(author_kind=AuthorKind.AGENT).exists()
    page.get_by_role("button", name="Send it all the same").click()

    expect(page.get_by_text("Sent.", exact=True)).to_be_visible()
    assert Message.objects.filter(author_kind=AuthorKind.AGENT).count() == 1


def test_a_taken_draft_joins_what_was_typed_and_never_replaces_it(
    ticket: Ticket, claude: RunningSimulator, page: Page, alice: User
) -> None:
    open_ticket(page, ticket, alice)
    page.locator("#reply-body").fill("Mine first.")
    page.get_by_role("button", name="Draft a reply").click()
    page.get_by_role("button", name="Take into the reply").click()

    expect(page.get_by_text("Draft: taken into the reply")).to_be_visible()
    typed = page.locator("#reply-body").input_value()
    assert typed.startswith("Mine first.\n\n")
    assert typed.endswith(settled_draft(ticket.pk).text.strip())


def test_a_discarded_draft_is_gone_and_nothing_was_sent(
    ticket: Ticket, claude: RunningSimulator, page: Page, alice: User
) -> None:
    open_ticket(page, ticket, alice)
    page.keyboard.press("d")
    page.get_by_role("button", name="Discard").click()

    expect(page.get_by_role("button", name="Draft a reply")).to_be_visible()
    assert settled_draft(ticket.pk).state == DraftState.DISCARDED
    assert not Message.objects.exists()


def test_without_claude_the_draft_says_what_it_is(
    ticket: Ticket, claude: RunningSimulator, page: Page, alice: User
) -> None:
    claude.set_scenario("529", 0)
    open_ticket(page, ticket, alice)

    page.keyboard.press("d")

    expect(
        page.get_by_text("This is a standard text that does not answer the ticket.")
    ).to_be_visible()


def test_a_network_that_is_gone_for_a_moment_loses_nothing_of_it(
    ticket: Ticket, talking: RunningSimulator, chromium: Browser, site: str, alice: User
) -> None:
    context = chromium.new_context(base_url=site)
    page = context.new_page()
    open_ticket(page, ticket, alice)
    page.keyboard.press("d")
    wait_for_text(page, TEXT, characters=20)

    context.set_offline(True)
    settled_draft(ticket.pk)
    context.set_offline(False)

    expect(page.get_by_text("Draft: ready for you to check")).to_be_visible(timeout=15_000)
    assert page.locator(TEXT).text_content() == settled_draft(ticket.pk).text.strip()
    assert talking.bill()["totals"]["requests"] == 1
    context.close()


def test_who_has_gone_elsewhere_is_told_that_the_draft_is_ready_and_only_once(
    ticket: Ticket, claude: RunningSimulator, page: Page, alice: User
) -> None:
    open_ticket(page, ticket, alice)
    page.keyboard.press("d")
    expect(page.get_by_role("heading", name="Draft:")).to_be_visible()
    page.goto("/tickets/new/")
    settled_draft(ticket.pk)

    page.goto("/?view=open")
    expect(page.locator(".toast").get_by_role("link", name="Show")).to_be_visible()
    page.reload()
    take_pulse(page)

    expect(page.locator(".toast")).to_have_count(0)
