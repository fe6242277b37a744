"""Calibrators, groups, thresholds and the explorer: each from its own part of the tickets, and nothing from the report's."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.evaluation.results_cases import (
    FIVE_PERCENT,
    LABELS,
    case,
    computed,
    configuration,
    crowd,
    label,
    said,
)
from triage.models import Part
from triage.services.evaluation.cases import Case
from triage.services.evaluation.results.groups import Group, group_labels, proposals
from triage.services.evaluation.results.rule import Rule
from triage.services.statistics.calibrating import fit_signals
from triage.services.statistics.signals import Signals

MANY = crowd(1_500)


def told(cases: list[Case], **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = computed(cases, **fields)["configurations"][0]
    return found


def spoilt(cases: list[Case], part: Part) -> list[Case]:
    """The same tickets, but those of one part have another known label."""
    other = {"delivery": "login", "login": "delivery", "other": "refund", "refund": "other"}
    return [replace(c, truth=other[c.truth]) if c.part is part else c for c in cases]


def test_a_threshold_is_proven_where_there_are_tickets_enough() -> None:
    found = told(MANY)["recommendation"]

    assert found["is_certified"]
    certified = [group for group in found["groups"] if group["is_certified"]]
    assert all(group["upper_error"] <= FIVE_PERCENT.target for group in certified)
    assert all(group["missing"] is None for group in certified)
    assert found["coverage"]["whole"] == found["tickets"] == 450


def test_too_few_tickets_are_refused_with_how_many_are_missing() -> None:
    found = told(crowd(100))["recommendation"]

    assert not found["is_certified"]
    assert found["coverage"]["part"] == 0
    missing = [group["missing"] for group in found["groups"] if group["tickets"]]
    assert missing
    assert all(number > 0 for number in missing)
    assert all("is not proven" in g["words"] for g in found["groups"] if g["tickets"])


def test_what_is_promised_is_not_proven_where_too_much_is_wrong() -> None:
    found = told(crowd(1_500, wrong=0.2))["recommendation"]

    assert not found["is_certified"]


def test_nothing_is_fitted_or_chosen_on_the_tickets_of_the_report() -> None:
    told_before, told_after = told(MANY), told(spoilt(MANY, Part.REPORT))

    before, after = told_before["recommendation"], told_after["recommendation"]
    assert [g["threshold"] for g in before["groups"]] == [g["threshold"] for g in after["groups"]]
    assert before["always_escalate"] == after["always_escalate"]
    assert before["coverage"] == after["coverage"]
    assert before["errors"] != after["errors"]
    assert told_before["calibration"]["curves"] == told_after["calibration"]["curves"]
    assert told_before["sweep"] == told_after["sweep"]


def test_the_calibrators_and_groups_come_from_the_tickets_for_calibrating_alone() -> None:
    before, after = told(MANY), told(spoilt(MANY, Part.CHOOSE))

    assert before["calibration"]["curves"] == after["calibration"]["curves"]
    groups = [
        [row["group"] for row in sorted(each["labels"], key=lambda r: r["label"])]
        for each in (before, after)
    ]
    assert groups[0] == groups[1]
    assert before["recommendation"]["is_certified"]
    assert not after["recommendation"]["is_certified"]


def test_a_stage_has_the_calibrator_that_triage_would_get() -> None:
    tickets = [c for c in MANY if c.part is Part.CALIBRATE]
    firsts = [(c.first, c.truth) for c in tickets if c.first]
    signals = [
        Signals(s.confidence, s.runner_up_confidence if s.runner_up else 0.0) for s, _ in firsts
    ]

    found = told(MANY)["calibration"]["versions"]

    expected = fit_signals(signals, [s.label == truth for s, truth in firsts])
    assert found["classify"] == expected.version


@pytest.mark.parametrize(
    ("asked", "speaks_of", "is_own"),
    [("", "stated", False), ("own", "calibrated", True), ("abc", "calibrated", False)],
)
def test_thresholds_speak_of_what_decided(asked: str, speaks_of: str, is_own: bool) -> None:
    found = told(MANY, first_calibrator=asked)

    versions = found["calibration"]["versions"] if is_own else {"classify": asked} if asked else {}
    recommendation = found["recommendation"]
    assert recommendation["speaks_of"] == speaks_of
    assert recommendation["calibrators"].get("classify") == versions.get("classify")


def test_what_is_calibrated_goes_before_what_was_stated() -> None:
    sure_of_nothing = [
        replace(c, first=replace(c.first, calibrated=0.01)) if c.first else c for c in MANY
    ]

    before, after = told(MANY), told(sure_of_nothing, first_calibrator="abc")

    assert before["coverage"]["part"] > after["coverage"]["part"]
    assert before["recommendation"]["coverage"] != after["recommendation"]["coverage"]
    assert after["calibration"]["in_use"]["ece"] > after["calibration"]["before"]["ece"]


def test_with_too_few_tickets_confidences_stay_as_stated_and_it_is_said_why() -> None:
    found = told(crowd(100))

    assert not found["calibration"]["is_fitted"]
    assert found["calibration"]["after"] is None
    assert found["recommendation"]["speaks_of"] == "stated"
    assert "20 are too few" in found["calibration"]["problems"]["classify"]


def test_calibrated_confidences_are_told_on_the_report_alone() -> None:
    found = told(MANY)["calibration"]

    assert found["before"]["tickets"] == found["after"]["tickets"] == 450
    assert sum(each["right"]["whole"] for each in found["after"]["bins"]) == 450


def test_labels_are_hard_when_too_often_wrong_and_rare_when_hardly_seen() -> None:
    labels = dict(LABELS) | {"new": label("new"), "always": label("always", always_escalate=True)}
    cases = [case(n, "refund", said("refund"), part=Part.CALIBRATE) for n in range(80)]
    cases += [
        case(n, "login" if n % 2 else "refund", said("login"), part=Part.CALIBRATE)
        for n in range(80, 120)
    ]
    cases += [case(n, "other", said("other"), part=Part.CALIBRATE) for n in range(120, 139)]
    rule = Rule(configuration(), labels)

    found = group_labels(cases, rule=rule, promise=FIVE_PERCENT)

    assert found["refund"] is Group.EASY
    assert found["login"] is Group.HARD
    assert found["always"] is Group.HARD
    assert found["other"] is Group.RARE  # 19 tickets
    assert found["new"] is Group.RARE
    assert [each["label"] for each in proposals(cases, rule=rule, promise=FIVE_PERCENT)] == [
        "login"
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "is_proposed"),
    [
        pytest.param(59, 0, False, id="59 without an error prove 5 %"),
        pytest.param(58, 1, True, id="enough tickets, and the bound is above"),
        pytest.param(57, 1, False, id="too few to prove it, and no proof of the opposite"),
        pytest.param(5, 3, True, id="few, but surely too many wrong"),
        pytest.param(0, 0, False, id="none"),
    ],
)
def test_a_label_is_to_be_escalated_when_its_sure_answers_are_not_good_enough(
    right: int, wrong: int, is_proposed: bool
) -> None:
    cases = [case(n, "login", said("login"), part=Part.CHOOSE) for n in range(right)]
    cases += [case(n, "refund", said("login"), part=Part.CALIBRATE) for n in range(wrong)]
    unsure = [case(n, "refund", said("login", 0.5), part=Part.CHOOSE) for n in range(9)]
    report = [case(n, "refund", said("login"), part=Part.REPORT) for n in range(50)]

    found = proposals(
        [*cases, *unsure, *report], rule=Rule(configuration(), LABELS), promise=FIVE_PERCENT
    )

    assert [each["label"] for each in found] == (["login"] if is_proposed else [])


def test_the_explorer_lets_more_stand_for_less_time_and_money_as_the_threshold_falls() -> None:
    sweep = told(MANY)["sweep"]

    def rising(key: str) -> bool:
        return [p[key] for p in sweep] == sorted(p[key] for p in sweep)

    assert len(sweep) > 10
    assert rising("coverage")
    assert rising("errors_per_1000")
    assert [p["threshold"] for p in sweep] == sorted((p["threshold"] for p in sweep), reverse=True)
    minutes = [p["review_minutes_per_1000"] for p in sweep]
    dollars = [p["cost_nanousd_per_1000"] for p in sweep]
    assert minutes == sorted(minutes, reverse=True)
    assert dollars == sorted(dollars, reverse=True)
    assert all(
        p["review_minutes_per_1000"] == pytest.approx(1_000 * (1 - p["coverage"])) for p in sweep
    )
    assert all(p["errors_per_1000"] <= p["errors_per_1000_at_most"] for p in sweep)


def test_the_explorer_proves_an_unbroken_run_of_tested_thresholds() -> None:
    sweep = told(MANY)["sweep"]

    states = [(p["is_tested"], p["is_certified"]) for p in sweep]
    tested = [is_certified for is_tested, is_certified in states if is_tested]
    assert not any(is_certified for is_tested, is_certified in states if not is_tested)
    assert tested == sorted(tested, reverse=True)
    assert tested[0]


def test_what_each_threshold_would_escalate_is_in_its_price() -> None:
    point = told(MANY)["sweep"][0]
    strict = [c for c in MANY if c.part is Part.CHOOSE]

    # every ticket has a first answer of $0.00005, the escalated ones a strong one of $0.0009
    expected = 1_000 * (50_000 + point["escalated"] * 900_000)
    assert point["cost_nanousd_per_1000"] == pytest.approx(expected)
    assert sum(bool(c.escalation) for c in strict) / len(strict) < point["escalated"] <= 1


def test_a_label_that_is_always_escalated_never_stands_in_the_explorer() -> None:
    labels = {slug: label(slug, always_escalate=True) for slug in LABELS}

    found = told(MANY, labels=labels)

    assert all(point["answered"] == 0 for point in found["sweep"])
    assert not any(point["is_certified"] for point in found["sweep"])


def test_thresholds_that_would_escalate_otherwise_than_the_run_are_counted() -> None:
    found = told(MANY)["recommendation"]["changed_way"]

    assert found["whole"] == 750
    assert 0 < found["part"] < 750
