"""Under which keys a provider is asked to send money back: one for each try."""

from billing import gateways
from billing.gateways.store_credit import CODE
from billing.models import Refund


def provider_of(refund: Refund) -> gateways.Gateway:
    """Return who sends it back: what becomes store credit never leaves the house."""
    return gateways.gateway(CODE if refund.to_credit else refund.payment.gateway)


def key_of(refund: Refund) -> str:
    """Return the key that it went under, or else the one under which the provider is asked for it this time."""
    return refund.sent_key or _key_of_try(refund, refund.refusals)


def other_keys(refund: Refund) -> list[str]:
    """Return the keys of its other tries, the oldest first: all that failed, and one that another try overtook."""
    if refund.again_of_id:
        return []
    keys = [_key_of_try(refund, number) for number in range(refund.refusals + 1)]
    return [key for key in keys if key != key_of(refund)]


def _key_of_try(refund: Refund, number: int) -> str:
    return f"{refund.reference}-{refund.code}{f'-{number}' if number else ''}"
