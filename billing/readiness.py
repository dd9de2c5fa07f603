"""What `./run manage check` says about the keys of payment providers."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
DASHBOARD = "https://dashboard.stripe.com"


@register
def check_stripe(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Explain keys of Stripe that cannot work, and one without the other."""
    key, secret = settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET
    found: list[CheckMessage] = []
    if key and not key.startswith(("sk_", "rk_")):
        hint = f"Take the secret key (sk_… or rk_…) from {DASHBOARD}/apikeys, never the publishable one."
        found.append(Error("STRIPE_SECRET_KEY is no secret key of Stripe", hint=hint, id="billing.E001"))
    if key and not secret:
        hint = (
            f"Add an endpoint at {DASHBOARD}/webhooks for {settings.SITE_URL}/hooks/payments/stripe/ and copy its "
            "signing secret (whsec_…). Without it payments are noticed by asking alone, up to half an hour later."
        )
        found.append(Warning("STRIPE_WEBHOOK_SECRET is not set", hint=hint, id="billing.W001"))
    if secret and not secret.startswith("whsec_"):
        hint = "It is the signing secret of the endpoint and begins with whsec_."
        found.append(Error("STRIPE_WEBHOOK_SECRET is no signing secret", hint=hint, id="billing.E002"))
    parts = urlsplit(settings.STRIPE_API_URL)
    if key and parts.scheme != "https" and parts.hostname not in LOCAL:
        hint = "Leave it empty: https://api.stripe.com."
        found.append(Error("STRIPE_API_URL would send the secret key unencrypted", hint=hint, id="billing.E003"))
    return found
