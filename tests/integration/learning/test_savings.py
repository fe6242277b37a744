"""What the local model saved, against each of Claude's models; by hand at the prices of November 2026."""

import pytest

from tests.integration.admin_cases import NOON, SONNET
from tests.integration.cache_cases import add_request
from tests.integration.cost_cases import picked, rows_of, table_of
from tests.integration.learning.cases import a_ticket, answer
from tests.integration.test_savings_selector import escalation
from triage.models import Feature, Stage
from triage.selectors.reports import savings

pytestmark = pytest.mark.django_db


def locally(number: int) -> None:
    for place in range(number):
        answer(a_ticket(f"Ticket {place}"), stage=Stage.LOCAL, at=NOON)


def saved() -> dict[str, tuple[int | None, str]]:
    rows = rows_of(table_of("savings"))
    return {
        lever: (amount, against)
        for lever, amount, against in picked(rows, "lever", "saved", "against")
    }


def test_each_ticket_saves_what_an_answer_of_the_first_model_cost() -> None:
    # 1,000 tokens in and 10 out: Haiku 0.1 and 0.5 $ per million tokens, so 105,000 nano-dollars.
    add_request(uncached=1_000)
    locally(3)

    assert saved()[savings.LOCAL][0] == 3 * 105_000


def test_against_the_strong_model_its_guide_is_cached_and_its_batch_half_price() -> None:
    # Two answers: 1,000 and 100 tokens in, 1,000 from the cache, 10 out each. Sonnet: 2 $, 0.1 $ from the cache, 10 $ out.
    add_request(uncached=1_000)
    add_request(read=1_000)
    escalation(model=SONNET)
    locally(2)

    both = 1_100 * 2_000 + 1_000 * 100 + 20 * 10_000
    assert saved()[savings.LOCAL_OF_STRONG][0] == both // 2


def test_where_the_first_model_was_not_asked_nothing_is_guessed() -> None:
    locally(1)

    assert saved()[savings.LOCAL] == (None, savings.UNASKED)
    assert saved()[savings.LOCAL_OF_STRONG] == (None, savings.UNASKED)


def test_without_an_escalation_there_is_no_strong_model_to_compare_with() -> None:
    add_request()
    locally(1)

    assert saved()[savings.LOCAL_OF_STRONG] == (None, savings.UNESCALATED)


def test_while_the_local_model_answers_nothing_it_has_no_line() -> None:
    add_request()

    assert savings.LOCAL not in saved()


def test_drafts_alone_have_no_local_model() -> None:
    add_request(feature=Feature.DRAFT, model=SONNET)
    locally(1)

    rows = rows_of(table_of("savings", feature=Feature.DRAFT))

    assert savings.LOCAL not in {row["lever"] for row in rows}
