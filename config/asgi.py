import os
from typing import cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_asgi_application()

from django.conf import settings  # noqa: E402

from triage.api.body_limit import Application, BodyLimit  # noqa: E402

application = BodyLimit(
    cast("Application", django_application),
    body_bytes=settings.TRIAGE_BODY_BYTES,
    upload_bytes=settings.TRIAGE_UPLOAD_BYTES,
)
