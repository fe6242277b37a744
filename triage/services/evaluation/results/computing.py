"""compute(): everything that an evaluation's tickets say, as JSON.

The accuracy of fixed configurations, where nothing was fitted or chosen, is of all counted tickets; so are the tables of labels,
escalations and costs. What follows a fit or a choice is told on the tickets of the report, which neither has seen.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from triage.models import Part
from triage.services.evaluation.cases import Case
from triage.services.evaluation.configurations import Configuration, to_json
from triage.services.evaluation.results import costs, escalation, telling
from triage.services.evaluation.results import labels as tables
from triage.services.evaluation.results.calibrated import calibrators_of, fit_curves, reliability
from triage.services.evaluation.results.calibrated import told_of as calibration_of
from triage.services.evaluation.results.choosing import Evidence, recommend
from triage.services.evaluation.results.comparing import compare
from triage.services.evaluation.results.groups import group_labels
from triage.services.evaluation.results.rule import Rule
from triage.services.evaluation.results.shares import Json, counted
from triage.services.evaluation.results.sweep import sweep
from triage.services.statistics.scores import by_label, macro_f1
from triage.services.statistics.thresholds import Promise
from triage.services.taxonomy import LabelSnapshot

FORMAT = 1
REVIEW_MINUTES = 1.0  # of a person's time for a ticket that does not stand by itself: an assumption


def compute(
    cases_a: Sequence[Case],
    cases_b: Sequence[Case] | None,
    *,
    configurations: Sequence[Configuration],
    labels: Mapping[str, LabelSnapshot],
    promise: Promise,
    review_minutes: float = REVIEW_MINUTES,
) -> Json:
    """The results of one or two configurations on the same tickets; any number of tickets will do, also none.

    Args:
        labels: The taxonomy's, by slug.
        promise: The error that labels may have without a person, and the chance of that being broken.
    """
    runs = [cases_a] if cases_b is None else [cases_a, cases_b]
    told = [
        _configuration(cases, Rule(configuration, labels), promise, review_minutes)
        for cases, configuration in zip(runs, configurations, strict=True)
    ]
    same = len({_asked(each) for each in configurations}) == 1
    compared = None if cases_b is None else compare(cases_a, cases_b, asks_the_same=same)
    return {
        "format": FORMAT,
        "tickets": len(cases_a),
        "parts": {part.value: Counter(case.part for case in cases_a)[part] for part in Part},
        "promise": {"target": promise.target, "d": promise.d},
        "review_minutes": review_minutes,
        "configurations": told,
        "compared": compared,
        "sentence": telling.sentence(told, compared),
        "claims": telling.claims(told),
    }


def _configuration(
    cases: Sequence[Case], rule: Rule, promise: Promise, review_minutes: float
) -> Json:
    curves = fit_curves(cases)
    groups = group_labels(cases, rule=rule, promise=promise)
    evidence = Evidence(cases, rule, calibrators_of(rule.configuration, curves), groups, promise)
    return {
        "name": rule.configuration.name,
        "configuration": to_json(rule.configuration),
        **_figures(cases, rule),
        "labels": tables.rows(cases, rule=rule, groups=groups),
        "confusion": tables.confusion(cases),
        "head": tables.head(cases),
        "cost_nanousd": sum(case.cost_nanousd for case in cases),
        "cost_per_ticket_nanousd": costs.cost_per_ticket(cases),
        "latency_ms": costs.latency(cases),
        "escalation": escalation.told_of(cases),
        "strong_only": costs.strong_only(cases, rule=rule),
        "reliability": reliability(cases),
        "calibration": calibration_of(cases, curves=curves, configuration=rule.configuration),
        "sweep": sweep(evidence, review_minutes=review_minutes),
        "recommendation": recommend(evidence),
    }


def _asked(configuration: Configuration) -> Configuration:
    """What a call of it looks like: without what only decides what an answer is worth."""
    plain = replace(configuration, name="", apply=0.0, suggest=0.0, local_version="")
    return replace(plain, asks_strong_always=False, first_calibrator="", strong_calibrator="")


def _figures(cases: Sequence[Case], rule: Rule) -> Json:
    """How often it was right. `coverage`: sure by the thresholds in force; `errors`: those of them that are wrong."""
    judgements = [rule.judgement(case) for case in cases]
    return {
        "answered": sum(case.decided is not None for case in cases),
        "accuracy": counted(each.is_right for each in judgements),
        "macro_f1": macro_f1(by_label(judgements)),
        "top_2": counted(each.is_right or each.runner_up == each.truth for each in judgements),
        "coverage": counted(each.is_automatic for each in judgements),
        "errors": counted(not each.is_right for each in judgements if each.is_automatic),
        "escalated": counted(bool(case.escalation) for case in cases),
    }
