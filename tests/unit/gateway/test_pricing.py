"""Prices to the nano-dollar, against the price page of November 2026."""

from decimal import Decimal

import pytest
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given
from hypothesis import strategies as st

from triage.exceptions import ModelNotPriced
from triage.services.gateway import pricing
from triage.services.gateway.catalog import CATALOG, HAIKU, HAIKU_4_5, SONNET, SONNET_5, ModelCard
from triage.services.gateway.pricing import card_of
from triage.types import Rates, Usage

SONNET_4_6 = "claude-sonnet-4-6"
OPUS = "claude-opus-5-5"
CLASSES = (
    "uncached_input_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cache_read_tokens",
    "output_tokens",
)
# The public price page, US dollars per million tokens: input, write 5 min, write 1 h, read, output.
PAGE = {
    HAIKU: ("0.10", "0.125", "0.20", "0.01", "0.50"),
    HAIKU_4_5: ("1", "1.25", "2", "0.10", "5"),
    SONNET: ("2", "2.50", "4", "0.10", "10"),
    SONNET_5: ("2", "2.50", "4", "0.20", "10"),
    SONNET_4_6: ("3", "3.75", "6", "0.30", "15"),
    OPUS: ("4", "5", "8", "0.20", "20"),
}
HAIKU_ABOVE_100K = ("0.50", "0.625", "1.00", "0.05", "2.50")
RETIRED = (
    "claude-3-opus-20240229",
    "claude-3-5-haiku-20241022",
    "claude-sonnet-4-20250514",
    "claude-opus-4-20250514",
    "claude-2",
)


@pytest.mark.parametrize("model", PAGE)
@pytest.mark.parametrize("number", range(len(CLASSES)), ids=CLASSES)
def test_each_token_class_of_each_model_costs_what_the_price_page_says(
    model: str, number: int
) -> None:
    usage = Usage(**{CLASSES[number]: 1_000})

    cost = card_of(model).cost_nanousd(usage)

    # 1,000 tokens at $p per million are $p / 1,000, which is p x 1,000,000 nano-dollars.
    assert cost == Decimal(PAGE[model][number]) * 1_000_000


def test_every_model_of_the_table_stands_in_this_test() -> None:
    assert set(PAGE) == set(CATALOG)


def test_one_request_with_all_classes_is_the_sum_of_them() -> None:
    usage = Usage(500, 300, 200, 1_500, 150)

    # Haiku 5.5: 500 x 100 + 300 x 125 + 200 x 200 + 1,500 x 10 + 150 x 500
    #          = 50,000 + 37,500 + 40,000 + 15,000 + 75,000 = 217,500 nano-dollars
    assert card_of(HAIKU).cost_nanousd(usage) == 217_500
    # Sonnet 5.5: 500 x 2,000 + 300 x 2,500 + 200 x 4,000 + 1,500 x 100 + 150 x 10,000
    #           = 1,000,000 + 750,000 + 800,000 + 150,000 + 1,500,000 = 4,200,000
    assert card_of(SONNET).cost_nanousd(usage) == 4_200_000


def test_one_cached_token_of_haiku_costs_ten_nano_dollars() -> None:
    assert card_of(HAIKU).cost_nanousd(Usage(cache_read_tokens=1)) == 10


@pytest.mark.parametrize("number", range(4), ids=CLASSES[:4])
def test_up_to_100_000_input_tokens_haiku_stays_in_the_cheap_band(number: int) -> None:
    cost = card_of(HAIKU).cost_nanousd(Usage(**{CLASSES[number]: 100_000}))

    assert cost == Decimal(PAGE[HAIKU][number]) * 100_000_000


@pytest.mark.parametrize("number", range(4), ids=CLASSES[:4])
def test_one_token_more_prices_the_whole_request_in_the_dear_band(number: int) -> None:
    usage = Usage(**{CLASSES[number]: 100_001})

    # 100,001 tokens at $p per million: 100,001 x p x 1,000 nano-dollars.
    assert card_of(HAIKU).cost_nanousd(usage) == 100_001 * Decimal(HAIKU_ABOVE_100K[number]) * 1_000


def test_the_band_looks_at_all_input_together_and_moves_the_output_too() -> None:
    below = Usage(40_000, 20_000, 20_000, 20_000, output_tokens=100)
    above = Usage(40_000, 20_000, 20_000, 20_001, output_tokens=100)

    # 40,000 x 100 + 20,000 x 125 + 20,000 x 200 + 20,000 x 10 + 100 x 500
    # = 4,000,000 + 2,500,000 + 4,000,000 + 200,000 + 50,000
    assert card_of(HAIKU).cost_nanousd(below) == 10_750_000
    # 40,000 x 500 + 20,000 x 625 + 20,000 x 1,000 + 20,001 x 50 + 100 x 2,500
    # = 20,000,000 + 12,500,000 + 20,000,000 + 1,000,050 + 250,000
    assert card_of(HAIKU).cost_nanousd(above) == 53_750_050


def test_output_alone_never_moves_the_band() -> None:
    assert card_of(HAIKU).cost_nanousd(Usage(output_tokens=128_000)) == 128_000 * 500


@pytest.mark.parametrize("model", sorted(set(PAGE) - {HAIKU}))
def test_no_other_model_has_a_band(model: str) -> None:
    # 1,000,000 uncached tokens cost the price of a million.
    cost = card_of(model).cost_nanousd(Usage(uncached_input_tokens=1_000_000))

    assert cost == Decimal(PAGE[model][0]) * 1_000_000_000


@pytest.mark.parametrize(("tokens", "nanousd"), [(1, 0), (3, 2), (5, 2), (7, 4)])
def test_half_a_nano_dollar_is_rounded_to_the_even_side(tokens: int, nanousd: int) -> None:
    half = Decimal("0.0005")  # half a nano-dollar a token

    # 0.5 -> 0, 1.5 -> 2, 2.5 -> 2, 3.5 -> 4
    assert Rates(half, half, half, half, half).cost_nanousd(Usage(tokens)) == nanousd


def test_an_attempt_is_rounded_once_and_not_by_class() -> None:
    half = Decimal("0.0005")

    # 0.5 + 0.5 + 0.5 + 0.5 + 0.5 = 2.5 -> 2; rounded by class it would be 0
    assert Rates(half, half, half, half, half).cost_nanousd(Usage(1, 1, 1, 1, 1)) == 2


def test_the_bound_takes_bytes_and_a_thousand_tokens_at_the_dearest_class() -> None:
    # Haiku 5.5: (2,000 + 1,000) x 200 (write for an hour) + 100 x 500 = 650,000
    assert card_of(HAIKU).bound_nanousd(request_bytes=2_000, max_tokens=100) == 650_000
    # above the band: (100,000 + 1,000) x 1,000 + 100 x 2,500 = 101,250,000
    assert card_of(HAIKU).bound_nanousd(request_bytes=100_000, max_tokens=100) == 101_250_000


@st.composite
def bounded_usage(draw: st.DrawFn) -> tuple[int, int, Usage]:
    """A request's bytes and `max_tokens`, and a usage that such a request may have."""
    near_the_band = st.integers(98_500, 100_500)
    request_bytes = draw(st.integers(0, 1_500_000) | near_the_band)
    max_tokens = draw(st.integers(0, 128_000))
    cuts = sorted(draw(st.lists(st.integers(0, request_bytes + 1_000), min_size=4, max_size=4)))
    usage = Usage(
        uncached_input_tokens=cuts[0],
        cache_write_5m_tokens=cuts[1] - cuts[0],
        cache_write_1h_tokens=cuts[2] - cuts[1],
        cache_read_tokens=cuts[3] - cuts[2],
        output_tokens=draw(st.integers(0, max_tokens)),
    )
    return request_bytes, max_tokens, usage


@pytest.mark.parametrize("model", PAGE)
@given(case=bounded_usage())
def test_no_usage_within_its_limits_costs_more_than_the_bound(
    model: str, case: tuple[int, int, Usage]
) -> None:
    request_bytes, max_tokens, usage = case
    card = card_of(model)

    bound = card.bound_nanousd(request_bytes=request_bytes, max_tokens=max_tokens)

    assert card.cost_nanousd(usage) <= bound


@given(
    rates=st.lists(st.decimals("0", "50", places=4), min_size=5, max_size=5),
    case=bounded_usage(),
)
def test_the_bound_holds_for_prices_with_fractions_too(
    rates: list[Decimal], case: tuple[int, int, Usage]
) -> None:
    request_bytes, max_tokens, usage = case
    card = pricing.PriceCard("any", Rates(*rates))

    bound = card.bound_nanousd(request_bytes=request_bytes, max_tokens=max_tokens)

    assert card.cost_nanousd(usage) <= bound


def test_a_model_outside_the_table_is_refused() -> None:
    with pytest.raises(ModelNotPriced, match="not in the model table"):
        card_of("claude-haiku-9")


@pytest.mark.parametrize("model", RETIRED)
def test_a_retired_id_is_refused_although_the_price_list_knows_it(model: str) -> None:
    assert get_snapshot().find_provider_model(model, None, "anthropic", None)

    with pytest.raises(ModelNotPriced):
        card_of(model)


def test_an_invented_date_stamp_is_refused_although_the_price_list_takes_it() -> None:
    invented = "claude-sonnet-4-6-20261001"
    assert get_snapshot().find_provider_model(invented, None, "anthropic", None)

    with pytest.raises(ModelNotPriced):
        card_of(invented)


def test_a_model_of_the_table_without_a_price_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CATALOG, "no-such-model", ModelCard("no-such-model", "None", 512, 1))

    with pytest.raises(ModelNotPriced, match="No price is known"):
        card_of("no-such-model")


def test_a_model_without_cache_prices_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CATALOG, "claude-2", ModelCard("claude-2", "Claude 2", 512, 1))

    with pytest.raises(ModelNotPriced, match="token class"):
        card_of("claude-2")


def test_the_stamp_names_the_source_and_every_price_in_force() -> None:
    stamp = card_of(HAIKU).stamp()

    assert stamp["source"].startswith("genai-prices ")
    assert Decimal(stamp["cache_read"]) == Decimal("0.01")
    assert stamp["above_tokens"] == 100_000
    assert Decimal(stamp["above"]["output"]) == Decimal("2.50")
    assert "above" not in card_of(SONNET).stamp()
