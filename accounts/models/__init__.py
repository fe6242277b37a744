"""Who may do what. One module per subject; import models from here."""

from accounts.models.tokens import ApiToken, Scope
from accounts.models.users import SYSTEM_EMAIL, Role, Team, User, UserManager

__all__ = ["SYSTEM_EMAIL", "ApiToken", "Role", "Scope", "Team", "User", "UserManager"]
