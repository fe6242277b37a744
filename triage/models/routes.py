"""Routes as admins set them, and what the provider says of the models on them.

A feature without a row here has the route that the code gives it (`gateway.routes`).
"""

from django.db import models
from django.db.models import Q

from triage.models.ledger import Feature


class FeatureRoute(models.Model):
    """The route of one feature: its limits; its models are the hops. Set by admins. Seconds are wall clock."""

    feature = models.CharField(max_length=10, choices=Feature.choices, unique=True)
    attempt_seconds = models.FloatField(help_text="At most this long for one request.")
    deadline_seconds = models.FloatField(
        help_text="At most this long for a call, retries and fallbacks included."
    )
    max_cost_nanousd = models.BigIntegerField(
        help_text="All requests of one call together cost at most this."
    )
    latency_limit_seconds = models.FloatField(
        null=True,
        blank=True,
        help_text="A model that has become slower than this is passed over while another is left.",
    )

    class Meta:
        ordering = ["feature"]
        constraints = [
            models.CheckConstraint(
                condition=Q(feature__in=Feature.values), name="route_feature_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    attempt_seconds__gt=0, deadline_seconds__gt=0, deadline_seconds__lte=90
                ),
                name="route_seconds_in_range",  # the broker gives a task to another worker after 120 s
            ),
            models.CheckConstraint(condition=Q(max_cost_nanousd__gt=0), name="route_cost_positive"),
        ]

    def __str__(self) -> str:
        return f"route of {self.get_feature_display().lower()}"


class FeatureRouteHop(models.Model):
    """One model of a route, asked in the order of `position`, `tries` times at most."""

    route = models.ForeignKey(FeatureRoute, on_delete=models.CASCADE, related_name="hops")
    position = models.PositiveSmallIntegerField()
    model = models.CharField(max_length=80)
    tries = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["route", "model"], name="route_hop_model_once"),
            models.CheckConstraint(
                condition=Q(tries__gte=1, tries__lte=10), name="route_hop_tries_in_1_to_10"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} × {self.tries}"


class Lifecycle(models.TextChoices):
    ACTIVE = "active", "Active"
    DEPRECATED = "deprecated", "Deprecated"
    RETIRED = "retired", "Retired"


class ModelLife(models.Model):
    """What the provider last said of one model. Written by `check_models` and when a route is saved."""

    model = models.CharField(max_length=80, unique=True)
    lifecycle = models.CharField(max_length=10, choices=Lifecycle.choices)
    retires_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField()

    class Meta:
        ordering = ["model"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lifecycle__in=Lifecycle.values), name="model_lifecycle_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model}: {self.lifecycle}"
