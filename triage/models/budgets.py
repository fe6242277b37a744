"""What may be spent, and what is: budgets that admins set, and each scope's spend in each UTC day and month.

Money is whole nano-dollars. `Spend` is kept by a trigger on the attempts, so it is their sum by construction, whoever writes
them; nothing else may write it.
"""

from django.db import models
from django.db.models import F, Q


class Scope(models.TextChoices):
    """Whose money. A scope's `key` is "" for the installation, the feature's name, or the user's id."""

    INSTALLATION = "installation", "Installation"
    FEATURE = "feature", "Feature"
    USER = "user", "User"


class Period(models.TextChoices):
    DAY = "day", "Day (UTC)"
    MONTH = "month", "Month (UTC)"


class Budget(models.Model):
    """A limit on one scope's spend in each day or month. Set by admins.

    Above `soft_nanousd` an alert is raised; nothing is asked that could take the spend above `hard_nanousd`.
    """

    scope = models.CharField(max_length=12, choices=Scope.choices)
    key = models.CharField(max_length=20, blank=True, help_text="The feature, or the user's id.")
    period = models.CharField(max_length=5, choices=Period.choices)
    soft_nanousd = models.BigIntegerField(null=True, blank=True)
    hard_nanousd = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["scope", "key", "period"]
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "key", "period"], name="budget_once_per_scope_and_period"
            ),
            models.CheckConstraint(condition=Q(scope__in=Scope.values), name="budget_scope_known"),
            models.CheckConstraint(
                condition=Q(period__in=Period.values), name="budget_period_known"
            ),
            models.CheckConstraint(
                condition=Q(scope=Scope.INSTALLATION, key="")
                | (~Q(scope=Scope.INSTALLATION) & ~Q(key="")),
                name="budget_key_fits_scope",
            ),
            models.CheckConstraint(
                condition=Q(soft_nanousd__isnull=False) | Q(hard_nanousd__isnull=False),
                name="budget_has_a_limit",
            ),
            models.CheckConstraint(
                condition=Q(soft_nanousd__gte=0) & Q(hard_nanousd__gte=0),
                name="budget_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(soft_nanousd__isnull=True)
                | Q(hard_nanousd__isnull=True)
                | Q(soft_nanousd__lte=F("hard_nanousd")),
                name="budget_soft_below_hard",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} {self.key} per {self.period}".replace("  ", " ")


class Spend(models.Model):
    """One scope's money in one UTC day or month, in nano-dollars.

    `held_nanousd` are the bounds of attempts that are still open; `spent_nanousd` what all others cost, the bounds of
    unknown ones included. Written by the trigger `attempt_adds_to_spend` alone.
    """

    pk = models.CompositePrimaryKey("scope", "key", "period", "starts_on")
    scope = models.CharField(max_length=12, choices=Scope.choices)
    key = models.CharField(max_length=20, blank=True)
    period = models.CharField(max_length=5, choices=Period.choices)
    starts_on = models.DateField()
    held_nanousd = models.BigIntegerField(default=0)
    spent_nanousd = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "spend"

    def __str__(self) -> str:
        return f"{self.scope} {self.key} in the {self.period} of {self.starts_on}"


class Shedding(models.Model):
    """How much of the installation's budgets one feature may use: what is shed first has the smallest share. Set by admins.

    A feature without a row has the share that the code gives it (`gateway.budgets`).
    """

    feature = models.CharField(max_length=10, unique=True)
    share_percent = models.PositiveSmallIntegerField(
        default=100, help_text="Of the installation's budgets, at most this much is for it."
    )

    class Meta:
        verbose_name_plural = "shedding order"
        ordering = ["share_percent", "feature"]
        constraints = [
            models.CheckConstraint(
                condition=Q(share_percent__gte=1, share_percent__lte=100),
                name="shedding_share_in_1_to_100",
            )
        ]

    def __str__(self) -> str:
        return f"{self.feature} up to {self.share_percent} %"
