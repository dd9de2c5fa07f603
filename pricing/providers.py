"""The tax provider that a setting names, made once for each process, and what is wrong with the setting."""

from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from pricing.calculation.provider import TaxProvider


@cache
def _made(path: str) -> TaxProvider:
    return cast(TaxProvider, import_string(path)())


def tax_provider() -> TaxProvider:
    """Return who says how sales are taxed."""
    return _made(settings.TAX_PROVIDER)


@register()
def check_tax_provider(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Explain a provider that cannot be made, and one that answers only half of what is asked."""
    try:
        found = tax_provider()
    except Exception as error:  # noqa: BLE001 - whatever somebody else's code says
        return [Error(f"TAX_PROVIDER cannot be loaded: {error}", hint="Leave it empty: ours.", id="pricing.E001")]
    missing = [name for name in ("treat", "key_for") if not callable(getattr(found, name, None))]
    if missing:
        text = f"TAX_PROVIDER does not answer {', '.join(missing)}"
        return [Error(text, hint="See pricing/calculation/provider.py.", id="pricing.E002")]
    return []
