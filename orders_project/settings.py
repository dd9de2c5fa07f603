"""All settings, in one file; production differs by its environment only (see .env.example)."""

import hashlib
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from orders_project.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
# Keys of before, while what they signed and encrypted is still about.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[SITE_URL])

# The order of our apps is the floor plan, upside down (docs/adr/0001).
OUR_APPS = [
    "core",
    "customers",
    "inventory",
    "pricing",
    "orders",
    "billing",
    "fulfillment",
    "returns",
    "integrations",
    "reports",
    "desk",
    "portal",
    "demo",
]
INSTALLED_APPS = [
    *[app for app in OUR_APPS if (BASE_DIR / app / "apps.py").exists()],
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
]
MIDDLEWARE = [
    "core.health.HealthMiddleware",
    "core.middleware.RequestIdMiddleware",
    "core.api.throttling.RateMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "core.middleware.CompressionMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "core.doors.StepsTakenMiddleware",
    "core.middleware.ReaderMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "orders_project.urls"
WSGI_APPLICATION = "orders_project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.context.site",
            ]
        },
    }
]

# Database -----------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE: a write transaction takes its lock at once instead of failing half-way.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # Statements that stay parsed, per connection; Python keeps 128, and an order on its way asks more than that.
        "cached_statements": 1000,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"]["OPTIONS"] = {
        "pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL", default=8), "timeout": 10},
        # What is said with every order (core.often) is planned once per connection.
        "prepare_threshold": 5,
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var")))
MEDIA_ROOT = DATA_DIR / "files"

# Workers ------------------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
EMBEDDED_WORKER = env.bool("EMBEDDED_WORKER", default=False) and not REDIS_URL
# Whether workers hear of fresh debts through a broker; the embedded one is told by its own process.
WORKERS_LISTEN = bool(REDIS_URL)
CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
# A broker that is away costs a request a moment, never a wait: the sweeper pays what nobody was told of.
QUICKLY = {"socket_connect_timeout": 1, "socket_timeout": 2}
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {**QUICKLY, "socket_timeout": 5, "max_retries": 0, "connect_retries_timeout": 1, "health_check_interval": 25}
    if REDIS_URL
    else {"polling_interval": 0.05}
)
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_ALWAYS_EAGER = False
CACHES = {
    "default": {"BACKEND": "core.cache.ForgivingRedisCache", "LOCATION": REDIS_URL, "OPTIONS": QUICKLY}
    if REDIS_URL
    # Room for the counts of many visitors: a full cache forgets some, and with them who must wait.
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 20_000}}
}

# People -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = [
    "core.signing_in.GuardedSignIn",
    "django.contrib.auth.backends.ModelBackend",
    "core.signing_in.SecondStepCode",
    "core.signing_in.PasswordOrCode",
]
SESSION_ENGINE = "core.sessions"
# Else a group of the back office says who has to.
SECOND_STEP_REQUIRED = env.bool("SECOND_STEP_REQUIRED", default=False)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
AXES_FAILURE_LIMIT = 7
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
# Else whoever goes on trying would keep the others at his address out for ever.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "core.visitors.client_address"
AXES_LOCKOUT_CALLABLE = "core.signing_in.answer_locked_out"
AXES_VERBOSE = False
# A wrong try is written down without what was typed.
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "proof"]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.time_zone("TIME_ZONE")
USE_I18N = True
USE_TZ = True

# Mail ---------------------------------------------------------------------------------------
# Without EMAIL_URL nothing leaves the house: messages are kept and shown under "Sent mail".
vars().update(env.mail("EMAIL_URL"))
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="orders@example.com")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# The name at the head of every mail and page.
COMPANY_NAME = env.str("COMPANY_NAME", default="Kettle & Co." if DEMO else "Your company")

# The shelf ----------------------------------------------------------------------------------
# What goods cost the house is kept in its own currency; differences of a count above this value need an approval.
CURRENCY = env.str("CURRENCY", default="EUR")
# Mail domains of mailboxes for one day, besides those that are known (orders/verification/disposable.py).
DISPOSABLE_MAIL_DOMAINS = frozenset(name.lower() for name in env.list("DISPOSABLE_MAIL_DOMAINS", default=[]))
COUNT_APPROVAL_ABOVE = env.int("COUNT_APPROVAL_ABOVE", default=100)
# Reorder points: days of demand that are read, how often of a hundred it shall be met while a delivery is awaited,
# days a delivery takes of which nothing is known, days an order shall last.
STOCK_DEMAND_DAYS = max(1, env.int("STOCK_DEMAND_DAYS", default=90))
STOCK_SERVICE_LEVEL = min(99, max(50, env.int("STOCK_SERVICE_LEVEL", default=95)))
STOCK_LEAD_DAYS = env.int("STOCK_LEAD_DAYS", default=14)
STOCK_COVER_DAYS = env.int("STOCK_COVER_DAYS", default=30)

# Tax ----------------------------------------------------------------------------------------
# Where VAT ids are looked up, at the EU's VIES; nobody is asked where it is empty. The demo asks nobody.
VIES_URL = "" if DEMO else env.str("VIES_URL", default="")

# Who says how sales are taxed: a class of the protocol of pricing/calculation/provider.py.
TAX_PROVIDER = env.str("TAX_PROVIDER", default="") or "pricing.calculation.provider.HouseTax"

# Payment providers --------------------------------------------------------------------------
# The demo brings one of its own, whose money is not real: so no variable can ever switch it on elsewhere.
DEMO_PROVIDER_URL = f"{SITE_URL}/demo/provider" if DEMO else ""
DEMO_PROVIDER_SECRET = hashlib.sha256(f"demo provider:{SECRET_KEY}".encode()).hexdigest() if DEMO else ""
# Keys of Stripe's dashboard: with the first, customers pay on Stripe's page; with the second its events are believed.
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", default="")
STRIPE_FILES_URL = env.str("STRIPE_FILES_URL", default="https://files.stripe.com")
STRIPE_API_URL = env.str("STRIPE_API_URL", default="https://api.stripe.com")
# Only for who gave Stripe's page an address of his own.
STRIPE_PAGE_ORIGIN = env.str("STRIPE_PAGE_ORIGIN", default="https://checkout.stripe.com")

# Files --------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or DEMO or not STATIC_ROOT.exists()
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG or DEMO

# Security -----------------------------------------------------------------------------------
SECURE = SITE_URL.startswith("https://")
SECURE_SSL_REDIRECT = SECURE
# How many proxies stand in front. Without one, anybody could write the headers that proxies write (core.visitors).
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "style-src": ["'self'"],
        "script-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# API ----------------------------------------------------------------------------------------
API_RATE = env.int("API_RATE", default=6000)
API_BURST = env.int("API_BURST", default=600)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["core.api.auth.BearerKey", "core.api.auth.StaffSession"],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.auth.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["core.api.throttling.KeyRate"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "core.api.pagination.CursorPages",
    "DEFAULT_FILTER_BACKENDS": ["core.api.filters.StrictFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "core.api.errors.problem_details",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Order management API",
    "DESCRIPTION": "Orders, stock, shipments, invoices, payments and returns.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    # Names for generated clients, where several fields are called kind or status.
    "ENUM_NAME_OVERRIDES": {
        "CustomerKindEnum": "customers.models.customer.Customer.Kind",
        "ProductKindEnum": "inventory.models.catalog.Product.Kind",
        "HoldKindEnum": "orders.models.hold.Hold.Kind",
        "OrderStatusEnum": "orders.models.order.OrderStatus",
        "InvoiceDocumentStatusEnum": "billing.models.invoice.Invoice.Status",
        "CreditNoteStatusEnum": "billing.models.invoice.CreditNote.Status",
        "FulfillmentStatusEnum": "fulfillment.models.work.FulfillmentOrder.Status",
        "WaveStatusEnum": "fulfillment.models.waves.Wave.Status",
        "PaymentInputStatusEnum": ["authorized", "captured"],
        "PayoutRowKindEnum": "billing.models.payout.PayoutRow.Kind",
        "PayoutRowStatusEnum": "billing.models.payout.PayoutRow.Status",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.api.schema.describe_problems",
    ],
}

# Log ----------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "core.middleware.RequestIdFilter"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="WARNING")},
    "loggers": {"axes": {"level": "ERROR"}},
}
# Without HTTPS Django says in four paragraphs what core.checks says in one sentence.
SILENCED_SYSTEM_CHECKS = [] if SECURE else [f"security.{number}" for number in ("W004", "W008", "W012", "W016")]
# What could not be understood above; core.checks explains it.
SETTINGS_PROBLEMS = env.problems
