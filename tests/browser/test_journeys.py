"""A day's work without a mouse: sorting, correcting, drafting, sending."""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.browser.cases import IN_BROWSER, drafting, settled_draft
from tests.browser.conftest import log_in
from tests.integration.web_cases import add_labels, add_ticket, decide
from triage.models import DraftState, FieldDecision, Message, Status, Ticket
from triage.simulator import RunningSimulator

pytestmark = IN_BROWSER


@pytest.fixture
def two_tickets(transactional_db: None) -> list[Ticket]:
    add_labels()
    found = [add_ticket("Charged twice"), add_ticket("Cannot log in", email="bo@example.com")]
    for ticket in found:
        decide(ticket)
    return found


def press(page: Page, *keys: str) -> None:
    page.wait_for_load_state()  # keys work once the page is there
    for key in keys:
        page.keyboard.press(key)


def test_from_the_queue_to_the_sent_reply_without_a_mouse(
    two_tickets: list[Ticket], page: Page, alice: User, claude: RunningSimulator
) -> None:
    log_in(page, alice)
    press(page, "j", "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Charged twice")

    press(page, "1")
    expect(page.get_by_text("Alice chose it")).to_be_visible()
    press(page, "z")
    expect(page.get_by_text("The correction is taken back")).to_be_visible()
    press(page, "y")
    expect(page.get_by_text("Confirmed by Alice")).to_be_visible()

    with drafting():
        press(page, "d")
        expect(page.get_by_text("Draft: ready for you to check")).to_be_visible()
    press(page, "r", "Tab")
    expect(page.get_by_text("Draft: taken into the reply")).to_be_visible()
    page.keyboard.type("\n\nPS: sorry again.")
    press(page, "Control+Enter")
    expect(page.locator("#thread")).to_contain_text("PS: sorry again.")

    draft = settled_draft(two_tickets[0].pk)
    assert (draft.state, draft.by) == (DraftState.SENT, alice)
    assert 0 < (draft.edited_share or 0) < 0.2
    expect(page.locator("#reply-body")).to_have_value("")


def test_solving_leads_on_to_the_next_ticket_of_the_list(
    two_tickets: list[Ticket], page: Page, alice: User
) -> None:
    log_in(page, alice)
    press(page, "j", "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Charged twice")

    press(page, "e")

    expect(page.get_by_role("heading", level=1)).to_have_text("Cannot log in")
    expect(page.get_by_text(re.compile(r"#\d+: Status: Solved"))).to_be_visible()
    two_tickets[0].refresh_from_db()
    assert two_tickets[0].status == Status.SOLVED


def test_a_note_is_for_colleagues_alone(two_tickets: list[Ticket], page: Page, alice: User) -> None:
    log_in(page, alice)
    page.goto(f"/tickets/{two_tickets[0].pk}/")

    press(page, "n")
    page.keyboard.type("She called before.")
    expect(page.get_by_role("button", name="Add note")).to_be_visible()
    press(page, "Control+Enter")

    expect(page.locator("#thread .note").first).to_contain_text("She called before.")
    assert Message.objects.get().is_public is False


def test_properties_are_set_by_keys_and_taken_back(
    two_tickets: list[Ticket], page: Page, alice: User
) -> None:
    log_in(page, alice)
    page.goto(f"/tickets/{two_tickets[0].pk}/")

    press(page, "m")
    expect(page.get_by_label("Assignee")).to_have_value(str(alice.pk))
    press(page, "h")
    expect(page.get_by_label("Status")).to_have_value("hold")
    press(page, "z")

    expect(page.get_by_label("Status")).to_have_value("new")
    page.get_by_label("Priority").select_option("urgent")
    expect(page.get_by_text("Priority: Urgent")).to_be_visible()


def test_why_a_label_was_wrong_is_one_click(
    two_tickets: list[Ticket], page: Page, alice: User
) -> None:
    log_in(page, alice)
    page.goto(f"/tickets/{two_tickets[0].pk}/")
    press(page, "1")

    page.get_by_role("button", name="Two topics").click()

    expect(page.get_by_text("Noted. Thank you.")).to_be_visible()
    assert FieldDecision.objects.get(corrected_by=alice).correction_reason == "two_topics"


def test_letters_typed_into_a_text_or_an_input_method_are_no_shortcuts(
    two_tickets: list[Ticket], page: Page, alice: User
) -> None:
    log_in(page, alice)
    page.goto(f"/tickets/{two_tickets[0].pk}/")

    page.locator("#reply-body").focus()
    page.keyboard.type("dehm?")
    page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'e', isComposing: true, bubbles: true}))"
    )

    expect(page.locator("#reply-body")).to_have_value("dehm?")
    two_tickets[0].refresh_from_db()
    assert (two_tickets[0].status, two_tickets[0].assignee) == (Status.NEW, None)


def test_single_letters_can_be_switched_off_and_the_palette_still_finds_everything(
    two_tickets: list[Ticket], page: Page, alice: User
) -> None:
    log_in(page, alice)
    press(page, "?")
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("Single-letter shortcuts are off.")).to_be_visible()
    page.goto(f"/tickets/{two_tickets[0].pk}/")

    press(page, "m", "?")
    expect(page.locator("#help")).not_to_be_visible()
    press(page, "Control+k")
    page.keyboard.type("assign to me")
    press(page, "Enter")

    expect(page.get_by_label("Assignee")).to_have_value(str(alice.pk))


def test_a_number_in_the_palette_opens_that_ticket(
    two_tickets: list[Ticket], page: Page, alice: User
) -> None:
    log_in(page, alice)

    press(page, "Control+k")
    page.keyboard.type(f"#{two_tickets[1].pk}")
    press(page, "Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Cannot log in")


def test_a_ticket_from_the_phone_is_taken_down(page: Page, alice: User, db: None) -> None:
    add_labels()
    log_in(page, alice)
    press(page, "c")
    page.get_by_label("Customer’s name").fill("Ana Ruiz")
    press(page, "Control+Enter")
    expect(page.get_by_text("This field is required.")).to_be_visible()

    page.get_by_label("What the customer said").fill("The kettle leaks.")
    page.get_by_label("Assign it to me").check()
    press(page, "Control+Enter")

    expect(page.get_by_text("triage is on its way")).to_be_visible()
    ticket = Ticket.objects.get()
    assert (str(ticket.requester), ticket.assignee) == ("Ana Ruiz", alice)
    assert ticket.triage is not None
