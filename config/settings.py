"""Every setting, read once from the environment; `.env.example` lists them with their reasons.

`python -m config.supervisor` (what `make run` starts) fills in what is unset for a laptop: private servers,
the simulator, a secret key. Settings judge nothing: system checks (`triage/checks.py`) do.
"""

import logging
from datetime import timedelta
from pathlib import Path

import django_stubs_ext
from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.templatetags.static import static
from environs import Env

django_stubs_ext.monkeypatch()  # lets `ModelAdmin[Ticket]` be written where Python runs it

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
env.read_env(str(BASE_DIR / ".env"), recurse=False)

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])

INSTALLED_APPS = [
    "config",
    "accounts",
    "triage",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "django_structlog",
    "axes",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "triage.web.compression.Compression",
    "csp.middleware.CSPMiddleware",
    "triage.admin.security.AdminPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "triage.web.access.LoginRequired",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "triage.web.context.installation",
            ]
        },
    }
]

# --- Database -------------------------------------------------------------------------------------

DATABASES = {"default": env.dj_db_url("DATABASE_URL", "postgresql:///triage")}
DATABASES["default"]["OPTIONS"] = {
    **DATABASES["default"].get("OPTIONS", {}),
    # A thread that waits for Claude holds no connection, so a few serve many threads.
    "pool": {
        "min_size": 1,
        "max_size": env.int("TRIAGE_DATABASE_POOL", 12),
        "timeout": 10,
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis ----------------------------------------------------------------------------------------

REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "triage",
        # A cache that is down costs a miss, never an error.
        "OPTIONS": {
            "IGNORE_EXCEPTIONS": True,
            "SOCKET_CONNECT_TIMEOUT": 0.5,
            "SOCKET_TIMEOUT": 1,
        },
    }
}
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True

# --- Celery ---------------------------------------------------------------------------------------

# Celery's names for a socket and for the number of a database on it.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace(
    "?db=", "?virtual_host="
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = True
CELERY_TASK_PUBLISH_RETRY = False  # the sweeper is the retry: a create must not wait for a broker
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker outlives any outage of Redis
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than any call's deadline (90 s), short enough that a killed worker's task is back in time.
    "visibility_timeout": 120,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "retry_on_timeout": False,
    # Publishing gives up at the first refusal (workers reconnect by the rule above).
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
# In memory: a schedule file that a killed beat leaves behind can keep the next one from sending anything.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "triage.sweep",
        "schedule": env.float("TRIAGE_SWEEP_SECONDS", 15.0),
        "options": {"expires": 15, "queue": "default"},
    },
    "advance-batches": {
        "task": "triage.advance_batches",
        "schedule": env.float("TRIAGE_BATCH_SECONDS", 30.0),
        "options": {"expires": 30, "queue": "bulk"},
    },
    "tell-webhooks": {
        "task": "triage.tell_webhooks",
        "schedule": env.float("TRIAGE_WEBHOOK_SECONDS", 2.0),
        "options": {"expires": 10, "queue": "drafts"},
    },
    "roll-up": {
        "task": "triage.roll_up",
        "schedule": env.float("TRIAGE_ROLLUP_SECONDS", 30.0),
        "options": {"expires": 30, "queue": "default"},
    },
    "watch": {
        "task": "triage.watch",
        "schedule": 60.0,
        "options": {"expires": 60, "queue": "default"},
    },
    "check-models": {
        "task": "triage.check_models",
        "schedule": 3600.0,  # asks once a day, whenever beat was started
        "options": {"expires": 3600, "queue": "default"},
    },
}

# --- Claude ---------------------------------------------------------------------------------------

ANTHROPIC_API_KEY = env.str("ANTHROPIC_API_KEY", "")
ANTHROPIC_BASE_URL = env.str("ANTHROPIC_BASE_URL", "https://api.anthropic.com")
# A simulator of one's own, asked with its key, never passes for Claude either.
TRIAGE_SIMULATOR = env.bool("TRIAGE_SIMULATOR", False) or ANTHROPIC_API_KEY == "simulator"

# --- Triage ---------------------------------------------------------------------------------------

TRIAGE_THRESHOLD_APPLY = env.float("TRIAGE_THRESHOLD_APPLY", 0.85)
TRIAGE_THRESHOLD_SUGGEST = env.float("TRIAGE_THRESHOLD_SUGGEST", 0.50)
TRIAGE_TICKET_MAX_CHARACTERS = env.int("TRIAGE_TICKET_MAX_CHARACTERS", 16_000)
TRIAGE_STORED_REPLY_DAYS = env.int("TRIAGE_STORED_REPLY_DAYS", 30)
TRIAGE_LEDGER_DAYS = env.int("TRIAGE_LEDGER_DAYS", 400)
# Personal data leaves the house as placeholders; numbers without a country code are read as this region's (ISO 3166).
TRIAGE_MASKING = env.bool("TRIAGE_MASKING", False)
TRIAGE_PHONE_REGION = env.str("TRIAGE_PHONE_REGION", "US").upper()
# After so many outages in a row a model is left alone, for so long, by the whole fleet.
TRIAGE_BREAKER_FAILURES = env.int("TRIAGE_BREAKER_FAILURES", 4)
TRIAGE_BREAKER_SECONDS = env.float("TRIAGE_BREAKER_SECONDS", 20.0)
# {model or "default": {"requests", "input_tokens", "output_tokens"}} per minute; what is left out is the Start tier's.
TRIAGE_PACE = env.json("TRIAGE_PACE", {})
# A stream's two timers: any byte (pings count), and content (they do not; a slow first token takes 20 s at times).
TRIAGE_STREAM_BYTE_SECONDS = env.float("TRIAGE_STREAM_BYTE_SECONDS", 30.0)
TRIAGE_STREAM_CONTENT_SECONDS = env.float("TRIAGE_STREAM_CONTENT_SECONDS", 45.0)
TRIAGE_RATE_PER_MINUTE = env.int("TRIAGE_RATE_PER_MINUTE", 20)
# A run's lease: both stages at their deadlines (30 s and 60 s) and 10 s to write it down.
TRIAGE_CLAIM_SECONDS = env.float("TRIAGE_CLAIM_SECONDS", 100.0)
# A ticket sent less than this ago is not sent again by the sweeper.
TRIAGE_SWEEP_GRACE_SECONDS = env.float("TRIAGE_SWEEP_GRACE_SECONDS", 20.0)
TRIAGE_WEBHOOKS_ALLOW_HTTP = env.bool("TRIAGE_WEBHOOKS_ALLOW_HTTP", DEBUG)
TRIAGE_WEBHOOKS_ALLOW_PRIVATE = env.bool("TRIAGE_WEBHOOKS_ALLOW_PRIVATE", False)
# A draft's lease, pushed every 2 s while its writer lives; once it has ended the sweeper ends the draft.
TRIAGE_DRAFT_LEASE_SECONDS = env.float("TRIAGE_DRAFT_LEASE_SECONDS", 10.0)
# Of one API token in any minute.
TRIAGE_API_PER_MINUTE = env.int("TRIAGE_API_PER_MINUTE", 600)
TRIAGE_BODY_BYTES = env.int("TRIAGE_BODY_BYTES", 1_000_000)
TRIAGE_UPLOAD_BYTES = env.int("TRIAGE_UPLOAD_BYTES", 100_000_000)
TRIAGE_UPLOADS = Path(env.str("TRIAGE_UPLOADS", str(BASE_DIR / "var" / "uploads")))
TRIAGE_METRICS_TOKEN = env.str("TRIAGE_METRICS_TOKEN", "")
TRIAGE_DEMO_PASSWORD = env.str("TRIAGE_DEMO_PASSWORD", "")

# --- People ---------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# A link out of a mail lives at most so long, an invitation's; `accounts.links` says how long each does.
PASSWORD_RESET_TIMEOUT = 7 * 24 * 3600
# Logins are counted and held up in the database, by e-mail address and network address (`accounts.throttling`).
AUTHENTICATION_BACKENDS = [
    "accounts.throttling.LoginThrottle",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_HANDLER = "axes.handlers.database.AxesDatabaseHandler"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "accounts.throttling.username"
AXES_CLIENT_IP_CALLABLE = "accounts.throttling.client_address"
AXES_LOCKOUT_CALLABLE = "accounts.throttling.paused"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # who tries on does not wait longer
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# How many proxies of ours a request passes; 0: the address that connects is the visitor's.
TRIAGE_TRUSTED_PROXIES = env.int("TRIAGE_TRUSTED_PROXIES", 0)
_mail = env.dj_email_url("EMAIL_URL", "consolemail://")
vars().update(_mail)
EMAIL_TIMEOUT = (
    _mail["EMAIL_TIMEOUT"] or 10
)  # a mail server that hangs must not hold a page for long
# Sent replies are mailed to customers where a mail server is named.
TRIAGE_MAILS_REPLIES = bool(env.str("EMAIL_URL", ""))
TRIAGE_REPLY_TO = env.str("TRIAGE_REPLY_TO", "")
# Who is mailed what is wrong; without any, all admins are.
TRIAGE_ALERT_EMAILS: list[str] = env.list("TRIAGE_ALERT_EMAILS", [])

LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

# --- Static files and browser security ------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# django-unfold runs Alpine expressions and writes style attributes; only `/admin/` gets this policy.
ADMIN_CONTENT_SECURITY_POLICY = {
    "default-src": [NONE],
    "script-src": [SELF, UNSAFE_EVAL, UNSAFE_INLINE],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
    "connect-src": [SELF],
    "font-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [SELF],
}

SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.bool("TRIAGE_HTTPS", not DEBUG)
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEBUG
SECURE_HSTS_PRELOAD = not DEBUG
SESSION_COOKIE_SECURE = SECURE_SSL_REDIRECT
CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"

DATA_UPLOAD_MAX_MEMORY_SIZE = None  # BodyLimit refuses at the door, before anything is read
REST_FRAMEWORK = {
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "triage.api.errors.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Triage API",
    "VERSION": "1",
    "DESCRIPTION": "Push tickets in, read triage out. Names and conventions are those of the help desks you know.",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "TAGS": [
        {"name": name}
        for name in (
            *("tickets", "messages", "triage", "drafts", "imports", "taxonomy"),
            *("usage", "webhooks", "evaluations"),
        )
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "triage.api.openapi.tidy",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "TriageStateEnum": "triage.api.schemas.STATES",
        "CorrectionReasonEnum": "triage.api.schemas.REASONS",
        "DraftStateEnum": "triage.models.drafts.DraftState",
        "ImportStateEnum": "triage.models.imports.ImportState",
        "DeliveryStateEnum": "triage.models.webhooks.DeliveryState",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

UNFOLD = {
    "SITE_TITLE": "Triage admin",
    "SITE_HEADER": "Triage",
    "SITE_SUBHEADER": "Admin",
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("icon.svg")}
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "triage.admin.site.environment",
    "SIDEBAR": {"show_search": False, "navigation": "triage.admin.site.navigation"},
}

# --- Logs -----------------------------------------------------------------------------------------

LOG_LEVEL = env.log_level("TRIAGE_LOG_LEVEL", logging.INFO)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.logs.formatter", "is_human": DEBUG}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # One line a request is the proxy's work; ours start at warnings.
        "django_structlog": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
    },
}
