"""What each comparison of the ledger with the provider's account found. Written by `services.gateway.reconciling`."""

from django.db import models
from django.db.models.functions import Now


class Reconciliation(models.Model):
    """One run over the attempts opened from `since` to before `until`. Money is whole nano-dollars.

    `ledger_nanousd` is what is known, `account_nanousd` what the provider says; what stays unsure lies between
    `unsure_low_nanousd` and `unsure_high_nanousd`. `differences` is how many lines did not agree.
    """

    at = models.DateTimeField(db_default=Now(), editable=False)
    since = models.DateTimeField()
    until = models.DateTimeField()
    compared = models.PositiveIntegerField()
    ledger_nanousd = models.BigIntegerField()
    account_nanousd = models.BigIntegerField()
    resolved = models.PositiveIntegerField()
    not_billed = models.PositiveIntegerField()
    unsure = models.PositiveIntegerField()
    unsure_low_nanousd = models.BigIntegerField()
    unsure_high_nanousd = models.BigIntegerField()
    differences = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["-at"], name="reconciliation_newest")]

    def __str__(self) -> str:
        return f"reconciliation of {self.at:%Y-%m-%d %H:%M}"
