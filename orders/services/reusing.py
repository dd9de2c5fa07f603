"""The uses of promotions when an order is edited: given back with a discount that goes, taken again with it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from pricing import services as pricing

from .reworking import Rework


def settle_uses(work: Rework, quoted: Callable[[Collection[str]], pricing.Quote], *, lock: bool) -> pricing.Quote:
    """Return what an order costs now, without what it earns again and of which no use is left for its customer.

    With `lock` the uses are given and taken; who counts them waits until it is written. `quoted` works the order out
    without promotions of these codes. What an order has had all along keeps its one use, and orders that were placed
    before uses were counted have none.
    """
    order = work.order
    quote = quoted(())
    named = pricing.named_by(order.explanation)
    if not named:
        return quote
    had, has = _granted(order.explanation), _granted(quote.explanation)
    if has == had and has == set(named):
        return quote
    if lock:
        pricing.hold_uses(named)
    held = pricing.uses_of(str(order.number))
    gone: set[str] = set()
    while used_up := pricing.out_of_uses(has - had - {*held}, customer_id=order.customer_id):
        gone |= used_up
        quote = quoted(gone)
        has = _granted(quote.explanation)
    work.used_up, work.uses_back = sorted(gone), [code for code in held if code in named and code not in has]
    if lock:
        reference, customer_id = str(order.number), order.customer_id
        pricing.redeem(sorted(has - had), customer_id=customer_id, reference=reference, at=work.at)
        pricing.give_back(reference, codes=work.uses_back, at=work.at)
    return quote


def _granted(told: Sequence[Mapping[str, Any]]) -> set[str]:
    return set(pricing.granted_by(told))
