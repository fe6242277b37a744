"""What is personal beyond what every installation masks. Written by admins."""

from django.db import models
from django.db.models import Q


class MaskingPattern(models.Model):
    """One kind of text that never leaves the house, as a regular expression (RE2). Its name is the placeholder's: [NAME_1]."""

    name = models.CharField(
        max_length=20, unique=True, help_text="Capitals and _, as in MEMBER_ID."
    )
    pattern = models.CharField(max_length=300, help_text=r"A regular expression, as in M-\d{6}.")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(name__regex=r"^[A-Z][A-Z_]*[A-Z]$"), name="masking_pattern_name_plain"
            ),
            models.CheckConstraint(condition=~Q(pattern=""), name="masking_pattern_given"),
        ]

    def __str__(self) -> str:
        return self.name
