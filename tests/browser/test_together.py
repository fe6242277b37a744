"""Two people, two tabs, a lost network and a login that ends: nothing typed is lost, nobody overwrites anybody unasked."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Browser, BrowserContext, Page, expect

from accounts.models import User
from tests.browser.cases import IN_BROWSER, take_pulse
from tests.browser.conftest import log_in, watched
from tests.integration.web_cases import add_labels, add_ticket, decide
from triage.models import SavedView, Status, Ticket
from triage.services import presence, tickets
from triage.services.tickets import Changes

pytestmark = IN_BROWSER


@pytest.fixture
def ticket(transactional_db: None) -> Ticket:
    add_labels()
    ticket = add_ticket()
    decide(ticket)
    return ticket


def test_who_else_is_at_a_ticket_is_shown_there_and_in_the_list(
    ticket: Ticket, page: Page, alice: User, bob: User
) -> None:
    presence.note_presence(ticket.pk, by=bob, is_typing=True)
    log_in(page, alice)
    expect(page.locator(".row .viewers")).to_have_text("B")

    page.goto(f"/tickets/{ticket.pk}/")

    expect(page.locator("#viewers")).to_have_text("Bob is writing")


def test_a_change_by_somebody_else_is_told_and_a_clash_shows_both(
    ticket: Ticket, page: Page, alice: User, bob: User
) -> None:
    log_in(page, alice)
    page.goto(f"/tickets/{ticket.pk}/")
    tickets.change(ticket.pk, Changes(status=Status.HOLD), by=bob)
    take_pulse(page)
    expect(page.get_by_text("Somebody has changed this ticket.")).to_be_visible()

    page.get_by_label("Status").select_option("pending")
    clash = page.locator("#ticket-header .notice.bad")
    expect(clash).to_contain_text("On hold")
    expect(clash).to_contain_text("Pending")
    page.get_by_role("button", name="Save mine anyway").click()

    expect(page.get_by_label("Status")).to_have_value("pending")
    expect(clash).not_to_be_visible()


def test_new_tickets_wait_above_the_list_until_they_are_asked_for(
    ticket: Ticket, page: Page, alice: User
) -> None:
    log_in(page, alice)
    page.goto("/?view=open")
    add_ticket("Just in", email="new@example.com")

    take_pulse(page)
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
    expect(page.get_by_role("link", name="Just in")).not_to_be_visible()
    page.get_by_role("button", name="1 new").click()

    expect(page.get_by_role("link", name="Just in")).to_be_visible()
    expect(page.get_by_role("button", name="1 new")).not_to_be_visible()


def test_what_has_moved_on_greys_out_and_stays_where_it_is(
    ticket: Ticket, page: Page, alice: User, bob: User
) -> None:
    log_in(page, alice)
    tickets.change(ticket.pk, Changes(status=Status.SOLVED), by=bob)

    take_pulse(page)

    expect(page.locator(".row.gone")).to_be_visible()


def test_many_are_changed_after_a_look_and_taken_back_at_once(
    ticket: Ticket, page: Page, alice: User
) -> None:
    decide(add_ticket("Second", email="second@example.com"))
    log_in(page, alice)
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("#bulk-count")).to_have_text("2 selected")

    page.get_by_label("Change the selected tickets").select_option(label="Urgent")
    dialog = page.get_by_role("dialog", name="Change many tickets")
    expect(dialog.get_by_role("heading")).to_have_text("This changes 2 tickets")
    assert not Ticket.objects.filter(priority="urgent").exists()
    dialog.get_by_role("button", name="Change 2").click()

    expect(page.get_by_text("2 tickets changed")).to_be_visible()
    assert Ticket.objects.filter(priority="urgent").count() == 2
    page.keyboard.press("z")
    expect(page.get_by_text("2 tickets as before.")).to_be_visible()
    assert not Ticket.objects.filter(priority="urgent").exists()


def test_all_that_match_can_be_chosen_with_the_cap_named(
    ticket: Ticket, page: Page, alice: User
) -> None:
    for number in range(60):
        decide(add_ticket(f"Number {number}", email=f"{number}@example.com"))
    log_in(page, alice)
    page.keyboard.press("j")
    page.keyboard.press("x")

    page.get_by_label("all that match this view, at most 500").check()
    page.get_by_label("Change the selected tickets").select_option(label="Pending")
    page.get_by_role("button", name="Change 61").click()

    expect(page.get_by_text("61 tickets changed")).to_be_visible()
    assert Ticket.objects.filter(status=Status.PENDING).count() == 61


def test_a_view_is_kept_shared_and_forgotten(ticket: Ticket, page: Page, alice: User) -> None:
    log_in(page, alice)
    page.goto("/?view=open&label=billing-wrong-charge")
    page.get_by_role("button", name="Save view").click()
    page.get_by_label("Name").fill("Refunds")
    page.get_by_label("Who sees it").select_option(label="Everybody")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(
        page.get_by_role("navigation", name="Views").get_by_role("link", name="Refunds")
    ).to_be_visible()
    assert SavedView.objects.get().sharing == "all"

    page.get_by_role("button", name="Forget view").click()

    expect(page.get_by_text("The view is gone")).to_be_visible()
    assert not SavedView.objects.exists()


def test_without_a_network_the_page_says_so_and_the_text_is_kept(
    ticket: Ticket, chromium: Browser, site: str, alice: User
) -> None:
    context = chromium.new_context(base_url=site)
    page = context.new_page()
    complaints = watched(
        page, answers=["ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest"]
    )
    log_in(page, alice)
    page.goto(f"/tickets/{ticket.pk}/")
    page.locator("#reply-body").fill("Half a sentence")
    context.set_offline(True)
    expect(page.get_by_text("The server cannot be reached. What you type is kept")).to_be_visible()

    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Nothing was changed; your text is kept.")).to_be_visible()
    context.set_offline(False)

    expect(page.get_by_text("What you type is kept")).not_to_be_visible()
    expect(page.locator("#reply-body")).to_have_value("Half a sentence")
    assert complaints == []
    context.close()


def test_a_login_that_ends_while_somebody_types_loses_no_text(
    ticket: Ticket, chromium: Browser, site: str, alice: User
) -> None:
    context = chromium.new_context(base_url=site)
    page = context.new_page()
    complaints = watched(page, answers=["status of 401", "Error Code 401"])
    log_in(page, alice)
    page.goto(f"/tickets/{ticket.pk}/")
    page.locator("#reply-body").fill("Half a sentence")
    Session.objects.all().delete()

    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Your login has ended.")).to_be_visible()
    expect(page.locator("#reply-body")).to_have_value("Half a sentence")
    log_in(page, alice)
    page.goto(f"/tickets/{ticket.pk}/")

    expect(page.locator("#reply-body")).to_have_value("Half a sentence")
    expect(page.get_by_text("Your unsent text is back.")).to_be_visible()
    assert complaints == []
    context.close()


def test_the_preview_follows_the_list_and_accepts(
    ticket: Ticket, page: Page, context: BrowserContext, alice: User
) -> None:
    log_in(page, alice)
    page.keyboard.press("j")
    expect(page.locator("#preview").get_by_role("heading")).to_have_text("Charged twice")

    page.keyboard.press("y")

    expect(page.locator("#preview").get_by_text("Confirmed by Alice")).to_be_visible()
    ticket.refresh_from_db()
    assert ticket.label is not None


def test_a_hasty_second_click_presses_nothing_else(ticket: Ticket, page: Page, alice: User) -> None:
    other = add_ticket("Another", email="other@example.com")
    decide(other)
    log_in(page, alice)
    page.goto(f"/tickets/{ticket.pk}/")

    page.get_by_role("button", name="Hold").dblclick()
    expect(page.get_by_label("Status")).to_have_value("hold")

    ticket.refresh_from_db()
    assert (ticket.status, ticket.assignee) == (Status.HOLD, None)


def test_back_shows_what_is_so_now(ticket: Ticket, page: Page, alice: User) -> None:
    log_in(page, alice)
    page.goto(f"/tickets/{ticket.pk}/")
    page.locator("#reply-body").fill("On its way.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Sent.", exact=True)).to_be_visible()

    page.goto("/?view=open")
    page.go_back()

    expect(page.locator("#thread")).to_contain_text("On its way.")


def test_a_letter_after_a_select_is_a_shortcut_and_no_choice(
    ticket: Ticket, page: Page, alice: User
) -> None:
    log_in(page, alice)
    page.goto(f"/tickets/{ticket.pk}/")

    for key in ("t", "Escape", "m"):
        page.keyboard.press(key)

    expect(page.get_by_label("Assignee")).to_have_value(str(alice.pk))


def test_what_was_accepted_beside_the_list_is_taken_back_there(
    ticket: Ticket, page: Page, alice: User
) -> None:
    log_in(page, alice)
    page.keyboard.press("j")
    expect(page.locator("#preview").get_by_role("heading")).to_have_text("Charged twice")
    page.keyboard.press("y")
    expect(page.locator("#preview").get_by_text("Confirmed by Alice")).to_be_visible()

    page.keyboard.press("z")

    expect(page.locator("#preview").get_by_text("Suggested: somebody")).to_be_visible()
    ticket.refresh_from_db()
    assert ticket.label is None


def test_a_search_that_finds_nothing_leads_to_all_tickets(
    ticket: Ticket, page: Page, alice: User, bob: User
) -> None:
    tickets.change(ticket.pk, Changes(status=Status.SOLVED), by=bob)
    log_in(page, alice)
    page.goto("/?text=billed")

    page.get_by_role("link", name="search all tickets").click()

    expect(page.get_by_role("link", name="Charged twice")).to_be_visible()
