"""Paper: labels, pick lists and packing slips, drawn from what they are about whenever they are printed."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import barcode
import segno
import typst
from barcode.writer import SVGWriter
from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core import seat
from core.files import read_file
from customers.addresses import PostalAddress
from fulfillment import batch, selectors
from fulfillment.carriers import carrier_for
from fulfillment.models import FulfillmentOrder, Shipment, Wave
from fulfillment.wording import long_day, short_moment, weight
from inventory.handling import CARRIED, GIFT, labels
from inventory.models import Warehouse
from orders.models import Order, OrderLine
from orders.services import is_gift

PAPER = Path(__file__).resolve().parent / "paper"


def label_pdf(shipment: Shipment) -> bytes:
    """Return the label of a parcel: the one its carrier gave, else our own."""
    if shipment.label is not None:
        return read_file(shipment.label)
    return labels_pdf([shipment])


def labels_pdf(shipments: Sequence[Shipment]) -> bytes:
    """Draw our own labels, one A6 page per parcel."""
    counts = selectors.parcel_counts({shipment.fulfillment_order_id for shipment in shipments})
    language = shipments[0].order.language
    with translation.override(language):
        words = {
            "from": _("From"),
            "to": pgettext("on a label", "To"),
            "order": _("Order"),
            "parcel": _("Parcel"),
            "weight": _("Weight"),
        }
        tags = selectors.handling_of_parcels(shipment.pk for shipment in shipments)
        parcels = [
            _label(shipment, counts[shipment.fulfillment_order_id], tags.get(shipment.pk, set()))
            for shipment in shipments
        ]
        title = ", ".join(str(shipment.number) for shipment in shipments[:3])
        return _draw("label", {"title": title, "language": language, "words": words, "parcels": parcels})


def pick_list_pdf(works: Sequence[FulfillmentOrder]) -> bytes:
    """Draw pick lists for the people who walk, in their own language, sorted by bin."""
    return _draw("pick_list", {**_pick_words(), "works": _pick_lists(works)})


def batch_lists_pdf(waves: Sequence[Wave]) -> bytes:
    """Draw the lists of waves for the people who walk: by bin, with the share of each tote, then what each tote is."""
    words = {**_pick_words()["words"], "tote": _("Tote"), "totes": _("Tote: units"), "work": _("Work")}
    return _draw("batch_list", {**_pick_words(), "words": words, "waves": [_batch_list(wave) for wave in waves]})


def _batch_list(wave: Wave) -> dict[str, Any]:
    works = batch.works_of_wave(wave)
    works = batch.left_to_fetch(works) or works
    rows = batch.batch_rows(works)
    language = translation.get_language() or "en"
    return {
        "number": str(wave.number),
        "place": str(wave.warehouse),
        "qr": _qr(str(wave.number)),
        "units": str(batch.counted(rows)[0]),
        "lines": [
            {
                "bin": row.bin or "–",
                "sku": row.sku,
                "name": row.name,
                "quantity": str(row.units),
                "handling": ", ".join(row.handling_labels),
                "totes": " · ".join(f"{tote}: {units}" for tote, units in row.totes),
            }
            for row in rows
        ],
        "totes": [
            {
                "tote": str(work.tote),
                "order": str(work.order.number),
                "work": str(work.number),
                "method": _method(work.order),
                "leave": long_day(work.ship_by_on, language) or "–",
                "handling": " · ".join(label.upper() for label in labels(_tags_of_work(work))),
                "note": work.order.customer_note,
            }
            for work in works
        ],
    }


def work_papers_pdf(works: Sequence[FulfillmentOrder], parcels: Sequence[Shipment]) -> bytes:
    """Draw a pick list per piece of work, behind it a packing slip per parcel; one for all before packing."""
    counts = selectors.parcel_counts({shipment.fulfillment_order_id for shipment in parcels})
    ordered = _ordered({work.order_id for work in works})
    packed: dict[int, list[Shipment]] = defaultdict(list)
    for shipment in parcels:
        packed[shipment.fulfillment_order_id].append(shipment)
    sets = []
    for work, pick_list in zip(works, _pick_lists(works), strict=True):
        lines = ordered[work.order_id]
        with translation.override(work.order.language):
            slips = [_slip(one, lines, counts[work.pk]) for one in packed[work.pk]] or [_slip_of_work(work, lines)]
        sets.append({"work": pick_list, "slips": slips})
    return _draw("work_papers", {**_pick_words(), "title": _("Pick lists and packing slips"), "sets": sets})


def _pick_words() -> dict[str, Any]:
    language = translation.get_language() or "en"
    words = {
        "title": _("Pick list"),
        "order": _("Order"),
        "leave": _("Must leave by"),
        "method": _("Method"),
        "note": _("Note of the customer"),
        "bin": _("Bin"),
        "sku": _("SKU"),
        "name": _("Product"),
        "quantity": _("Units"),
        "found": _("Found"),
        "units": _("Units in all"),
    }
    printed = short_moment(timezone.now(), language)
    return {"title": _("Pick list"), "language": language, "printed": printed, "words": words}


def packing_slips_pdf(shipments: Sequence[Shipment]) -> bytes:
    """Draw packing slips without prices, one page per parcel, each in the language of its customer."""
    counts = selectors.parcel_counts({shipment.fulfillment_order_id for shipment in shipments})
    lines = _ordered({shipment.order_id for shipment in shipments})
    slips = []
    for shipment in shipments:
        with translation.override(shipment.order.language):
            slips.append(_slip(shipment, lines[shipment.order_id], counts[shipment.fulfillment_order_id]))
    return _draw("packing_slip", {"title": _("Packing slip"), "slips": slips})


def _ordered(order_ids: Iterable[int]) -> dict[int, list[OrderLine]]:
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    ordered = OrderLine.objects.filter(order__in=list(order_ids))
    for line in ordered.select_related("product").order_by("position"):
        lines[line.order_id].append(line)
    return lines


def _label(shipment: Shipment, of: int, tags: set[str]) -> dict[str, Any]:
    order = shipment.order
    code = shipment.tracking_number or str(shipment.number)
    return {
        "number": str(shipment.number),
        "sender": _sender(shipment.fulfillment_order.warehouse),
        "receiver": order.ship_to.lines(),
        "phone": order.ship_to.phone or order.phone,
        "carrier": str(carrier_for(shipment.carrier).name),
        "method": _method(order),
        "order": str(order.number),
        "position": _("%(n)s of %(of)s") % {"n": shipment.position, "of": of},
        "weight": weight(shipment.weight_grams, order.language) or "–",
        "handling": [label.upper() for label in labels(tags & CARRIED)],
        "barcode": _barcode(code),
        "code": code,
        "qr": _qr(str(shipment.number)),
    }


def _pick_lists(works: Sequence[FulfillmentOrder]) -> list[dict[str, Any]]:
    found = selectors.to_fetch(works)
    return [_pick_list(work, found.get(work.pk, [])) for work in works]


def _pick_list(work: FulfillmentOrder, groups: Sequence[selectors.ToFetch]) -> dict[str, Any]:
    tags = {tag for group in groups for one in group.goods for tag in one.handling}
    return {
        "number": str(work.number),
        "place": str(work.warehouse or work.get_kind_display()),  # type: ignore[attr-defined]
        "order": str(work.order.number),
        "leave": long_day(work.ship_by_on, translation.get_language() or "en") or "–",
        "method": _method(work.order),
        "note": work.order.customer_note,
        "handling": [label.upper() for label in labels(tags | _tags_of_work(work))],
        "qr": _qr(str(work.number)),
        "units": str(sum(one.units for group in groups for one in group.goods)),
        "lines": [row for group in groups for row in _rows_to_fetch(group)],
    }


def _rows_to_fetch(group: selectors.ToFetch) -> list[dict[str, Any]]:
    """Return a row per bin; above those of a kit stands what they make."""
    ordered = group.line.order_line
    rows = [
        {
            "bin": one.bin or "–",
            "sku": one.sku,
            "name": one.name,
            "quantity": str(one.units),
            "handling": ", ".join(labels(one.handling)),
            "kit": "",
            "in_kit": group.is_kit,
        }
        for one in group.goods
    ]
    if not group.is_kit:
        return rows
    kit = _("%(units)s × %(sku)s %(name)s, to be put together from:") % {
        "units": group.line.quantity,
        "sku": ordered.sku,
        "name": ordered.name,
    }
    return [{"kit": kit, "handling": ", ".join(labels(ordered.product.handling))}, *rows]


def _tags_of_work(work: FulfillmentOrder) -> set[str]:
    """Return how the goods of a piece of work must be handled, being a gift included."""
    tags = {tag for line in work.lines.all() for tag in line.order_line.product.handling}
    return tags | ({GIFT} if is_gift(work.order) else set())


def _slip(shipment: Shipment, ordered: Sequence[OrderLine], of: int) -> dict[str, Any]:
    order = shipment.order
    day = seat.day_of(shipment.shipped_at or shipment.created_at)
    more = [
        (_("Parcel"), _("%(n)s of %(of)s") % {"n": shipment.position, "of": of}),
        (_("Method"), _method(order)),
        (_("Tracking number"), shipment.tracking_number),
    ]
    return {
        **_slip_about(order, shipment.fulfillment_order.warehouse, [*_slip_facts(order, day), *more]),
        "handling": _in_capitals(line.order_line for line in shipment.lines.all()),
        "lines": [_slip_line(line.order_line, line.quantity) for line in shipment.lines.all()],
        "follows": [_follow(rest, order.language) for rest in selectors.following(shipment, ordered)],
        "barcode": _barcode(str(shipment.number)),
    }


def _slip_of_work(work: FulfillmentOrder, ordered: Sequence[OrderLine]) -> dict[str, Any]:
    """Return the slip of work that nobody has packed yet: all of it in one parcel."""
    order = work.order
    facts = [*_slip_facts(order, seat.today()), (_("Method"), _method(order))]
    lines = sorted(work.lines.all(), key=lambda line: line.order_line.position)
    return {
        **_slip_about(order, work.warehouse, facts),
        "handling": _in_capitals(line.order_line for line in lines),
        "lines": [_slip_line(line.order_line, line.quantity) for line in lines],
        "follows": [_follow(rest, order.language) for rest in selectors.following_work(work, ordered)],
        "barcode": _barcode(str(work.number)),
    }


def _in_capitals(lines: Iterable[OrderLine]) -> list[str]:
    """Return how goods must be handled, in capitals; that something is a gift is between us and who ordered it."""
    return [label.upper() for label in labels({tag for line in lines for tag in line.product.handling})]


def _slip_facts(order: Order, day: date) -> list[tuple[str, str]]:
    return [
        (_("Order"), str(order.number)),
        (_("Your reference"), order.purchase_order_number or order.external_reference),
        (_("Date"), long_day(day, order.language)),
    ]


def _slip_line(line: OrderLine, units: int) -> dict[str, str]:
    handling = ", ".join(labels(line.product.handling))
    named = {"sku": line.sku, "name": line.name, "quantity": str(units)}
    return {**named, "handling": handling, "parts": line.spoken_parts}


def _slip_about(order: Order, warehouse: Warehouse | None, facts: list[tuple[str, str]]) -> dict[str, Any]:
    words = {
        "title": _("Packing slip"),
        "receiver": _("Delivered to"),
        "sku": _("SKU"),
        "name": _("Product"),
        "quantity": _("Units"),
        "follows": _("Still to come"),
        "thanks": _("Thank you for your order."),
    }
    return {
        "language": order.language,
        "company": settings.COMPANY_NAME,
        "sender": _sender(warehouse),
        "receiver": order.ship_to.lines(),
        "facts": [fact for fact in facts if fact[1]],
        "words": words,
        "gift": order.gift_note,
    }


def _follow(rest: selectors.Following, language: str) -> str:
    words = {"units": rest.units, "name": rest.line.name, "day": long_day(rest.promised_on, language)}
    if rest.promised_on:
        return _("%(units)s × %(name)s, expected by %(day)s") % words
    return _("%(units)s × %(name)s") % words


def _sender(warehouse: Warehouse | None) -> list[str]:
    if warehouse is None:
        return [settings.COMPANY_NAME]
    place = PostalAddress.from_dict({"country": warehouse.country, **warehouse.address})
    lines = place.lines()
    return lines if place.company or place.name else [settings.COMPANY_NAME, *lines]


def _method(order: Order) -> str:
    return order.shipping_method.name_in(order.language) if order.shipping_method else ""


def _barcode(code: str) -> str:
    """Return a Code 128 barcode as SVG, without its text: we set that ourselves."""
    drawn = barcode.get("code128", code, writer=SVGWriter())
    return str(drawn.render({"write_text": False, "quiet_zone": 2, "module_height": 12}).decode())


def _qr(text: str) -> str:
    out = BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=1)
    return out.getvalue().decode()


def _draw(template: str, data: Mapping[str, Any]) -> bytes:
    """Let typst draw a template; data are data to it, never markup."""
    source = PAPER / f"{template}.typ"
    return bytes(typst.compile(str(source), root=str(PAPER), sys_inputs={"data": json.dumps(data)}))
