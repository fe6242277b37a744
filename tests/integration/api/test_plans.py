"""What the lists' pages read of 20,000 tickets; `python -m bench filters` compares a million with ten thousand."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test.utils import override_settings
from pytest_django import DjangoDbBlocker

from bench import filters_data, filters_pages, plans
from bench.filters_pages import Page
from triage.api.filters import TicketFilter
from triage.selectors.queue import View

TICKETS = 20_000
# A page's rows with all that belongs to them are some 250 blocks; the table has 2,000, and its indexes as many again.
BLOCKS_AT_MOST = 700
# Seven counts, none further than 1,001 rows. Nothing is vacuumed here, so every row counted is looked up beside its index.
COUNT_BLOCKS_AT_MOST = 7_000
# The newest thousand hits are ranked. Reading all is cheapest for a word that stands in half of so few tickets.
SEARCH_BLOCKS_AT_MOST = 8_000
PAGES = filters_pages.all_pages()
VIEWS = [page for page in PAGES if page.kind == "queue" and page.name in View.values]
(COUNTS,) = (page for page in PAGES if page.name == "counts")

# One process makes the tickets, once.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("plans")]


@pytest.fixture(scope="module")
def tickets(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The rows, for all tests here; afterwards they were never there."""
    with django_db_blocker.unblock(), transaction.atomic():
        filters_data.fill(TICKETS)
        connection.check_constraints()  # now, once: else after each test
        filters_data.analyze()
        filters_pages.prepare()
        with override_settings(TRIAGE_API_PER_MINUTE=10**6, ALLOWED_HOSTS=["*"]):
            yield
        transaction.set_rollback(True)


def cost_of(page: Page) -> plans.Cost:
    return plans.explain(filters_pages.queries_of(page.prepare()), database=connection)


def of_kind(kind: str) -> list[Page]:
    return [page for page in PAGES if page.kind == kind]


def name_of(page: Page) -> str:
    return page.name


@pytest.mark.parametrize("page", of_kind("list") + of_kind("tagged"), ids=name_of)
def test_a_filter_reads_its_page_by_an_index_in_either_order_and_from_anywhere(
    tickets: None, page: Page
) -> None:
    cost = cost_of(page)

    assert cost.of_tickets == ()
    assert cost.buffers <= BLOCKS_AT_MOST, "\n".join(cost.plans)


@pytest.mark.parametrize("page", of_kind("q"), ids=name_of)
def test_a_search_ranks_a_bounded_number_of_hits(tickets: None, page: Page) -> None:
    cost = cost_of(page)

    assert cost.buffers <= SEARCH_BLOCKS_AT_MOST, "\n".join(cost.plans)


@pytest.mark.parametrize("page", VIEWS, ids=name_of)
def test_a_view_of_the_queue_reads_its_first_page_alone(tickets: None, page: Page) -> None:
    cost = cost_of(page)

    assert cost.buffers <= 2 * BLOCKS_AT_MOST, "\n".join(cost.plans)


def test_the_queues_counts_stop_early(tickets: None) -> None:
    assert cost_of(COUNTS).buffers <= COUNT_BLOCKS_AT_MOST


def test_every_filter_of_the_api_is_among_the_pages() -> None:
    known = {*filters_pages.FILTERS, "q"} - {""}

    assert known == set(TicketFilter.base_filters)
