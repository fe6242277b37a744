"""Users, roles and teams. Written by the admin pages, the demo loader and invitations."""

from functools import cache
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

SYSTEM_EMAIL = "system@triage.invalid"


class Role(models.TextChoices):
    AGENT = "agent", "Agent"
    ADMIN = "admin", "Admin"
    INTEGRATION = "integration", "Integration"


class Team(models.Model):
    """One group of agents that labels route to. Written by admins."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username or "")

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A saved user; without a password nobody can log in as them."""
        if not email:
            raise ValueError("email: a user needs an e-mail address")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, role=Role.ADMIN, **fields)

    def system(self) -> "User":
        """The user `system`, as whom background work runs. Nobody can log in as it."""
        return _system_user()


class User(AbstractBaseUser):
    """One person, integration, or the user `system`. The e-mail address is the login."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.AGENT)
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="members"
    )
    is_active = models.BooleanField(default=True)
    calls_per_minute = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Interactive calls to Claude in any minute. Empty: the installation's limit.",
    )
    uses_single_keys = models.BooleanField(
        default=True, help_text="Whether single letters are shortcuts in the workspace."
    )
    notices_seen_at = models.DateTimeField(
        default=timezone.now, help_text="Up to when notices were shown."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique"),
            models.CheckConstraint(
                condition=models.Q(role__in=[role.value for role in Role]), name="user_role_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """What the admin pages greet with."""
        return str(self)

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def is_staff(self) -> bool:
        """Django's word for "may enter /admin/"."""
        return self.is_active and self.is_admin

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Roles decide, not Django's permission tables: admins may do what the admin pages offer."""
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff

    @property
    def can_work_tickets(self) -> bool:
        """Agents and admins use the workspace; integrations and `system` do not."""
        return self.is_active and self.role in (Role.AGENT, Role.ADMIN)


@cache
def _system_user() -> User:
    """Looked up once a process: it stands behind every background call."""
    user, _ = User.objects.get_or_create(
        email=SYSTEM_EMAIL, defaults={"name": "System", "role": Role.INTEGRATION, "password": "!"}
    )
    return user
