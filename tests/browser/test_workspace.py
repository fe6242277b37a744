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
    page.get_by_text("Activity").click()
    expect(page.get_by_text("Earlier triage runs")).to_be_visible()
    page.get_by_text("Receipt: what Claude was asked").click()
    page.get_by_role("link", name="What Claude saw").first.click()
    expect(page.locator(".prompt pre").first).to_contain_text("I was billed on May 3")


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
    page.get_by_role("button", name="Set", exact=True).click()
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


def test_the_queues_first_load_is_light_and_shifts_nothing(
    page: Page, alice: User, db: None
) -> None:
    add_labels()
    for number in range(60):
        decide(add_ticket(f"Number {number}", email=f"{number}@example.com"))
    log_in(page, alice)
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[int] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))

    page.goto("/")
    page.wait_for_load_state("networkidle")

    assert len(sizes) > 8
    assert sum(sizes) <= 150_000
    assert page.evaluate(SHIFTED) == 0


SHIFTED = """() => new Promise((tell) => {
    let sum = 0;
    new PerformanceObserver((list) => { for (const each of list.getEntries()) sum += each.value; })
        .observe({ type: "layout-shift", buffered: true });
    setTimeout(() => tell(sum), 300);
})"""
