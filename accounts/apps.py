from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, their roles and their teams. Knows nothing of tickets."""

    name = "accounts"
