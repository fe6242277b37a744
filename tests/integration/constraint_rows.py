"""One valid row of each table, for constraints to be broken on."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import ApiToken, User
from triage.models import (
    Alert,
    AlertRule,
    Article,
    Attempt,
    Batch,
    Budget,
    Call,
    Channel,
    Delivery,
    Draft,
    Event,
    Experiment,
    FeatureRoute,
    FeatureRouteHop,
    FieldDecision,
    Import,
    KeptAnswer,
    Label,
    MaskingPattern,
    Message,
    ModelLife,
    Requester,
    RollupState,
    SavedView,
    Shedding,
    StoredReply,
    TaxonomyVersion,
    Ticket,
    Triage,
    Variant,
    Webhook,
)


def an_alert_rule() -> AlertRule:
    return AlertRule.objects.create(kind="slow", limit=5)


def an_experiment(name: str = "Shorter") -> Experiment:
    return Experiment.objects.create(name=name, by=User.objects.system())


def a_variant() -> Variant:
    return Variant.objects.create(experiment=an_experiment(), name="control")


def a_rollup_state() -> RollupState:
    return RollupState.objects.create()


def a_user() -> User:
    return User.objects.create_user("dana@example.com")


def a_requester() -> Requester:
    return Requester.objects.create(email="ann@mail.example")


def a_ticket() -> Ticket:
    return Ticket.objects.create(
        description="Help", original_characters=4, channel=Channel.API, source="s", external_id="1"
    )


def a_message() -> Message:
    return Message.objects.create(ticket=a_ticket(), author_kind="requester", body="And?")


def a_label() -> Label:
    return Label.objects.create(slug="refund", name="Refund")


def a_version() -> TaxonomyVersion:
    by = User.objects.system()
    return TaxonomyVersion.objects.create(number=1, digest="d", labels=[], by=by)


def a_run() -> Triage:
    return Triage.objects.create(ticket=a_ticket())


def a_decision() -> FieldDecision:
    return FieldDecision.objects.create(
        triage=a_run(), field="label", value="refund", threshold=0.85, decision="suggested"
    )


def a_call() -> Call:
    return Call.objects.create(
        feature="classify", by=User.objects.system(), fingerprint="f", model_asked="m"
    )


def an_attempt(**changes: Any) -> Attempt:
    plain = {"number": 1, "model": "m", "bound_nanousd": 9, "cost_nanousd": 9, "price": {}}
    later = timezone.now() + timedelta(minutes=1)
    call = changes.pop("call", None) or a_call()
    return Attempt.objects.create(call=call, lease_until=later, **{**plain, **changes})


def a_reply() -> StoredReply:
    return StoredReply.objects.create(fingerprint="f", owner=1, lease_until=timezone.now())


def an_import() -> Import:
    by = User.objects.system()
    return Import.objects.create(name="f.csv", digest="d", source="s", by=by)


def a_budget() -> Budget:
    return Budget.objects.create(scope="feature", key="draft", period="day", hard_nanousd=10)


def a_share() -> Shedding:
    return Shedding.objects.create(feature="draft", share_percent=80)


def an_alert() -> Alert:
    return Alert.objects.create(kind="redis_down", scope="rates", message="Down.")


def an_article() -> Article:
    return Article.objects.create(kind="help", title="Refunds", body="Within five days.")


def a_pattern() -> MaskingPattern:
    return MaskingPattern.objects.create(name="MEMBER", pattern="M-[0-9]+")


def a_view() -> SavedView:
    return SavedView.objects.create(owner=User.objects.system(), name="Refunds", query={})


def a_token() -> ApiToken:
    user = User.objects.system()
    return ApiToken.objects.create(
        user=user, issued_by=user, name="shop", digest="d" * 64, hint="abcd", scopes=["usage:read"]
    )


def a_draft(ticket: Ticket | None = None) -> Draft:
    return Draft.objects.create(ticket=ticket or a_ticket(), by=User.objects.system())


def an_event() -> Event:
    return Event.objects.create(kind="webhook.test")


def a_webhook() -> Webhook:
    return Webhook.objects.create(
        url="https://example.com", kinds=["webhook.test"], secret="s", by=User.objects.system()
    )


def a_delivery(number: int = 1, **fields: Any) -> Delivery:
    plain = {} if fields else {"webhook": a_webhook(), "event": an_event()}
    return Delivery.objects.create(
        message_id=f"msg_{number}", gives_up_at=timezone.now(), **{**plain, **fields}
    )


def a_kept_answer(token: ApiToken) -> KeptAnswer:
    return KeptAnswer.objects.create(
        token=token, path="/", key="k", body_digest="d", status=201, body="{}"
    )


def a_route() -> FeatureRoute:
    return FeatureRoute.objects.create(
        feature="draft", attempt_seconds=10, deadline_seconds=30, max_cost_nanousd=10
    )


def a_hop(**changes: Any) -> FeatureRouteHop:
    route = changes.pop("route", None) or a_route()
    return FeatureRouteHop.objects.create(route=route, position=1, model="m", **changes)


def a_life() -> ModelLife:
    return ModelLife.objects.create(model="m", lifecycle="active", checked_at=timezone.now())


def a_batch() -> Batch:
    return Batch.objects.create(feature="backfill", model="m", lines=1)
