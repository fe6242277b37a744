"""What a plan costs: the formula against sums done by hand, and against the printed table that the design rests on."""

from dataclasses import replace
from typing import Any

import pytest

from triage.services.evaluation.planning.costs import Way, break_even, priced, unit_nanousd
from triage.services.evaluation.planning.inputs import Inputs
from triage.services.evaluation.planning.plans import (
    Models,
    Plan,
    Row,
    bill_nanousd,
    rows,
)
from triage.services.gateway.catalog import HAIKU, HAIKU_4_5, SONNET

# What the printed table was computed from: batches write for an hour, and both models are packed.
TABLE = Inputs(output_tokens=45, batch_cache_minutes=60, strong_tickets_a_call=10)
NOW = Models(priced(HAIKU), priced(SONNET))
EARLIER = Models(priced(HAIKU_4_5), priced("claude-sonnet-4-6"))  # $1/$5 and $3/$15
LOCAL = ("… + local model {}, proportional", "… + local model {}, adverse")


def _table(guide_tokens: int, models: Models = NOW, **changes: Any) -> dict[str, Row]:
    inputs = replace(TABLE, guide_tokens=guide_tokens, **changes)
    return {row.plan.name: row for row in rows(inputs, models)}


def _thousands(row: Row) -> float:
    return row.nanousd / 1e12


@pytest.mark.parametrize(
    ("plan", "of_500", "of_1500", "of_5000"),
    [
        ("Sonnet 5.5 only, naive", 17.5, 37.5, 107.5),
        ("Sonnet 5.5 only, cached and batched", 8.8, 7.4, 16.0),
        ("Haiku 5.5 only, naive", 0.88, 1.88, 5.38),
        ("Haiku 5.5 + 20% Sonnet 5.5", 4.38, 9.38, 26.9),
        ("+ cache", 4.38, 2.37, 3.52),
        ("+ cache + batch", 2.19, 1.89, 4.11),
        ("+ packed, 10 a call", 1.15, 1.12, 1.34),
        ("+ packed, 10 a call + dedup 10%", 1.04, 1.01, 1.21),
    ],
)
def test_the_printed_bills_come_out_in_thousands_of_dollars(
    plan: str, of_500: float, of_1500: float, of_5000: float
) -> None:
    found = [_thousands(_table(guide)[plan]) for guide in (500, 1_500, 5_000)]

    assert found == [
        pytest.approx(each, abs=0.051 if each >= 7 else 0.0051)
        for each in (of_500, of_1500, of_5000)
    ]


@pytest.mark.parametrize(
    ("share", "of_500", "of_1500", "of_5000"),
    [
        ("30%", (4.3, 5.7), (1.9, 2.6), (0.8, 1.1)),
        ("60%", (2.7, 5.5), (1.2, 2.5), (0.5, 1.1)),
        ("80%", (1.6, 5.1), (0.7, 2.3), (0.3, 1.0)),
    ],
)
def test_the_printed_shares_with_a_local_model_come_out(
    share: str,
    of_500: tuple[float, float],
    of_1500: tuple[float, float],
    of_5000: tuple[float, float],
) -> None:
    found = [
        tuple(100 * _table(guide)[name.format(share)].of_naive for name in LOCAL)
        for guide in (500, 1_500, 5_000)
    ]

    assert found == [pytest.approx(each, abs=0.051) for each in (of_500, of_1500, of_5000)]


def test_the_printed_shares_of_earlier_models_come_out() -> None:
    names = [
        "Sonnet 4.6 only, cached and batched",
        "+ cache",
        "+ cache + batch",
        "+ packed, 10 a call",
        LOCAL[0].format("80%"),
        LOCAL[1].format("80%"),
        "Live: cache + dedup",
        "Live: + local model 60%, proportional",
    ]

    found = [
        [100 * _table(guide, EARLIER)[name].of_naive for name in names]
        for guide in (500, 1_500, 5_000)
    ]

    assert found[0] == pytest.approx([50, 53, 27, 14, 2.9, 5.1, 48, 20], abs=0.51)
    assert found[1] == pytest.approx([22, 39, 21, 7.4, 1.5, 2.3, 35, 14], abs=0.51)
    assert found[2] == pytest.approx([17, 9.0, 9.1, 2.8, 0.6, 1.1, 8.1, 3.3], abs=0.051)


def test_the_other_printed_lines_come_out() -> None:
    hard = _table(1_500, escalated=0.05, answered_locally=(0.9,))
    packed = _table(5_000, tickets_a_call=20, strong_tickets_a_call=20)
    short = _table(1_500, output_tokens=12)

    assert 100 * hard[LOCAL[1].format("90%")].of_naive == pytest.approx(0.8, abs=0.05)
    assert 100 * hard["+ packed, 10 a call + dedup 10%"].of_naive == pytest.approx(1.1, abs=0.05)
    assert 100 * hard["Live: + local model 90%, adverse"].of_naive == pytest.approx(1.4, abs=0.05)
    assert _thousands(packed["+ packed, 20 a call"]) == pytest.approx(1.19, abs=0.005)
    # The baseline of 45 tokens stays: 37.5.
    assert _thousands(short["Live: + local model 60%, proportional"]) / 37.5 == pytest.approx(
        0.016, abs=0.0005
    )


def test_against_the_fair_baseline_the_best_plan_is_not_one_percent_but_three_and_a_half() -> None:
    table = _table(1_500)

    shares = [table[name.format("80%")].of_fair for name in LOCAL]

    assert shares == pytest.approx([0.035, 0.12], abs=0.005)


def test_one_ticket_costs_the_sum_of_its_token_classes() -> None:
    inputs = replace(TABLE, guide_tokens=1_000, live_hits=0.9)

    nanousd = unit_nanousd(NOW.first, inputs, Way(is_cached=True))

    # 0.9 · 1,000 · $0.01 + 0.1 · 1,000 · $0.125 + 150 · $0.10 + 45 · $0.50, a million tokens
    assert nanousd == pytest.approx(1_000 * (9 + 12.5 + 15 + 22.5))


def test_a_packed_ticket_pays_a_tenth_of_the_guide_and_names_itself() -> None:
    inputs = replace(TABLE, guide_tokens=1_000)

    nanousd = unit_nanousd(NOW.first, inputs, Way(tickets_a_call=10))

    # (1,000 + 10 · 156) · $0.10 + 10 · 51 · $0.50, for ten
    assert nanousd == pytest.approx(1_000 * (256 + 255) / 10)


def test_the_question_is_paid_once_a_call() -> None:
    inputs = replace(TABLE, guide_tokens=1_000, question_tokens=200)

    alone = unit_nanousd(NOW.first, inputs, Way())
    packed = unit_nanousd(NOW.first, inputs, Way(tickets_a_call=10))

    # (1,000 + 200 + 150) · $0.10 + 45 · $0.50; (1,000 + 200 + 10 · 156) · $0.10 + 10 · 51 · $0.50, for ten
    assert [alone, packed] == pytest.approx([1_000 * 157.5, 1_000 * (276 + 255) / 10])


def test_a_prompt_above_the_price_band_costs_the_prices_above_it() -> None:
    inputs = replace(TABLE, guide_tokens=150_000)

    nanousd = unit_nanousd(NOW.first, inputs, Way())

    above = NOW.first.live.above
    assert above
    expected = 150_150 * float(above.uncached_input) + 45 * float(above.output)
    assert nanousd == pytest.approx(1_000 * expected)
    assert above.uncached_input > NOW.first.live.base.uncached_input


def test_a_guide_below_the_floor_is_not_cached_and_the_row_says_so() -> None:
    table = _table(511)

    cached, uncached = table["+ cache"], table["Haiku 5.5 + 20% Sonnet 5.5"]

    assert cached.nanousd == uncached.nanousd
    assert cached.remarks == (
        "not cached by Haiku 5.5 and Sonnet 5.5: the guide is shorter than 512 tokens",
    )
    assert _table(512)["+ cache"].remarks == ()


@pytest.mark.parametrize(("minutes", "least"), [(5, 0.217), (60, 0.526)])
def test_with_few_hits_a_batch_does_not_cache_and_the_row_says_so(
    minutes: float, least: float
) -> None:
    way = Way(is_batch=True, is_cached=True)
    inputs = replace(TABLE, batch_cache_minutes=minutes, batch_hits=least - 0.02)

    row = {row.plan.name: row for row in rows(inputs, NOW)}["+ cache + batch"]

    assert break_even(NOW.first, inputs, way) == pytest.approx(least, abs=0.001)
    assert "not cached by Haiku 5.5" in row.remarks[0]
    plain = Plan("", escalated=inputs.escalated, is_batch=True)
    assert row.nanousd == bill_nanousd(plain, inputs, NOW)


def test_a_first_model_that_costs_more_than_it_spares_is_named() -> None:
    table = _table(1_500, EARLIER, escalated=0.7)

    assert "asking Sonnet 4.6 alone in this way would be cheaper" in table["+ cache"].remarks


def test_where_all_that_is_left_is_hard_the_strong_model_is_asked_straight_away() -> None:
    row = _table(1_500)[LOCAL[1].format("80%")]

    assert row.remarks == ("Sonnet 5.5 is asked straight away: all that is left is hard",)


def test_without_any_ticket_shares_of_local_answers_nothing_is_compared() -> None:
    names = [row.plan.name for row in rows(replace(TABLE, answered_locally=()), NOW)]

    assert not [name for name in names if "+ local model" in name]
