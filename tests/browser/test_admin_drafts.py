"""The admin's Drafts page in the browser: texts grow on it while agents' drafts are written, and leave it when they are over."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings

from accounts.models import User
from tests.browser.cases import IN_BROWSER, drafting, settled_draft, wait_for_text
from tests.browser.conftest import log_in
from tests.integration.drafts.conftest import talking, talking_simulator, ticket
from tests.integration.drafts.watching import propose_for
from triage.admin.dashboards import drafts as page_of_drafts
from triage.admin.dashboards import live_drafts
from triage.models import DraftCell, Ticket
from triage.services import drafts, rollups
from triage.simulator import RunningSimulator

__all__ = ["talking", "talking_simulator", "ticket"]
pytestmark = IN_BROWSER
CARD = "article.live-card"
TEXT = f"{CARD} .live-text"


@pytest.fixture(autouse=True)
def short_timers(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TRIAGE_STREAM_BYTE_SECONDS = 1.0
    settings.TRIAGE_STREAM_CONTENT_SECONDS = 1.5
    monkeypatch.setattr(page_of_drafts, "LINGER_SECONDS", 1.5)


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    with drafting():
        yield


def open_page(page: Page, by: User) -> None:
    log_in(page, by)
    page.goto("/admin/drafts/")


def test_the_text_grows_while_it_is_written_and_then_the_card_leaves(
    ticket: Ticket, talking: RunningSimulator, worker: None, page: Page, alice: User, bob: User
) -> None:
    open_page(page, bob)
    expect(page.get_by_text("No draft is being written.")).to_be_visible()

    drafts.propose(ticket.pk, by=alice)
    early = wait_for_text(page, TEXT, characters=20)
    later = wait_for_text(page, TEXT, characters=len(early) + 40)

    card = page.locator(CARD)
    assert later.startswith(early.rstrip())
    expect(card.get_by_role("link")).to_have_text(f"#{ticket.pk} Broken lid")
    expect(card).to_contain_text("Alice")
    expect(card).to_contain_text("Sonnet 5.5")
    expect(card).to_contain_text(re.compile(r"about \d+ so far"))
    expect(card).to_contain_text("about $")
    expect(card.locator(".pages-mark")).to_have_text("Ready")
    draft = settled_draft(ticket.pk)
    assert page.locator(TEXT).text_content() == draft.text
    expect(card).to_contain_text(f"{draft.input_tokens:,} in, {draft.output_tokens} out")
    expect(page.locator("#live-drafts [aria-live=polite]")).to_contain_text("Broken lid: Ready")
    expect(card).to_have_count(0)
    expect(page.locator("#live-finished li")).to_contain_text("Broken lid Ready · $0.00")
    expect(page.get_by_text("No draft is being written.")).to_be_visible()


def test_two_drafts_grow_at_once_and_a_page_that_comes_late_has_their_whole_texts(
    talking: RunningSimulator, worker: None, page: Page, alice: User, bob: User
) -> None:
    first = propose_for("Broken lid", by=alice)
    second = propose_for("Late parcel", by=alice)
    open_page(page, bob)

    expect(page.locator(CARD)).to_have_count(2)
    for each in (first, second):
        card = page.locator(f"{CARD}[data-draft='{each.pk}']")
        expect(card.locator(".pages-mark")).to_have_text("Ready", timeout=15_000)
        text = settled_draft(each.ticket_id).text
        assert card.locator(".live-text").text_content() == text


def test_a_connection_that_ends_is_taken_up_again_and_nothing_is_lost(
    ticket: Ticket,
    talking: RunningSimulator,
    worker: None,
    page: Page,
    alice: User,
    bob: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_drafts, "LASTS_SECONDS", 0.2)
    open_page(page, bob)
    draft = drafts.propose(ticket.pk, by=alice)

    expect(page.locator(f"{CARD} .pages-mark")).to_have_text("Ready")

    assert page.locator(TEXT).text_content() == settled_draft(draft.ticket_id).text


def test_a_text_is_never_taken_for_markup(
    transactional_db: None, page: Page, alice: User, bob: User
) -> None:
    draft = propose_for("<img src=x onerror=alert(1)>", by=alice)
    type(draft).objects.filter(pk=draft.pk).update(text="<b>Hello</b>", claims=1)
    open_page(page, bob)

    assert wait_for_text(page, TEXT, characters=5) == "<b>Hello</b>"
    expect(page.locator(CARD).get_by_role("link")).to_contain_text("<img src=x")
    expect(page.locator(f"{CARD} :is(b, img)")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_our_part_of_the_page_has_no_violation_and_fits_a_phone(
    scheme: str, transactional_db: None, chromium: Browser, site: str, alice: User, bob: User
) -> None:
    propose_for("Broken lid " * 12, by=alice)
    rollups.refresh()
    DraftCell.objects.update(discarded=9, sent_edited=1, sent_unchanged=1, failed=1, drafts=13)
    context = chromium.new_context(
        base_url=site,
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": 390, "height": 844},
    )
    page = context.new_page()
    open_page(page, bob)
    page.locator(CARD).wait_for()

    found = Axe().run(page, ".pages").response["violations"]
    width = page.evaluate("document.documentElement.scrollWidth")
    context.close()

    assert [(each["id"], node["target"]) for each in found for node in each["nodes"]] == []
    assert width <= 390
