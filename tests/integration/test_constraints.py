"""What must always hold is held by the database itself, under a name that says what."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from accounts.models import Team, User
from tests.integration import evaluation_rows
from tests.integration.constraint_rows import (
    a_batch,
    a_budget,
    a_call,
    a_decision,
    a_delivery,
    a_draft,
    a_hop,
    a_kept_answer,
    a_label,
    a_life,
    a_message,
    a_pattern,
    a_reply,
    a_requester,
    a_rollup_state,
    a_route,
    a_run,
    a_share,
    a_ticket,
    a_token,
    a_user,
    a_variant,
    a_version,
    a_view,
    a_webhook,
    an_alert,
    an_alert_rule,
    an_article,
    an_attempt,
    an_event,
    an_experiment,
    an_import,
)
from triage.models import (
    Attempt,
    Certainty,
    Channel,
    Experiment,
    FieldDecision,
    Label,
    Requester,
    TaxonomyVersion,
    Ticket,
    TicketTag,
    Variant,
)


@contextmanager
def refused_by(name: str) -> Iterator[None]:
    """The block breaks the constraint or trigger of that name."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        yield
    cause = caught.value.__cause__
    assert isinstance(cause, psycopg.Error)
    assert cause.diag.constraint_name == name


Row = Callable[[], models.Model]
Change = dict[str, Any]

# Each constraint with a valid row and a change that it must refuse.
CHECKS: list[tuple[str, Row, Change]] = [
    ("user_role_known", a_user, {"role": "owner"}),
    ("ticket_status_known", a_ticket, {"status": "lost"}),
    ("ticket_priority_known", a_ticket, {"priority": "highest"}),
    ("ticket_channel_known", a_ticket, {"channel": "fax"}),
    ("ticket_description_given", a_ticket, {"description": ""}),
    ("message_author_kind_known", a_message, {"author_kind": "robot"}),
    ("message_body_given", a_message, {"body": ""}),
    ("label_slug_given", a_label, {"slug": ""}),
    ("alert_rule_limit_not_negative", an_alert_rule, {"limit": -0.1}),
    ("experiment_state_known", an_experiment, {"state": "lost"}),
    ("experiment_times_fit_state", an_experiment, {"state": "running"}),
    ("experiment_times_fit_state", an_experiment, {"started_at": timezone.now()}),
    ("variant_weight_in_1_to_100", a_variant, {"weight": 0}),
    ("variant_weight_in_1_to_100", a_variant, {"weight": 101}),
    ("rollup_state_is_one_row", a_rollup_state, {"id": 2}),
    ("label_threshold_in_0_to_1", a_label, {"threshold": 1.01}),
    ("label_threshold_in_0_to_1", a_label, {"threshold": -0.01}),
    ("label_threshold_in_0_to_1", a_label, {"threshold": float("nan")}),
    ("label_auto_apply_has_reason", a_label, {"auto_apply": True}),
    ("triage_state_known", a_run, {"state": "lost"}),
    ("triage_cost_not_negative", a_run, {"cost_nanousd": -1}),
    ("triage_done_is_finished", a_run, {"state": "done"}),
    ("triage_done_is_finished", a_run, {"state": "done", "stage": "classify"}),
    ("triage_done_is_finished", a_run, {"state": "done", "finished_at": timezone.now()}),
    ("triage_skip_has_reason", a_run, {"state": "skipped"}),
    ("triage_running_has_lease", a_run, {"state": "running"}),
    ("field_decision_confidence_in_0_to_1", a_decision, {"confidence": 1.01}),
    ("field_decision_confidence_in_0_to_1", a_decision, {"confidence": -0.01}),
    ("field_decision_confidence_in_0_to_1", a_decision, {"confidence": float("nan")}),
    ("field_decision_decision_known", a_decision, {"decision": "guessed"}),
    ("field_decision_correction_is_whole", a_decision, {"corrected_to": "login"}),
    ("field_decision_correction_is_whole", a_decision, {"corrected_at": timezone.now()}),
    ("field_decision_applied_has_value", a_decision, {"decision": "applied", "value": ""}),
    ("call_feature_known", a_call, {"feature": "guess"}),
    ("call_state_known", a_call, {"state": "lost"}),
    ("call_cost_not_negative", a_call, {"cost_nanousd": -1}),
    ("attempt_certainty_known", an_attempt, {"certainty": "maybe"}),
    ("attempt_money_not_negative", an_attempt, {"cost_nanousd": -1}),
    ("attempt_money_not_negative", an_attempt, {"bound_nanousd": -1}),
    ("attempt_settled_has_time", an_attempt, {"certainty": "known"}),
    ("attempt_settled_has_time", an_attempt, {"certainty": "lower_bound"}),
    ("attempt_none_costs_nothing", an_attempt, {"certainty": "none", "cost_nanousd": 1}),
    ("stored_reply_has_time", a_reply, {"reply": {"text": "x"}}),
    ("stored_reply_has_time", a_reply, {"stored_at": timezone.now()}),
    ("import_state_known", an_import, {"state": "lost"}),
    ("budget_scope_known", a_budget, {"scope": "planet"}),
    ("budget_period_known", a_budget, {"period": "year"}),
    ("budget_key_fits_scope", a_budget, {"scope": "installation"}),
    ("budget_key_fits_scope", a_budget, {"key": ""}),
    ("budget_has_a_limit", a_budget, {"hard_nanousd": None}),
    ("budget_not_negative", a_budget, {"hard_nanousd": -1}),
    ("budget_not_negative", a_budget, {"soft_nanousd": -1}),
    ("budget_soft_below_hard", a_budget, {"soft_nanousd": 11}),
    ("shedding_share_in_1_to_100", a_share, {"share_percent": 0}),
    ("shedding_share_in_1_to_100", a_share, {"share_percent": 101}),
    ("alert_kind_known", an_alert, {"kind": "boredom"}),
    ("route_feature_known", a_route, {"feature": "guess"}),
    ("route_seconds_in_range", a_route, {"attempt_seconds": 0}),
    ("route_seconds_in_range", a_route, {"deadline_seconds": 0}),
    ("route_seconds_in_range", a_route, {"deadline_seconds": 90.1}),
    ("route_cost_positive", a_route, {"max_cost_nanousd": 0}),
    ("route_hop_tries_in_1_to_10", a_hop, {"tries": 0}),
    ("route_hop_tries_in_1_to_10", a_hop, {"tries": 11}),
    ("model_lifecycle_known", a_life, {"lifecycle": "immortal"}),
    ("batch_state_known", a_batch, {"state": "eaten"}),
    ("batch_feature_known", a_batch, {"feature": "guess"}),
    ("batch_submitted_has_id", a_batch, {"state": "submitted"}),
    ("batch_has_lines", a_batch, {"lines": 0}),
    ("import_failed_has_error", an_import, {"state": "failed"}),
    ("api_token_named", a_token, {"name": ""}),
    ("api_token_has_scope", a_token, {"scopes": []}),
    ("api_token_scopes_known", a_token, {"scopes": ["root"]}),
    ("draft_state_known", a_draft, {"state": "lost", "finished_at": timezone.now()}),
    ("draft_cost_not_negative", a_draft, {"cost_nanousd": -1}),
    ("draft_running_has_lease", a_draft, {"state": "running"}),
    ("draft_over_is_finished", a_draft, {"state": "ready"}),
    ("draft_failed_has_error", a_draft, {"state": "failed", "finished_at": timezone.now()}),
    ("message_mailed_is_a_reply", a_message, {"mail_due_at": timezone.now()}),
    ("draft_tone_known", a_draft, {"tone": "rude"}),
    ("draft_edited_share_in_0_to_1", a_draft, {"edited_share": 1.01}),
    ("draft_edited_share_in_0_to_1", a_draft, {"edited_share": -0.01}),
    ("field_decision_reason_known", a_decision, {"correction_reason": "mood"}),
    ("field_decision_reason_known", a_decision, {"correction_reason": "two_topics"}),
    ("article_kind_known", an_article, {"kind": "poem"}),
    ("article_says_something", an_article, {"body": ""}),
    ("masking_pattern_name_plain", a_pattern, {"name": "member 1"}),
    ("masking_pattern_given", a_pattern, {"pattern": ""}),
    ("saved_view_named", a_view, {"name": ""}),
    ("saved_view_sharing_known", a_view, {"sharing": "world"}),
    ("saved_view_of_team_has_team", a_view, {"sharing": "team"}),
    ("event_kind_known", an_event, {"kind": "ticket.eaten"}),
    ("webhook_wants_some_event", a_webhook, {"kinds": []}),
    ("webhook_old_secret_ends", a_webhook, {"old_secret": "o"}),
    ("delivery_state_known", a_delivery, {"state": "lost", "finished_at": timezone.now()}),
    ("delivery_over_is_finished", a_delivery, {"state": "failed"}),
    *evaluation_rows.CHECKS,
]
# Rows that may not be, or not beside each other.
PAIRS: dict[str, Callable[[], object]] = {
    "user_email_unique": lambda: (a_user(), User.objects.create_user("DANA@example.com")),
    "requester_email_unique": lambda: (
        a_requester(),
        Requester.objects.create(email="ANN@mail.example"),
    ),
    "experiment_one_at_a_time": lambda: [
        Experiment.objects.create(
            name=name, by=User.objects.system(), state="running", started_at=timezone.now()
        )
        for name in ("Shorter", "Longer")
    ],
    "variant_name_once": lambda: [
        Variant.objects.create(experiment=experiment, name="control")
        for experiment in [an_experiment()] * 2
    ],
    "ticket_source_external_id_unique": lambda: (a_ticket(), a_ticket()),
    "label_slug_unique": lambda: (a_label(), Label.objects.create(slug="REFUND", name="Two")),
    "field_decision_once_per_run": lambda: FieldDecision.objects.bulk_create(
        [
            FieldDecision(field="label", threshold=0, decision="withheld", triage=run)
            for run in [a_run()] * 2
        ]
    ),
    "attempt_number_once_per_call": lambda: [an_attempt(call=call) for call in [a_call()] * 2],
    "budget_once_per_scope_and_period": lambda: (a_budget(), a_budget()),
    "alert_open_once_per_kind_and_scope": lambda: (an_alert(), an_alert()),
    "route_hop_model_once": lambda: [a_hop(route=route) for route in [a_route()] * 2],
    "draft_one_underway_per_ticket": lambda: [a_draft(ticket) for ticket in [a_ticket()] * 2],
    "delivery_once_per_webhook": lambda: [
        a_delivery(number, webhook=webhook, event=event)
        for number, (webhook, event) in enumerate([(a_webhook(), an_event())] * 2)
    ],
    "kept_answer_once_per_key": lambda: [a_kept_answer(token) for token in [a_token()] * 2],
    "ticket_tag_once": lambda: [
        TicketTag.objects.create(ticket=ticket, tag="vip", updated_at=timezone.now())
        for ticket in [a_ticket()] * 2
    ],
    "saved_view_named_once": lambda: (a_view(), a_view()),
    "taxonomy_number_positive": lambda: TaxonomyVersion.objects.create(
        number=0, digest="d", labels=[], by=User.objects.system()
    ),
    **evaluation_rows.PAIRS,
}
TESTED = {name for name, _, _ in CHECKS} | set(PAIRS)


@pytest.mark.parametrize(
    ("name", "row", "change"), CHECKS, ids=[f"{name}: {', '.join(c)}" for name, _, c in CHECKS]
)
def test_the_database_refuses_a_value_that_must_not_be(
    db: None, name: str, row: Row, change: Change
) -> None:
    good = row()

    with refused_by(name):
        type(good)._default_manager.filter(pk=good.pk).update(**change)


@pytest.mark.parametrize("name", PAIRS)
def test_the_database_refuses_a_row_that_must_not_be(db: None, name: str) -> None:
    with refused_by(name):
        PAIRS[name]()


def test_every_constraint_of_the_models_is_proven_here() -> None:
    ours = [
        *apps.get_app_config("accounts").get_models(),
        *apps.get_app_config("triage").get_models(),
    ]
    named = {constraint.name for model in ours for constraint in model._meta.constraints}

    assert named == TESTED


def test_an_address_may_be_missing_twice(db: None) -> None:
    Requester.objects.create(name="One")
    Requester.objects.create(name="Two")

    assert Requester.objects.filter(email="").count() == 2


def test_tickets_without_an_external_id_never_collide(db: None) -> None:
    for _ in range(2):
        Ticket.objects.create(description="Help", original_characters=4, channel=Channel.FORM)

    assert Ticket.objects.count() == 2


def test_the_same_external_id_of_two_sources_is_two_tickets(db: None) -> None:
    a_ticket()

    Ticket.objects.create(
        description="Help", original_characters=4, channel="api", source="other", external_id="1"
    )

    assert Ticket.objects.count() == 2


# --- history is not edited


def test_a_taxonomy_version_cannot_be_changed(db: None) -> None:
    version = a_version()

    with refused_by("taxonomyversion_is_immutable"):
        TaxonomyVersion.objects.filter(pk=version.pk).update(labels=[{"slug": "new"}])


def test_a_taxonomy_version_cannot_be_deleted(db: None) -> None:
    version = a_version()

    with refused_by("taxonomyversion_is_immutable"):
        version.delete()


@pytest.mark.parametrize("certainty", [Certainty.KNOWN, Certainty.NONE])
def test_a_settled_attempt_cannot_be_changed(db: None, certainty: Certainty) -> None:
    cost = 0 if certainty is Certainty.NONE else 7
    attempt = an_attempt(certainty=certainty, cost_nanousd=cost, settled_at=timezone.now())

    with refused_by("attempt_settled_is_immutable"):
        Attempt.objects.filter(pk=attempt.pk).update(cost_nanousd=0, output_tokens=1)


@pytest.mark.parametrize("certainty", [Certainty.OPEN, Certainty.UNKNOWN, Certainty.LOWER_BOUND])
def test_an_attempt_whose_cost_is_not_sure_takes_better_knowledge(
    db: None, certainty: Certainty
) -> None:
    attempt = an_attempt(certainty=certainty, settled_at=timezone.now())

    Attempt.objects.filter(pk=attempt.pk).update(certainty=Certainty.KNOWN, cost_nanousd=5)

    attempt.refresh_from_db()
    assert (attempt.certainty, attempt.cost_nanousd) == (Certainty.KNOWN, 5)


@pytest.mark.parametrize(
    "row",
    [lambda: an_attempt().call, lambda: a_version().by],
    ids=["a call with attempts", "the author of a version"],
)
def test_what_history_stands_on_cannot_be_deleted(db: None, row: Row) -> None:
    with pytest.raises(models.ProtectedError):
        row().delete()


def test_a_team_may_go_and_its_tickets_stay(db: None) -> None:
    team = Team.objects.create(slug="billing", name="Billing")
    ticket = a_ticket()
    Ticket.objects.filter(pk=ticket.pk).update(team=team)

    team.delete()

    ticket.refresh_from_db()
    assert ticket.team is None
