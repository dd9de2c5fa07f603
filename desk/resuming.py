"""A draft as its page shows it: as it was typed, or where another door made it, as it is written."""

from typing import Any

from orders.models import Draft, Order, OrderCharge, OrderLine


def shown_of(order: Order) -> dict[str, Any]:
    """Return what the page of a draft starts with."""
    draft = Draft.objects.get(order=order)
    return {
        "token": str(draft.token),
        "version": order.version,
        "number": order.number,
        "typed": draft.typed or written(order),
        "by": draft.changed_by,
        "changed_at": draft.changed_at.isoformat(),
        "valid_until": draft.valid_until.isoformat() if draft.valid_until else "",
    }


def written(order: Order) -> dict[str, Any]:
    """Return the rows of a draft as if somebody had typed them."""
    lines = OrderLine.objects.filter(order=order).order_by("position")
    discounts = OrderCharge.objects.filter(order=order, kind=OrderCharge.Kind.DISCOUNT)
    given = discounts.first()
    return {
        "channel": order.channel.code,
        "customer": order.customer.number if order.customer else "",
        "lines": [{"sku": line.sku, "quantity": str(line.quantity), "wait": ""} for line in lines],
        "shipping_method": order.shipping_method.code if order.shipping_method else "",
        "payment_terms": order.payment_terms,
        "requested_delivery_on": order.requested_delivery_on.isoformat() if order.requested_delivery_on else "",
        "ship_complete": order.ship_complete,
        "ship_to": _address(order.shipping_address),
        "bill_to": _address(order.billing_address, same=True),
        "purchase_order_number": order.purchase_order_number,
        "customer_note": order.customer_note,
        "gift_note": order.gift_note,
        "discount": f"{-given.amount.normalize():f}" if given else "",
        "discount_reason": given.name if given else "",
    }


def _address(stored: dict[str, Any], *, same: bool = False) -> dict[str, Any]:
    return {"choice": "typed", **stored} if stored else {"choice": "same" if same else ""}
