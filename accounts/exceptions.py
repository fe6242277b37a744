"""What can go wrong with people and their tokens. Every message is safe to show to a person.

AccountsError
├── InvalidInput    a field's fault; names the field
└── Refused         nobody may do this to that person
"""


class AccountsError(Exception):
    """The root."""


class InvalidInput(AccountsError):
    """`field` names the field, `message` is a sentence for the person who filled it in."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class Refused(AccountsError):
    """The message says why, and what to do instead."""
