"""The payment providers that are connected."""

from billing.errors import UnknownGateway
from billing.gateways.base import Answer, Gateway, Outcome
from billing.gateways.manual import ManualGateway

__all__ = ["Answer", "Gateway", "Outcome", "connect", "gateway"]

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


connect(ManualGateway())
