import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from tests.browser.conftest import log_in
from tests.integration.web_cases import add_labels, add_ticket, decide
from triage.models import Ticket, Triage
from triage.services import classification
from triage.simulator import RunningSimulator

# One Chromium at a time: the machine's cores are for the server too.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def ticket(transactional_db: None) -> Ticket:
    add_labels()
    ticket = add_ticket()
    decide(ticket)
    return ticket


def test_an_agent_finds_a_doubt_settles_it_and_takes_it_back(
    ticket: Ticket, page: Page, alice: User
) -> None:
    log_in(page, alice)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Charged twice")

    page.get_by_role("button", name="Right").click()

    expect(page.get_by_text("Confirmed by Alice")).to_be_visible()
    expect(page.locator("#ticket-header").get_by_text("Wrong charge")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Suggested: somebody should have a look")).to_be_visible()
    expect(page.get_by_text("The correction is taken back")).to_be_visible()


def test_the_other_label_is_one_click_away(ticket: Ticket, page: Page, alice: User) -> None:
    log_in(page, alice)
    page.goto(f"/tickets/{ticket.pk}/")

    page.get_by_role("button", name="Login and access").click()

    expect(page.get_by_text("Alice chose it")).to_be_visible()


def test_a_conflict_shows_both_values_and_mine_can_win(
    ticket: Ticket, page: Page, alice: User
) -> None:
    log_in(page, alice)
    page.goto(f"/tickets/{ticket.pk}/")
    Ticket.objects.filter(pk=ticket.pk).update(version=99)

    with page.expect_response(lambda response: response.status == 409):
        page.get_by_role("button", name="Login and access").click()
    page.get_by_role("button", name="Save mine anyway").click()

    expect(page.get_by_text("Alice chose it")).to_be_visible()


def test_a_new_run_shows_its_result_by_itself(
    ticket: Ticket, page: Page, alice: User, claude: RunningSimulator
) -> None:
    log_in(page, alice)
    page.goto(f"/tickets/{ticket.pk}/")

    page.get_by_role("button", name="Triage again").click()
    expect(page.get_by_text("waiting for a worker")).to_be_visible()
    classification.run(Triage.objects.latest("id").pk)

    expect(page.get_by_role("button", name="Triage again")).to_be_visible()
    expect(page.get_by_text("Earlier runs (1)")).to_be_visible()
    expect(page.locator("#receipt")).to_contain_text("Haiku 5.5")


def test_the_list_is_narrowed_by_choosing(ticket: Ticket, page: Page, alice: User) -> None:
    log_in(page, alice)

    page.get_by_label("Any label").select_option(label="Late delivery")

    expect(page.get_by_text("Nothing matches these filters")).to_be_visible()
    page.get_by_role("link", name="Clear the filters").click()
    expect(page.get_by_role("link", name="Charged twice")).to_be_visible()


def test_a_correction_works_without_javascript(
    ticket: Ticket, chromium: Browser, site: str, alice: User
) -> None:
    context = chromium.new_context(base_url=site, java_script_enabled=False)
    page = context.new_page()
    log_in(page, alice)
    page.get_by_role("link", name="Charged twice").click()

    page.get_by_label("Another label").select_option(label="Late delivery")
    page.get_by_role("button", name="Set").click()
    expect(page.get_by_text("Label set to “Late delivery”")).to_be_visible()
    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_text("The correction is taken back")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [1400, 900, 420, 320])
def test_no_page_is_wider_than_its_window(
    width: int, ticket: Ticket, page: Page, alice: User
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    log_in(page, alice)

    for path in ("/", "/?view=open", f"/tickets/{ticket.pk}/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
