"""Who is billed for an order is corrected, whatever became of its goods: what was agreed of them stays."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.countries import is_country
from core.outbox import emit
from core.service import note_change, service
from core.words import folded, last_word_first
from customers import vat_ids
from customers.addresses import PostalAddress
from inventory import selectors as stock
from orders.errors import InvalidOrder, TaxedOtherwise
from orders.events import OrderChanged
from orders.inputs import Party
from orders.models import Order, OrderLine
from orders.verification import address_key
from pricing import services as pricing
from pricing.calculation import TO_BUSINESS

from .book import charges_of, lines_of, take_order, touch
from .versions import keep_version

CORRECTED = "orders.party_corrected"


def party_of(order: Order) -> Party:
    """Return who is billed for an order as it stands."""
    return Party(
        customer_name=order.customer_name,
        billing_address=order.bill_to,
        vat_id=pricing.vat_id_on_papers(order.explanation, order.customer),
        language=order.language,
        purchase_order_number=order.purchase_order_number,
    )


@service
def correct_party(order_id: int, party: Party, *, note: str = "", actor: Actor, at: datetime | None = None) -> Order:
    """Write down who is billed after all. Goods, amounts and where they go stay; the next papers say it so.

    Raises InvalidOrder with the fields at fault, and TaxedOtherwise where the order would not cost what was agreed.
    """
    order = take_order(order_id)
    changes = _changes(order, party)
    if not changes:
        return order
    before = _told(order)
    ended = keep_version(order, lines_of(order), charges_of(order), actor=actor, at=at) if order.placed_at else None
    touch(order, **changes)
    after = _told(order)
    moved = [name for name in before if before[name] != after[name]]
    note_change(
        order,
        CORRECTED,
        actor=actor,
        before={name: before[name] for name in moved},
        after={name: after[name] for name in moved},
        note=note,
        version=ended,
    )
    emit(OrderChanged(order_id=order.pk, fields=sorted(moved), quiet=order.quiet), actor=actor, at=at)
    return order


def _told(order: Order) -> dict[str, Any]:
    said = vars(party_of(order))
    return {**said, "billing_address": order.bill_to.as_dict()}


def _changes(order: Order, party: Party) -> dict[str, Any]:
    """Return the columns that are otherwise with a party."""
    now = party_of(order)
    wanted = {name: getattr(now, name) if value is None else value for name, value in vars(party).items()}
    wanted["vat_id"] = vat_ids.tidy(wanted["vat_id"])
    for name in ("customer_name", "language", "purchase_order_number"):
        wanted[name] = wanted[name].strip()
    _refuse_faults(order, now, wanted)
    is_one_name = bool(now.customer_name) and order.bill_to.name == now.customer_name
    if party.billing_address is None and is_one_name and wanted["customer_name"]:
        # Papers read it from the address: what was one name is corrected in both places.
        wanted["billing_address"] = replace(order.bill_to, name=wanted["customer_name"])
    changes: dict[str, Any] = {}
    for name in ("customer_name", "language", "purchase_order_number"):
        if wanted[name] != getattr(now, name):
            changes[name] = wanted[name]
    if "customer_name" in changes:
        changes |= {"name_key": folded(wanted["customer_name"])[:200]}
        changes |= {"surname_key": last_word_first(wanted["customer_name"])[:200]}
    if wanted["billing_address"] != now.billing_address:
        changes["billing_address"] = wanted["billing_address"].as_dict()
        if not order.shipping_address:
            changes["address_key"] = address_key(wanted["billing_address"])
    if wanted["vat_id"] != vat_ids.tidy(now.vat_id or ""):
        changes["explanation"] = pricing.with_vat_id(order.explanation, wanted["vat_id"])
    return changes


def _refuse_faults(order: Order, now: Party, wanted: dict[str, Any]) -> None:
    address: PostalAddress = wanted["billing_address"]
    faults = []
    if not (wanted["customer_name"] or address.company.strip() or address.name.strip()):
        faults.append(_fault("customer_name", "required", _("Say who is billed")))
    if address != now.billing_address:
        for part, text in (("line1", _("Say the street")), ("city", _("Say the town"))):
            if not getattr(address, part).strip():
                faults.append(_fault(f"billing_address/{part}", "required", text))
        if not is_country(address.country):
            faults.append(_fault("billing_address/country", "unknown_country", _("Say the country")))
    if wanted["language"] not in {order.language, *dict(settings.LANGUAGES)}:
        faults.append(_fault("language", "unknown_language", _("No paper is written in this language")))
    if wanted["vat_id"] and wanted["vat_id"] != now.vat_id and not vat_ids.can_be(wanted["vat_id"]):
        faults.append(_fault("vat_id", "invalid_vat_id", _("This cannot be a VAT id; look at its digits again")))
    if faults:
        raise InvalidOrder(faults[0]["detail"], errors=faults)
    _refuse_other_tax(order, now, wanted)


def _refuse_other_tax(order: Order, now: Party, wanted: dict[str, Any]) -> None:
    lines = list(OrderLine.objects.filter(order=order).select_related("product"))
    place, there = order.bill_to, wanted["billing_address"]
    if order.shipping_address:
        place = there = order.ship_to
    rests_on_it = any(line.tax_category in TO_BUSINESS for line in lines)
    # From each country that its goods leave, or left, it is taxed as was agreed; that is to stay so.
    origins = stock.countries_of(order.reservation_id, [line.position for line in lines])
    is_other = (rests_on_it and not vat_ids.is_valid(wanted["vat_id"])) or any(
        pricing.is_taxed_otherwise(
            order.explanation,
            order.customer,
            supplies={pricing.supply_of(line.product) for line in lines},
            seller_country=country,
            on=timezone.localdate(order.placed_at or timezone.now()),
            before=place,
            after=there,
            vat_id=wanted["vat_id"] if wanted["vat_id"] != now.vat_id else _agreed_vat_id(order),
        )
        for country in origins | {order.channel.seller_country}
    )
    if not is_other:
        return
    name = "billing_address/country" if there != place and wanted["vat_id"] == now.vat_id else "vat_id"
    text = _(
        "The order would be taxed otherwise with this, and not cost what was agreed. Credit the invoice in full and "
        "place the order anew for the right customer."
    )
    raise TaxedOtherwise(text, order=order.number, errors=[_fault(name, "taxed_otherwise", text)])


def _agreed_vat_id(order: Order) -> str:
    """Return the VAT id that the tax was decided with: one that is left as it is decides nothing anew."""
    return pricing.tax_buyer_agreed(order.explanation, order.customer).vat_id


def _fault(name: str, code: str, text: str) -> dict[str, str]:
    return {"pointer": f"/{name}", "code": code, "detail": text}
