"""The payment providers that are connected."""

from typing import cast

from billing.errors import UnknownGateway
from billing.gateways.base import (
    About,
    Answer,
    Captures,
    Charge,
    Checkout,
    DisputeStand,
    DisputeStanding,
    Evidence,
    Exhibit,
    Gateway,
    HostedGateway,
    Notice,
    NoticeRefused,
    Outcome,
    PayoutEntry,
    PayoutKind,
    PayoutStanding,
    Proves,
    ProviderSilent,
    Stand,
    Standing,
)
from billing.gateways.demo import DemoGateway
from billing.gateways.manual import ManualGateway
from billing.gateways.store_credit import StoreCreditGateway
from billing.gateways.stripe import StripeGateway

__all__ = [
    "About",
    "Answer",
    "Captures",
    "Charge",
    "Checkout",
    "DisputeStand",
    "DisputeStanding",
    "Evidence",
    "Exhibit",
    "Gateway",
    "HostedGateway",
    "Notice",
    "NoticeRefused",
    "Outcome",
    "PayoutEntry",
    "PayoutKind",
    "PayoutStanding",
    "ProviderSilent",
    "Proves",
    "Stand",
    "Standing",
    "connect",
    "gateway",
    "hosted",
    "is_hosted",
    "offered",
]

_GATEWAYS: dict[str, Gateway] = {}


def connect(provider: Gateway) -> Gateway:
    """Make a provider known under its code."""
    _GATEWAYS[provider.code] = provider
    return provider


def gateway(code: str) -> Gateway:
    """Return a provider. Raises UnknownGateway."""
    if code not in _GATEWAYS:
        raise UnknownGateway(f"There is no payment provider “{code}”", gateway=code)
    return _GATEWAYS[code]


def is_hosted(code: str) -> bool:
    """Whether a provider has a page of its own, and can be asked how things stand there."""
    return hasattr(_GATEWAYS.get(code), "start_checkout")


def hosted(code: str) -> HostedGateway:
    """Return a provider with a page of its own. Raises UnknownGateway."""
    if not hasattr(provider := gateway(code), "start_checkout"):
        raise UnknownGateway(f"The payment provider “{code}” has no page of its own", gateway=code)
    return cast(HostedGateway, provider)


def offered() -> HostedGateway | None:
    """Return the provider on whose page customers pay here, if one is configured."""
    pages = (hosted(code) for code, one in _GATEWAYS.items() if hasattr(one, "start_checkout"))
    return next((provider for provider in pages if provider.is_ready), None)


connect(ManualGateway())
connect(StoreCreditGateway())
connect(DemoGateway())
connect(StripeGateway())
