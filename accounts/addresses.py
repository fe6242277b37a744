"""Where browsers reach this installation, for words that leave it."""

from django.conf import settings

HERE = {"localhost", "127.0.0.1", "[::1]"}


def site() -> str:
    """Where browsers reach this installation, as far as the settings say."""
    for origin in settings.CSRF_TRUSTED_ORIGINS:
        if "*" not in origin:
            return origin
    hosts = [host for host in settings.ALLOWED_HOSTS if not host.startswith((".", "*"))]
    away = [host for host in hosts if host not in HERE]
    scheme = "https" if settings.SECURE_SSL_REDIRECT else "http"
    return f"{scheme}://{away[0]}" if away else "http://127.0.0.1:8000"
