"""Settings of the clinic, all from the environment.

Importing this module starts nothing. Without `DATABASE_URL` the database is the embedded PostgreSQL in the data
folder (`CLINIC_DATA`, default `var/`), reached through the addresses that `clinic.runtime.cluster` keeps there.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env

from clinic.runtime import cluster, secrets
from clinic.session_limits import read_session_limits
from clinic.text_url import read_text_url

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()

# --- Where it runs -------------------------------------------------------------------------------------------------
#: "demo" (a laptop, secrets generated into the data folder) or "production" (secrets must come from outside).
ENVIRONMENT = env.str("CLINIC_ENVIRONMENT", "demo")
if ENVIRONMENT not in {"demo", "production"}:
    raise ImproperlyConfigured(f"CLINIC_ENVIRONMENT is {ENVIRONMENT!r}; it must be demo or production.")
PRODUCTION = ENVIRONMENT == "production"
CLINIC_DATA = Path(env.str("CLINIC_DATA", str(BASE_DIR / "var"))).resolve()
PORT = env.int("PORT", 8000)
#: What links in messages start with; no trailing slash.
PUBLIC_URL = env.str("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
HTTPS = PUBLIC_URL.startswith("https://")
DEBUG = False

if PRODUCTION:
    SECRET_KEY = secrets.required(env, "SECRET_KEY")
else:
    SECRET_KEY = secrets.generated(CLINIC_DATA, "secret_key", env.str("SECRET_KEY", ""))
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", [] if PRODUCTION else ["127.0.0.1", "localhost", "[::1]", "testserver"])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if HTTPS else []

# --- What it is made of --------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "clinic",
    "patients",
    "scheduling",
    # Without looking for admin modules: support has a site of its own (scheduling.support).
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.humanize",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "lucide",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "clinic.metrics.MetricsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "clinic.middleware.PatientLocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "clinic.middleware.RequestContextMiddleware",
    "clinic.sessions.SessionLimitMiddleware",
    "clinic.middleware.ElsewhereMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"
FORM_RENDERER = "clinic.forms.Renderer"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.context.page",
                "clinic.context.session",
                "scheduling.context.waits",
            ],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Data ----------------------------------------------------------------------------------------------------------
# Two roles reach the same database. "default" is the application's: it owns nothing. "owner" migrates, backs up and
# erases by law. Without DATABASE_OWNER_URL the application's own address serves both: fit for a trial. In production
# only the one process that migrates is given the owner's; elsewhere there is no "owner" to turn to.
if PRODUCTION:
    secrets.required(env, "DATABASE_URL")
    secrets.optional(env, "DATABASE_OWNER_URL")
# Asked only where they are used: the passwords in them are made at the first call.
_app_url, _owner_url = ("", "") if env.str("DATABASE_URL", "") else cluster.embedded_urls(CLINIC_DATA)
DATABASES = {
    "default": env.dj_db_url("DATABASE_URL", _app_url),
    "owner": env.dj_db_url("DATABASE_OWNER_URL", env.str("DATABASE_URL", _owner_url)),
}
if PRODUCTION and not env.str("DATABASE_OWNER_URL", ""):
    del DATABASES["owner"]
for _database in DATABASES.values():
    _database.update(CONN_HEALTH_CHECKS=True, ATOMIC_REQUESTS=False)
    _database.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
DATABASES["default"]["CONN_MAX_AGE"] = 60

REDIS_URL = env.str("REDIS_URL", "")
CACHES: dict[str, dict[str, Any]] = {
    # While Redis is away each process keeps for itself what it counts.
    "default": {
        "BACKEND": "clinic.cache.SteadyCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # Boards as they were drawn last, each some hundred kilobytes: few, and in each process its own.
    "drawn": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "drawn",
        "OPTIONS": {"MAX_ENTRIES": 12},
    },
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# --- Work in the background ----------------------------------------------------------------------------------------
#: Seconds between two looks of the beat at what is due. Promise: a message is late by at most a few of these.
REMINDER_TICK_SECONDS = env.int("REMINDER_TICK_SECONDS", 15)
CELERY_BROKER_URL = REDIS_URL or "filesystem://"
CELERY_BROKER_TRANSPORT = None if REDIS_URL else "clinic.runtime.broker:Transport"
_broker_folder = CLINIC_DATA / "broker"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {
        "visibility_timeout": 3600,
        # Whoever books waits for the nudge that follows: a broker that is down is given up at once, not after six
        # seconds. Worker and beat have their own patience (broker_connection_retry).
        "socket_connect_timeout": 2,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    }
    if REDIS_URL
    else {
        "data_folder_in": str(_broker_folder / "queue"),
        "data_folder_out": str(_broker_folder / "queue"),
        "control_folder": str(_broker_folder / "control"),
        "store_processed": False,
        # Seconds between two looks into the folder: how late a nudge is at most.
        "polling_interval": 0.5,
    }
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_TIME_LIMIT = 300
#: Seconds that a worker told to stop (SIGQUIT) gives its running tasks; what they leave undone is still a due row.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 2
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
#: A worker that is busy keeps one more task to itself and not four: another one is there to help with the rest.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    # `expires`: a tick that waited longer than the next one is worth nothing.
    "heartbeat": {
        "task": "clinic.heartbeat",
        "schedule": REMINDER_TICK_SECONDS,
        "options": {"expires": REMINDER_TICK_SECONDS},
    },
    "deliver-due-messages": {
        "task": "scheduling.deliver_due",
        "schedule": REMINDER_TICK_SECONDS,
        "options": {"expires": REMINDER_TICK_SECONDS},
    },
    "forget-sessions": {"task": "clinic.forget_sessions", "schedule": 3600, "options": {"expires": 3600}},
    "seal-the-audit-trail": {"task": "clinic.seal_audit", "schedule": 60, "options": {"expires": 60}},
    "propose-boosters": {"task": "scheduling.propose_boosters", "schedule": 300, "options": {"expires": 300}},
    "ask-missing-scores": {"task": "scheduling.ask_missing_scores", "schedule": 3600, "options": {"expires": 3600}},
    "look-after-alerts": {"task": "scheduling.look_after_alerts", "schedule": 60, "options": {"expires": 60}},
    "release-what-lapsed": {"task": "scheduling.release_lapsed", "schedule": 60, "options": {"expires": 60}},
    "count-what-waits": {"task": "scheduling.count_what_waits", "schedule": 20, "options": {"expires": 20}},
    "book-next-boosters": {"task": "scheduling.book_next_boosters", "schedule": 300, "options": {"expires": 300}},
}

# --- Mail ----------------------------------------------------------------------------------------------------------
EMAIL_URL = env.str("EMAIL_URL", "")
#: The provider of mail, by django-anymail's name of it, where mail goes through an API: EMAIL_URL=anymail://postmark.
MAIL_PROVIDER = EMAIL_URL.removeprefix("anymail://").strip("/") if EMAIL_URL.startswith("anymail://") else ""
#: What the provider wants, from variables of these names (ANYMAIL_POSTMARK_SERVER_TOKEN), and the secret by which its
#: webhook is known.
ANYMAIL = {
    "REQUESTS_TIMEOUT": 20,
    **{name.removeprefix("ANYMAIL_"): value for name, value in os.environ.items() if name.startswith("ANYMAIL_")},
}
if MAIL_PROVIDER:
    if not MAIL_PROVIDER.isidentifier():
        raise ImproperlyConfigured("EMAIL_URL for a provider must look like anymail://postmark.")
    if len(str(ANYMAIL.get("WEBHOOK_SECRET", "")).partition(":")[2]) < 20:
        raise ImproperlyConfigured("ANYMAIL_WEBHOOK_SECRET must look like name:secret, with a secret of 20 or more.")
    EMAIL_BACKEND = f"anymail.backends.{MAIL_PROVIDER}.EmailBackend"
elif EMAIL_URL:
    _email = env.dj_email_url("EMAIL_URL")
    if "EMAIL_BACKEND" not in _email or not _email["EMAIL_HOST"]:
        # Without the value itself: there is a password in it.
        raise ImproperlyConfigured("EMAIL_URL must look like submission://user:password@host:587 or smtp://host:25.")
    EMAIL_BACKEND = _email["EMAIL_BACKEND"]
    EMAIL_HOST = _email["EMAIL_HOST"]
    EMAIL_PORT = _email["EMAIL_PORT"]
    EMAIL_HOST_USER = _email["EMAIL_HOST_USER"]
    EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_TLS = _email["EMAIL_USE_TLS"]
    EMAIL_USE_SSL = _email["EMAIL_USE_SSL"]
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(CLINIC_DATA / "mail")
#: Seconds. The lease of a message outlasts this (scheduling/messages/delivery.py).
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", "appointments@clinic.example")

# --- Text messages -------------------------------------------------------------------------------------------------
try:
    TEXT_PROVIDER = read_text_url(env.str("TEXT_URL", ""))
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from None
#: Where texts are written while there is no provider.
TEXT_FILE_PATH = str(CLINIC_DATA / "texts")
#: In production a text that only becomes a file would reach nobody: without a provider, texts are calls there.
TEXTS_GO_OUT = TEXT_PROVIDER is not None or not PRODUCTION
#: Seconds, for each step of a request; the lease of a message outlasts them.
TEXT_TIMEOUT = 20
#: Where the provider says what has become of a text; empty where the world cannot reach us.
TEXT_STATUS_URL = f"{PUBLIC_URL}/hooks/texts/" if HTTPS else ""

# --- Sign-in -------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "clinic.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "clinic.accounts.StaffBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
# NIST SP 800-63B-4: length counts, composition rules do not.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "clinic.passwords.LengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "clinic.passwords.GuessableValidator"},
]
#: Whether every account must have an authenticator app or a passkey before it opens any page. The demo only offers it.
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", PRODUCTION)
MFA_ADAPTER = "clinic.accounts.StaffMFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
#: Accounts are made by a manager; their mail addresses are not the key to them.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Infusion clinic"
#: One step of 30 seconds to both sides: telephones' clocks differ.
MFA_TOTP_TOLERANCE = 1
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk:home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "clinic.accounts.StaffAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
# Wrong passwords: axes counts them for a known browser, and for one username from one address (clinic/guessing.py);
# allauth, for all browsers that are not known, by address, which a clinic's people share, and by username ("key"). No
# limit counts sign-ins as such by address ("login"): whoever sits in the waiting room would use it up for everybody.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": "60/5m/ip,50/1h/key", "reauthenticate": "10/m/user"}
AXES_HANDLER = "axes.handlers.cache.AxesCacheHandler"
MIGRATION_MODULES = {"axes": None}  # it makes no tables: what is counted lies in the cache
AXES_USERNAME_CALLABLE = "clinic.guessing.who"
AXES_CLIENT_IP_CALLABLE = "clinic.rates.client_address"
AXES_LOCKOUT_PARAMETERS = "clinic.guessing.counted_by"
AXES_FAILURE_LIMIT = "clinic.guessing.most"
AXES_COOLOFF_TIME = timedelta(minutes=5)
AXES_LOCKOUT_CALLABLE = "clinic.guessing.refused"
AXES_CLIENT_STR_CALLABLE = "clinic.guessing.in_logs"
AXES_VERBOSE = False
#: Without Redis each process counts for itself, as a demo may (clinic/rates.py).
SILENCED_SYSTEM_CHECKS = [] if REDIS_URL else ["axes.W001"]
#: How long a sign-in lasts, by role: minutes without a deed, and hours at all. "front_desk=30/12,nurse=20/12,..."
SESSION_LIMITS = read_session_limits(env.str("SESSION_LIMITS", ""))
#: Django's own limit, from the last change of the session: no shorter than the longest of those.
SESSION_COOKIE_AGE = int(max(limits.whole for limits in SESSION_LIMITS.values()).total_seconds())
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# Encrypted fields (clinic/sealing.py). FIELD_KEYS: Fernet keys, newest first.
if PRODUCTION:
    FIELD_KEYS = [key.strip() for key in secrets.required(env, "FIELD_KEYS").split(",")]
    BLIND_INDEX_KEY = secrets.required(env, "BLIND_INDEX_KEY")
else:
    FIELD_KEYS = env.list("FIELD_KEYS", []) or [secrets.generated_key(CLINIC_DATA, "field_key")]
    BLIND_INDEX_KEY = secrets.generated(CLINIC_DATA, "blind_index_key", env.str("BLIND_INDEX_KEY", ""))

#: Minutes for which a record opened in an emergency may be looked at.
EMERGENCY_MINUTES = env.int("EMERGENCY_MINUTES", 60)
#: The public half of an age key: backups are encrypted to it (clinic/backup.py).
BACKUP_RECIPIENT = env.str("BACKUP_RECIPIENT", "")
#: Who may read /metrics; empty: there is no such page.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
#: Where the processes of this machine keep their counts together.
METRICS_FOLDER = str(CLINIC_DATA / "run" / "metrics") if METRICS_TOKEN else ""

# --- Words and time ------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "clinic" / "locale"]
#: Where the pages for patients, companions and whoever asks for a consult lie: these speak their language.
PATIENT_PATHS = ("/my/", "/consult/")
CSRF_FAILURE_VIEW = "scheduling.portal.errors.forged"
USE_I18N = True
USE_TZ = True
#: Only a fallback: every page and message prints times in the zone of its site, through clinic/clock.py.
TIME_ZONE = "UTC"

# --- The web -------------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "clinic.staticfiles.BootstrapFinder",
]
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(CLINIC_DATA / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = CLINIC_DATA / "files"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # Bootstrap's own images are data: URLs inside its style sheet.
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
#: The names of who signed in at this browser (clinic/desk.py).
DESK_COOKIE_NAME = "__Host-desk" if HTTPS else "desk"
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 31536000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
if PRODUCTION and not HTTPS:
    raise ImproperlyConfigured("PUBLIC_URL must start with https:// in production.")

# --- Re-planning what lost its cover ---------------------------------------------------------------------------------
#: Seconds for which CP-SAT may look for a better proposal than the planner's own; 0: it is not asked. Needs OR-tools,
#: which is an optional extra (docs/operations.md).
RESCUE_SOLVER_SECONDS = env.float("RESCUE_SOLVER_SECONDS", 0)

# --- Time travel for tests and drills --------------------------------------------------------------------------------
#: Seconds added to the clock (clinic/clock.py), so that several processes can be taken to another day together.
CLOCK_OFFSET_SECONDS = 0 if PRODUCTION else env.float("CLINIC_CLOCK_OFFSET_SECONDS", 0)

LOGGING_CONFIG = "clinic.logs.configure"
#: Django calls LOGGING_CONFIG only where this is not empty.
LOGGING = {"version": 1}
