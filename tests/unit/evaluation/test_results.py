"""What compute() says of tickets, each figure by hand, and that it says nothing it may not."""

import json
from math import comb
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.evaluation.results_cases import (
    FIRST_NANOUSD,
    LABELS,
    STRONG_NANOUSD,
    case,
    computed,
    configuration,
    crowd,
    label,
    said,
)
from triage.models import Part
from triage.services.evaluation.cases import Case
from triage.services.evaluation.results import compute
from triage.services.statistics.thresholds import Promise


def strong(label: str, confidence: float = 0.9) -> Any:
    return said(label, confidence, cost=STRONG_NANOUSD, latency=2_000)


FIVE = [
    case(1, "refund", said("refund", 0.95)),
    case(2, "refund", said("login", 0.9, second="refund")),
    case(3, "login", said("refund", 0.6), strong("login")),
    case(4, "login", said("login", 0.7), strong("refund")),
    case(5, "refund", None, None, escalation="no usable answer"),
]


def told(cases: list[Case] = FIVE, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = computed(cases, **fields)["configurations"][0]
    return found


def test_the_main_figures_of_five_tickets() -> None:
    found = told()

    assert (found["accuracy"]["part"], found["accuracy"]["whole"]) == (2, 5)
    assert (found["top_2"]["part"], found["answered"]) == (3, 4)
    assert (found["coverage"]["part"], found["coverage"]["whole"]) == (4, 5)
    assert (found["errors"]["part"], found["errors"]["whole"]) == (2, 4)
    assert found["escalated"]["part"] == 3
    # 4 first answers and 2 strong ones
    assert found["cost_nanousd"] == 4 * FIRST_NANOUSD + 2 * STRONG_NANOUSD
    assert found["cost_per_ticket_nanousd"] == 400_000
    assert found["latency_ms"] == {"p50": 800, "p95": 2_800, "tickets": 4}


def test_the_interval_of_a_share_is_the_exact_one() -> None:
    found = told([case(n, first=said("refund")) for n in range(3)])

    # Clopper and Pearson for 3 of 3: 0.025^(1/3) to 1
    assert found["accuracy"]["low"] == pytest.approx(0.025 ** (1 / 3))
    assert found["accuracy"]["high"] == 1.0


def test_a_label_row_tells_who_knew_it_and_a_cell_leads_to_its_tickets() -> None:
    found = told()

    rows = {row["label"]: row for row in found["labels"]}
    assert (rows["refund"]["tickets"], rows["refund"]["chosen"], rows["refund"]["right"]) == (
        3,
        2,
        1,
    )
    assert (rows["login"]["first"]["part"], rows["login"]["first"]["whole"]) == (1, 2)
    assert rows["delivery"]["tickets"] == 0
    assert {"truth": "refund", "chosen": "login", "tickets": 1, "numbers": [2]} in found[
        "confusion"
    ]
    assert {"truth": "refund", "chosen": "", "tickets": 1, "numbers": [5]} in found["confusion"]


def test_a_cell_names_at_most_twenty_tickets() -> None:
    found = told([case(n, first=said("refund")) for n in range(1, 31)])

    assert found["confusion"][0]["tickets"] == 30
    assert found["confusion"][0]["numbers"] == list(range(1, 21))


def test_the_thresholds_of_labels_and_their_escalation_decide_what_is_sure() -> None:
    labels = dict(LABELS) | {
        "login": label("login", threshold=0.95),
        "other": label("other", always_escalate=True),
    }
    cases = [
        case(1, "login", said("login", 0.9)),
        case(2, "refund", said("refund", 0.85)),
        case(3, "other", said("other", 0.99), strong("other", 0.99)),
    ]

    found = told(cases, labels=labels)

    assert (found["coverage"]["part"], found["coverage"]["whole"]) == (1, 3)


def test_escalating_is_judged_by_band_of_the_first_confidence() -> None:
    found = told()["escalation"]

    bands = {band["band"]: band for band in found["bands"]}
    assert (found["escalated"], found["fixed"], found["broken"]) == (3, 1, 1)
    assert set(bands) == {"0.50 to 0.70", "0.70 to 0.85", "no usable answer"}
    assert (bands["0.50 to 0.70"]["fixed"], bands["0.50 to 0.70"]["broken"]) == (1, 0)
    assert bands["0.50 to 0.70"]["cost_per_rescue_nanousd"] == STRONG_NANOUSD
    assert bands["0.70 to 0.85"]["net"] == -1
    assert bands["0.70 to 0.85"]["cost_per_rescue_nanousd"] is None


def test_it_says_where_escalating_is_wasted_only_when_that_is_sure() -> None:
    spoilt = [case(n, "login", said("login", 0.6), strong("refund")) for n in range(50)]
    equal = [case(n, "login", said("login", 0.6), strong("login")) for n in range(50)]

    wasted, unknown = (told(cases)["escalation"]["bands"][0] for cases in (spoilt, equal))

    assert wasted["is_wasted"]
    assert not unknown["is_wasted"]


def test_the_head_is_the_fewest_labels_that_four_fifths_of_the_tickets_have() -> None:
    cases = [case(n, "refund", said("refund")) for n in range(6)]
    cases += [case(n, "login", said("refund")) for n in range(6, 9)]
    cases += [case(n, "other", said("other")) for n in range(9, 11)]

    found = told(cases)["head"]

    assert found["labels"] == ["refund", "login"]
    assert (found["share"]["part"], found["share"]["whole"]) == (9, 11)
    assert (found["first_accuracy"]["part"], found["first_accuracy"]["whole"]) == (6, 9)
    assert (found["rest_accuracy"]["part"], found["rest_accuracy"]["whole"]) == (2, 2)


def test_the_strong_model_alone_is_judged_only_where_it_was_asked_about_every_ticket() -> None:
    always = [
        case(n, "login", said("login"), strong("login" if n else "refund"), escalation="")
        for n in range(10)
    ]

    measured = told(always, asks_strong_always=True)["strong_only"]
    extrapolated = told()["strong_only"]

    assert (measured["accuracy"]["part"], measured["accuracy"]["whole"]) == (9, 10)
    assert measured["loss"]["fixed_by_cascade"] == 1
    # U(0 of 10) at 2.5 % less L(1 of 10): 0.3085 - 0.0025
    assert measured["loss"]["at_most"] == pytest.approx(0.3060, abs=1e-3)
    assert measured["saving"] == pytest.approx(1 - FIRST_NANOUSD / STRONG_NANOUSD)
    assert extrapolated["accuracy"] is None
    assert extrapolated["loss"] is None
    assert extrapolated["tickets"] == 2


def test_without_a_strong_model_there_is_nothing_to_compare_with() -> None:
    assert told([case(1, first=said("refund"))], strong_model="")["strong_only"] is None


def test_two_configurations_are_compared_on_the_tickets_that_both_answered() -> None:
    a = [case(n, "refund", said("refund" if n < 9 else "login")) for n in range(41)]
    b = [case(n, "refund", said("login" if n < 9 else "refund", cost=60_000)) for n in range(40)]

    found = computed(a, b, first_model="claude-sonnet-5-5")["compared"]

    assert (found["tickets"], found["fixes"], found["breaks"]) == (40, 31, 9)
    # both tails of 40 tosses of a fair coin with at most 9 heads
    assert found["p_value"] == pytest.approx(2 * sum(comb(40, k) for k in range(10)) / 2**40)
    assert found["cost_difference_nanousd"] == 10_000
    assert found["sentence"].startswith(
        "B fixes 31, breaks 9, p = 0.0007 (exact McNemar test on 40"
    )
    assert "B is better by 55.0 points" in found["sentence"]
    assert "$0.0100 more per 1,000 tickets" in found["sentence"]


def test_who_was_asked_first_does_not_pay_for_the_cache_of_both() -> None:
    dear = FIRST_NANOUSD * 10
    a = [case(n, "refund", said("refund", cost=dear)) for n in range(4)]
    b = [case(n, "refund", said("refund")) for n in range(3)]
    b += [case(3, "refund", said("refund"), said("refund", cost=STRONG_NANOUSD))]

    found = computed(a, b, apply=0.5)["compared"]

    assert found["cost_difference_nanousd"] == STRONG_NANOUSD // 4
    assert found["sentence"].endswith("$0.225 more per 1,000 tickets at the mean price of a call.")


def test_a_difference_that_may_be_chance_is_called_so() -> None:
    a = [case(n, "refund", said("refund" if n else "login")) for n in range(10)]
    b = [case(n, "refund", said("refund")) for n in range(10)]

    found = computed(a, b)["compared"]

    assert (found["fixes"], found["breaks"], found["p_value"]) == (1, 0, 1.0)
    assert "the difference may be chance" in found["sentence"]


@pytest.mark.parametrize(
    "cases",
    [
        pytest.param([], id="no ticket"),
        pytest.param([case(1, first=said("refund"))], id="one ticket"),
        pytest.param(FIVE[:3], id="three tickets"),
        pytest.param([case(n, first=said("refund", 1.0)) for n in range(40)], id="one class"),
        pytest.param(
            [
                case(n, "refund", escalation="no usable answer", part=part)
                for n, part in enumerate(Part)
            ],
            id="no usable answer",
        ),
        pytest.param(
            [case(n, first=said("refund", 0.0, cost=0, latency=None)) for n in range(3)],
            id="no cost, no latency, no confidence",
        ),
        pytest.param(
            [
                case(n, first=said("unheard-of"), strong=said("new"), part=part)
                for n, part in enumerate(Part)
            ],
            id="labels that the taxonomy does not have",
        ),
    ],
)
def test_too_little_certifies_nothing_and_crashes_nothing(cases: list[Case]) -> None:
    found = computed(cases, cases)

    assert json.loads(json.dumps(found)) == found
    for each in found["configurations"]:
        assert not each["recommendation"]["is_certified"]
        assert not any(point["is_certified"] for point in each["sweep"])
    assert any("without a person" in claim for claim in found["claims"]["may_not"])
    assert not any("at most" in claim for claim in found["claims"]["may"])


def test_the_sentence_to_quote_has_number_interval_price_and_what_is_proven() -> None:
    proven, unproven = computed(crowd(1_500)), computed(crowd(40))

    assert proven["sentence"].startswith("On 1,500 labelled tickets triage is 9")
    assert "95 % interval" in proven["sentence"]
    assert "per 1,000 tickets; proven with at most 5 % wrong: " in proven["sentence"]
    assert "no threshold is proven" in unproven["sentence"]


def test_it_may_not_be_said_that_an_unasked_strong_model_is_no_better() -> None:
    extrapolated, measured = (
        computed(crowd(200, asks_always=asks), asks_strong_always=asks)["claims"]
        for asks in (False, True)
    )

    words = "as right as the strong model alone"
    assert any(words in claim for claim in extrapolated["may_not"])
    assert not any(words in claim for claim in measured["may_not"])
    assert any("the strong model alone" in claim for claim in measured["may"])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(LABELS)),
            st.sampled_from([*sorted(LABELS), ""]),
            st.floats(0, 1),
            st.sampled_from([*sorted(LABELS), ""]),
            st.sampled_from(list(Part)),
        ),
        max_size=60,
    )
)
def test_whatever_the_answers_the_counts_add_up(
    rows: list[tuple[str, str, float, str, Part]],
) -> None:
    cases = [
        case(
            n,
            truth,
            said(first, confidence) if first else None,
            said(second) if second else None,
            part=part,
        )
        for n, (truth, first, confidence, second, part) in enumerate(rows)
    ]

    found = computed(cases)

    told = found["configurations"][0]
    assert sum(cell["tickets"] for cell in told["confusion"]) == len(cases)
    assert sum(row["tickets"] for row in told["labels"]) == len(cases)
    assert sum(found["parts"].values()) == len(cases)
    assert told["escalation"]["escalated"] == sum(b["tickets"] for b in told["escalation"]["bands"])
    assert all(0 <= point["coverage"] <= 1 for point in told["sweep"])


def test_each_configuration_is_told_with_its_own_settings() -> None:
    cases = crowd(20)

    found = compute(
        cases,
        cases,
        configurations=[configuration("A"), configuration("B", apply=0.5)],
        labels=LABELS,
        promise=Promise(0.05, 0.05),
    )

    assert [each["name"] for each in found["configurations"]] == ["A", "B"]
    assert [each["configuration"]["apply"] for each in found["configurations"]] == [0.85, 0.5]
