"""How an order flows: the nine steps and the machines behind them, drawn from the code itself.

Every transition of every machine belongs to a step (a test holds that), so the chart cannot grow stale.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from billing import selectors as billing
from billing.models import Invoice
from core.sight import seen
from fulfillment import selectors as fulfillment
from fulfillment.models import FulfillmentOrder, Shipment
from orders.models import Order, OrderStatus

CAP = 999
MACHINES = (
    "orders.Order",
    "orders.OrderChange",
    "fulfillment.FulfillmentOrder",
    "fulfillment.Shipment",
    "fulfillment.Wave",
    "billing.Invoice",
    "billing.Payment",
    "billing.Refund",
    "billing.CreditNote",
    "billing.Dispute",
    "returns.ReturnRequest",
)


REFUND_STEPS = ("approve", "process", "succeed", "fail", "come_back", "go_after_all", "reject")


@dataclass(frozen=True)
class Passage:
    """One transition of a machine: `orders.Order.place`, from draft to placed."""

    machine: str
    name: str
    label: str
    source: str
    target: str

    @property
    def ends(self) -> tuple[str, str]:
        """Return both states in the words of the reader."""
        status: Any = apps.get_model(self.machine)._meta.get_field("status")
        words = {value: capfirst(str(label)) for value, label in status.choices}
        return words[self.source], words[self.target]

    @property
    def thing(self) -> str:
        """Name what changes its state."""
        return capfirst(str(apps.get_model(self.machine)._meta.verbose_name))


@dataclass(frozen=True)
class FlowStep:
    """One step of the line, in words for the wall of the office."""

    number: int
    title: Any
    what: Any
    who: Any
    must: Any
    wrong: Any
    transitions: tuple[str, ...]
    queue: Callable[[], "QuerySet[Any]"]
    url_name: str
    query: str = ""


@dataclass(frozen=True)
class CountedStep:
    """A step with its live count and the way to its queue."""

    step: FlowStep
    count: int
    url: str
    passages: list[Passage] = field(default_factory=list)

    @property
    def shown(self) -> str:
        """The count as people read it, capped."""
        return f"{CAP}+" if self.count > CAP else str(self.count)


def _orders(*statuses: str) -> Callable[[], "QuerySet[Any]"]:
    return lambda: Order.objects.filter(status__in=statuses)


STEPS: tuple[FlowStep, ...] = (
    FlowStep(
        1,
        _("Placement"),
        _("The customer orders: portal, phone, in person, API, marketplace or file. One service takes them all."),
        _("customer, order desk, integrator"),
        _("at least one line, an address, products that exist and are in stock or may follow"),
        _("unknown product, short stock, the same order sent twice"),
        ("orders.Order.place", "orders.Order.discard"),
        _orders(OrderStatus.DRAFT),
        "admin:orders_order_changelist",
        "?status__exact=draft",
    ),
    FlowStep(
        2,
        _("Entry"),
        _("Lines, prices, tax, addresses and wishes are frozen on the order; stock is reserved."),
        _("the system"),
        _("totals add up to the cent; every unit is tied to a shelf or backordered"),
        _("a price that is not agreed: price hold"),
        (
            "orders.Order.reopen",
            "orders.OrderChange.request",
            "orders.OrderChange.approve",
            "orders.OrderChange.apply",
            "orders.OrderChange.decline",
        ),
        _orders(OrderStatus.PLACED),
        "admin:orders_order_changelist",
        "?status__exact=placed",
    ),
    FlowStep(
        3,
        _("Verification"),
        _("Named checks look at data, address, duplicates, prices, quantities, credit and risk."),
        _("the system; the order desk where a check fails"),
        _("every mandatory check passed, or was waived with a reason"),
        _("a failed check holds the order until somebody decides"),
        ("orders.Order.verify",),
        lambda: Order.objects.filter(status=OrderStatus.PLACED, active_holds__gt=0),
        "admin:orders_order_changelist",
        "?status__exact=placed&needs=hold",
    ),
    FlowStep(
        4,
        _("Confirmation"),
        _("A date is promised and the customer is told. Orders to be paid in advance wait here for the money."),
        _("the system"),
        _("payment authorized or received, or terms on account; a delivery date"),
        _("no payment in time: the order lapses and its stock is free again"),
        ("orders.Order.confirm", "orders.Order.lapse", "orders.Order.cancel"),
        _orders(OrderStatus.VERIFIED),
        "admin:orders_order_changelist",
        "?status__exact=verified",
    ),
    FlowStep(
        5,
        _("Fulfillment"),
        _("Work is planned per warehouse, released, picked, packed and labelled. Services are rendered."),
        _("warehouse"),
        _("no blocking hold; something is allocated; ship-complete is respected"),
        _("a short pick moves the rest to new work and opens an exception"),
        (
            "orders.Order.release",
            "fulfillment.FulfillmentOrder.release",
            "fulfillment.FulfillmentOrder.pull_back",
            "fulfillment.FulfillmentOrder.start",
            "fulfillment.FulfillmentOrder.pick",
            "fulfillment.FulfillmentOrder.pack",
            "fulfillment.FulfillmentOrder.cancel",
            "fulfillment.Wave.release",
            "fulfillment.Wave.finish",
            "fulfillment.Wave.cancel",
            "fulfillment.Shipment.make_ready",
            "fulfillment.Shipment.cancel",
        ),
        lambda: FulfillmentOrder.objects.filter(status__in=fulfillment.OPEN_WORK),
        "admin:fulfillment_fulfillmentorder_changelist",
        "?stage=open",
    ),
    FlowStep(
        6,
        _("Shipping and delivery"),
        _("The carrier takes the parcels; its events move them until the customer has them."),
        _("warehouse, carrier"),
        _("packed, labelled, tied to stock"),
        _("delivery fails, the parcel comes back or is lost: an exception says so"),
        (
            "fulfillment.FulfillmentOrder.ship",
            "fulfillment.FulfillmentOrder.render",
            "orders.Order.fulfill",
            "fulfillment.Shipment.hand_over",
            "fulfillment.Shipment.go_out",
            "fulfillment.Shipment.deliver",
            "fulfillment.Shipment.fail",
            "fulfillment.Shipment.come_back",
            "fulfillment.Shipment.lose",
        ),
        lambda: Shipment.objects.filter(status__in=fulfillment.ON_THE_WAY),
        "admin:fulfillment_shipment_changelist",
        "?stage=travelling",
    ),
    FlowStep(
        7,
        _("Invoicing"),
        _("Each shipment (or the whole order) gets one invoice with a gap-free number, as PDF by mail."),
        _("the system"),
        _("goods have left; the documents of an order add up to the order"),
        _("an issued invoice never changes; a credit note corrects it"),
        ("billing.Invoice.issue", "billing.Invoice.cancel", "billing.CreditNote.issue", "billing.CreditNote.apply"),
        lambda: Invoice.objects.filter(status="draft"),
        "admin:billing_invoice_changelist",
        "?status__exact=draft",
    ),
    FlowStep(
        8,
        _("Payment"),
        _("Money is authorized, captured or recorded, and matched to invoices. Refunds go back the way it came."),
        _("customer, finance"),
        _("refunded ≤ captured ≤ authorized"),
        _("a payment fails or expires; an invoice is overdue"),
        (
            "billing.Invoice.pay_in_part",
            "billing.Invoice.settle",
            *(f"billing.Invoice.{step}" for step in ("reopen", "reopen_in_part", "write_off", "expect_again")),
            "billing.Payment.require_action",
            "billing.Payment.authorize",
            "billing.Payment.capture_in_part",
            "billing.Payment.capture",
            "billing.Payment.fail",
            "billing.Payment.expire",
            *("billing.Payment.void", "billing.Payment.take_back"),
            "billing.Payment.release_rest",
            *(f"billing.Refund.{step}" for step in REFUND_STEPS),
            *(f"billing.Dispute.{step}" for step in ("win", "lose", "overturn")),
            "billing.CreditNote.pay_out",
            "billing.CreditNote.take_up",
        ),
        lambda: Invoice.objects.filter(status__in=billing.WAITING),
        "admin:billing_invoice_changelist",
        "?waits=money",
    ),
    FlowStep(
        9,
        _("Completion"),
        _("Delivered, invoiced, paid, nothing open: the record is closed and kept. Returns have a line of their own."),
        _("the system; the order desk for what does not close by itself"),
        _("all delivered or rendered, invoiced, paid; no open return or exception"),
        _("a return afterwards leaves the order completed and makes a credit note and a refund"),
        (
            "orders.Order.complete",
            "returns.ReturnRequest.authorize",
            "returns.ReturnRequest.decline",
            "returns.ReturnRequest.travel",
            "returns.ReturnRequest.receive_in_part",
            "returns.ReturnRequest.receive",
            "returns.ReturnRequest.inspect",
            "returns.ReturnRequest.resolve",
            "returns.ReturnRequest.close",
            "returns.ReturnRequest.cancel",
            "returns.ReturnRequest.expire",
        ),
        _orders(OrderStatus.FULFILLED),
        "admin:orders_order_changelist",
        "?status__exact=fulfilled",
    ),
)


def transitions_of(machine: str) -> list[Passage]:
    """Return every transition of a machine, one for each source, as the code declares them."""
    model: type[Model] = apps.get_model(machine)
    status: Any = model._meta.get_field("status")
    found = [
        Passage(machine, one.name, str(one.custom.get("label", one.name)), str(one.source), str(one.target))
        for one in status.get_all_transitions(model)
    ]
    order = [str(value) for value, _label in status.choices]
    return sorted(found, key=lambda one: (order.index(one.source), order.index(one.target), one.name))


def steps_with_counts() -> list[CountedStep]:
    """Return the nine steps with how many are in each right now (counted up to a cap)."""
    passages = [one for machine in MACHINES for one in transitions_of(machine)]
    return [
        CountedStep(
            step,
            seen(step.queue())[: CAP + 1].count(),
            reverse(step.url_name) + step.query,
            [one for one in passages if f"{one.machine}.{one.name}" in step.transitions],
        )
        for step in STEPS
    ]


# The drawing ----------------------------------------------------------------------------------

MAIN = ("draft", "placed", "verified", "confirmed", "fulfilling", "fulfilled", "completed")
BOX_WIDTH, BOX_HEIGHT, ROW, LEFT = 150, 38, 84, 340
ENDS = {"cancelled": (650, 3), "expired": (20, 1)}
# How far to the left a way back to an earlier state bows; words on that side stand beyond it.
BOW = 26


def _place(status: str) -> tuple[int, int]:
    """Return the middle of a state's box."""
    if status in MAIN:
        return LEFT + BOX_WIDTH // 2, 30 + MAIN.index(status) * ROW
    x, row = ENDS[status]
    return x + BOX_WIDTH // 2, 30 + row * ROW


def _path(passage: Passage) -> tuple[str, tuple[float, float], str]:
    """Return the line of a transition, where its label stands, and how the label is anchored."""
    (x1, y1), (x2, y2) = _place(passage.source), _place(passage.target)
    half_w, half_h = BOX_WIDTH / 2, BOX_HEIGHT / 2
    if x1 == x2 and y2 > y1:
        return f"M{x1} {y1 + half_h} V{y2 - half_h - 6}", (x1 + 8, (y1 + y2) / 2 + 4), "start"
    if x1 == x2:
        bow = x1 - half_w - BOW
        return f"M{x1 - half_w} {y1} H{bow} V{y2 + 8} H{x2 - half_w - 6}", (bow - 4, (y1 + y2) / 2 + 4), "end"
    side = 1 if x2 > x1 else -1
    start, end = x1 + side * half_w, x2 - side * (half_w + 6)
    bend = end - side * 26
    beside = 8 if side > 0 else -BOW - 8
    return f"M{start} {y1} H{bend} V{y2} H{end}", (start + beside, y1 - 5), "start" if side > 0 else "end"


def draw_order_machine() -> SafeString:
    """Draw the machine of the order as SVG: the line downwards, the ways out to the sides."""
    passages = transitions_of("orders.Order")
    lines = []
    labels = []
    for passage in passages:
        path, (x, y), anchor = _path(passage)
        lines.append((path,))
        labels.append((f"{x:.0f}", f"{y:.0f}", anchor, passage.label))
    boxes = []
    for status in OrderStatus:
        x, y = _place(status.value)
        kind = "main" if status.value in MAIN else "end"
        boxes.append((kind, x - BOX_WIDTH // 2, y - BOX_HEIGHT // 2, BOX_WIDTH, BOX_HEIGHT, x, y + 5, status.label))
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" class="machine" viewBox="0 0 820 {}" role="img" aria-label="{}">'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="2" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z"/></marker></defs>{}{}{}</svg>',
        60 + (len(MAIN) - 1) * ROW,
        _("The states of an order and the ways between them"),
        format_html_join(
            "", '<path class="way" d="{}" fill="none" stroke="currentColor" marker-end="url(#tip)"/>', lines
        ),
        format_html_join(
            "",
            '<g class="state {}"><rect x="{}" y="{}" width="{}" height="{}" rx="9" fill="none" stroke="currentColor"/>'
            '<text x="{}" y="{}" text-anchor="middle" fill="currentColor">{}</text></g>',
            boxes,
        ),
        format_html_join(
            "",
            '<text class="way-label" x="{}" y="{}" text-anchor="{}" font-size="12" fill="currentColor">{}</text>',
            labels,
        ),
    )


def as_markdown() -> str:
    """Return the chart for the handbook: the steps, then every machine as a Mermaid diagram."""
    parts = [
        "<!-- generated by `./run manage draw_flow`; a test compares it with the code -->",
        "# How an order flows",
        "",
        "| Step | What happens | Who | What must be true | What may go wrong |",
        "|---|---|---|---|---|",
        *[f"| {step.number} {step.title} | {step.what} | {step.who} | {step.must} | {step.wrong} |" for step in STEPS],
        "",
        "![The states of an order](order-machine.svg)",
    ]
    for machine in MACHINES:
        rows = [f"    {one.source} --> {one.target}: {one.label}" for one in transitions_of(machine)]
        title = apps.get_model(machine)._meta.verbose_name
        parts += ["", f"## {str(title).capitalize()}", "", "```mermaid", "stateDiagram-v2", *rows, "```"]
    return "\n".join(parts) + "\n"


def unassigned() -> list[str]:
    """Return transitions that no step tells about, and steps that tell about none: both must be empty."""
    declared = {f"{one.machine}.{one.name}" for machine in MACHINES for one in transitions_of(machine)}
    told = {name for step in STEPS for name in step.transitions}
    return sorted(declared ^ told)


def models_with_status() -> list[str]:
    """Return every model of ours with a protected status, so that none is left out of the chart."""
    return sorted(
        model._meta.label
        for model in apps.get_models()
        if getattr(next((one for one in model._meta.fields if one.name == "status"), None), "protected", False)
    )
