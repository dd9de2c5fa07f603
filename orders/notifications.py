"""What customers read about their orders. Each mail is written once per order."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import translation

from core import seat
from core.models import OutgoingMail
from core.reader import spoken_moment
from orders import guards, promise, services, wording
from orders.letters import picture_of, quotation_url, write_to_buyer
from orders.models import Comment, Draft, Incident, IncidentOrder, Order, OrderLine, OrderStatus
from orders.ports import online_payment, payment_details, quotation_paper
from orders.selectors import GONE, allowed_actions

Sums = tuple[Decimal, list[tuple[str, Decimal]]]


def send_order_received(order_id: int) -> OutgoingMail | None:
    """Tell that the order is here and how to pay it; nothing when it was paid or ended meanwhile."""
    order = _read(order_id)
    context = _how_to_pay(order)
    return _send("order_received", order, context) if context else None


def send_payment_request(order_id: int, *, asked_at: str) -> OutgoingMail | None:
    """Ask to pay, because somebody of us wants it now; nothing when it was paid or ended meanwhile."""
    order = _read(order_id)
    if not (context := _how_to_pay(order)):
        return None
    return write_to_buyer(order, "payment_request", context, key=f"payment_request:{order.number}:{asked_at}")


def _how_to_pay(order: Order) -> dict[str, Any]:
    """Return what the order holds and how it is paid; nothing where no payment is awaited."""
    missing = guards.payment_missing(order)
    if order.status not in (OrderStatus.PLACED, OrderStatus.VERIFIED) or not missing:
        return {}
    with translation.override(order.language):
        return {
            **_contents(order),
            "missing": wording.amount(missing, order.currency, order.language),
            "until": wording.day(_local_day(order.payment_due_at), order.language),
            "kept_until": _kept_until(order),
            "details": payment_details.of(order),
            "online": online_payment.is_offered(order),
        }


def _kept_until(order: Order) -> str:
    """Say until when stock is kept without the money, where that is so."""
    until = order.stock_held_until
    return spoken_moment(until) if until is not None and not order.stock_lapsed else ""


def send_quotation(order_id: int, *, version: int, offered_on: str) -> OutgoingMail | None:
    """Offer a draft, with the link on which it is accepted; nothing when it says something else by now."""
    order = _read(order_id)
    valid_until = Draft.objects.filter(order=order, open=True).values_list("valid_until", flat=True).first()
    if order.status != OrderStatus.DRAFT or order.version != version or valid_until is None:
        return None
    key = f"quotation:{order.number}:{version}:{valid_until}:{offered_on}"
    if known := OutgoingMail.objects.filter(dedupe_key=key).first():
        return known
    with translation.override(order.language):
        context = {
            **_contents(order),
            "until": wording.day(valid_until, order.language),
            "deposit": _amount(order, order.deposit_total) if order.deposit_total else "",
            "accept_url": quotation_url(order, version=version, valid_until=valid_until),
            "terms": wording.terms(order.payment_terms),
        }
    return write_to_buyer(order, "quotation", context, key=key, attachments=quotation_paper.of(order))


def send_order_confirmation(order_id: int) -> OutgoingMail | None:
    """Tell what comes when, what it costs, and until when it can be changed."""
    order = _read(order_id)
    if order.status in GONE:
        return None
    with translation.override(order.language):
        context = {
            **_contents(order),
            "parcels": _parcels(order),
            "terms": wording.terms(order.payment_terms),
            "change_until": wording.day(order.ship_by_on, order.language),
        }
    return _send("order_confirmed", order, context)


def send_order_changed(order_id: int, *, change: str) -> OutgoingMail | None:
    """Tell what an order is after an edit, and what is still to be paid; nothing when it ended meanwhile."""
    order = _read(order_id)
    if order.status in GONE:
        return None
    missing = guards.payment_missing(order)
    back = max(Decimal(0), -order.balance_due)
    with translation.override(order.language):
        context = {
            **_contents(order),
            "parcels": _parcels(order),
            "terms": wording.terms(order.payment_terms),
            "missing": _amount(order, missing) if missing else "",
            "details": payment_details.of(order) if missing else [],
            "back": _amount(order, min(back, order.paid_total - order.refunded_total)) if back else "",
            "change_until": wording.day(order.ship_by_on, order.language),
        }
    return write_to_buyer(order, "order_changed", context, key=f"order_changed:{order.number}:{change}")


def send_incident(order_id: int, *, incident_id: int) -> OutgoingMail | None:
    """Tell the customer what an incident means, with all his orders that it affects."""
    order, incident = _read(order_id), Incident.objects.get(pk=incident_id)
    affected = IncidentOrder.objects.filter(incident=incident, order__email__iexact=order.email)
    numbers = [str(number) for number in affected.order_by("order").values_list("order__number", flat=True)[:50]]
    with translation.override(order.language):
        context = {
            "text": incident.texts.get(services.language_of(order.language), incident.text),
            "orders": numbers,
            "day": wording.day(incident.new_day, order.language) if incident.new_day else "",
        }
    key = f"incident:{incident.pk}:{order.email.lower()}"
    return write_to_buyer(order, "incident", context, key=key)


def send_comment(order_id: int, *, comment_id: int) -> OutgoingMail | None:
    """Send what was written to the customer on the page of the order; never back to who wrote it."""
    comment = Comment.objects.get(pk=comment_id, order_id=order_id)
    if not comment.public or comment.is_of_customer:
        return None
    said = {"text": comment.text, "files": [one.attachment.name for one in comment.files.select_related("attachment")]}
    return write_to_buyer(_read(order_id), "order_comment", said, key=f"order_comment:{comment.pk}")


def send_promise_later(order_id: int, *, before: str, after: str) -> OutgoingMail | None:
    """Tell that it comes later than promised; nothing when that changed again meanwhile, or is over."""
    order = _read(order_id)
    if order.status in GONE or order.promised_on != date.fromisoformat(after):
        return None
    with translation.override(order.language):
        context = {
            "day": wording.day(order.promised_on, order.language),
            "before": wording.day(date.fromisoformat(before), order.language),
            "parcels": _parcels(order),
            "may_cancel": "cancel" in allowed_actions(order),
        }
    return write_to_buyer(order, "promise_later", context, key=f"promise_later:{order.number}:{after}")


def send_order_cancelled(order_id: int) -> OutgoingMail | None:
    """Tell that nothing will come, and what becomes of money that was paid."""
    order = _read(order_id)
    paid = order.paid_total - order.refunded_total
    return _send("order_cancelled", order, {"paid": _amount(order, paid) if paid > 0 else ""})


def send_order_expired(order_id: int) -> OutgoingMail | None:
    """Tell that the time to pay is over."""
    order = _read(order_id)
    return _send("order_expired", order, {"total": _amount(order, order.total)})


def _local_day(moment: datetime | None) -> date | None:
    return seat.day_of(moment) if moment else None


def _read(order_id: int) -> Order:
    return (
        Order.objects.select_related("channel", "shipping_method")
        .prefetch_related("lines__product", "charges")
        .get(pk=order_id)
    )


def _contents(order: Order) -> dict[str, Any]:
    """Return items, sums, taxes and addresses as they are printed."""
    lines, language = list(order.lines.all()), order.language
    goods, sums = _gross_sums(order, lines) if order.prices_include_tax else _net_sums(order)
    cancelled = order.cancelled_total if order.status not in GONE else Decimal(0)
    sums = [*sums, ("cancelled", -cancelled)]
    return {
        "items": [
            _item(line, line.quantity) | {"total": _amount(order, _shown(order, line))}
            for line in lines
            if line.wanted or line.total
        ],
        "goods": _amount(order, goods),
        "gross": order.prices_include_tax,
        "sums": [{"kind": kind, "amount": _amount(order, value)} for kind, value in sums if value],
        "taxes": [
            {
                "rate": wording.share(Decimal(part["rate"]), language),
                "amount": _amount(order, Decimal(part["tax"])),
            }
            for part in order.tax_breakdown
            if Decimal(part["tax"])
        ],
        "total": _amount(order, order.total - cancelled),
        "ship_to": wording.address(order.shipping_address, language),
        "bill_to": wording.address(order.billing_address, language) if order.billing_address else [],
        "method": order.shipping_method.name_in(language) if order.shipping_method else "",
        "collected": order.shipping_method is not None and order.shipping_method.pickup,
    }


def _net_sums(order: Order) -> Sums:
    other = [("shipping", order.shipping_total), ("discount", -order.discount_total), ("other", order.charges_total)]
    return order.subtotal, other


def _gross_sums(order: Order, lines: Sequence[OrderLine]) -> Sums:
    """Return what was agreed with tax, where prices include it: the rows add up to the goods, all to the total."""
    other = dict.fromkeys(("shipping", "discount", "other"), Decimal(0))
    for charge in order.charges.all():
        other[charge.kind if charge.kind in other else "other"] += charge.total
    return sum((line.total for line in lines), start=Decimal(0)), list(other.items())


def _shown(order: Order, line: OrderLine) -> Decimal:
    """Return what a line costs in the terms of its price: gross where prices include tax."""
    return line.total if order.prices_include_tax else line.net_total


def _item(line: OrderLine, units: int) -> dict[str, Any]:
    return {
        "units": units,
        "name": line.name,
        "sku": line.sku,
        "parts": line.spoken_parts,
        "image": picture_of(line.product),
    }


def _parcels(order: Order) -> list[dict[str, Any]]:
    """Return what arrives when, the earliest first."""
    by_position = {str(line.position): line for line in order.lines.all()}
    parcels = [
        {
            "kind": parcel["kind"],
            "on": parcel["arrives_on"],
            "day": wording.day(date.fromisoformat(parcel["arrives_on"]), order.language),
            "items": [_item(by_position[position], units) for position, units in parcel["lines"].items()],
        }
        for parcel in order.sourcing.get("parcels", [])
    ]
    return sorted(parcels, key=lambda parcel: (parcel["on"], parcel["kind"] == promise.SERVICE))


def _amount(order: Order, value: Decimal) -> str:
    return wording.amount(value, order.currency, order.language)


def _send(template: str, order: Order, context: Mapping[str, Any]) -> OutgoingMail | None:
    return write_to_buyer(order, template, context, key=f"{template}:{order.number}")
