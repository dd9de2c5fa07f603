"""Invoices issued by many processes at once on few series, with what each number and its lock took.

Drafted through services before the clock runs. Each process writes down what it issued in a file of its own, line by
line: one that is killed loses the line of its last invoice at most, and nothing else.
"""

import json
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from billing.models import Invoice, LegalEntity
from billing.proofs.trial import SELLER
from billing.services import invoice_order, issue_invoice
from core.actors import SYSTEM
from customers.addresses import PostalAddress
from inventory import services as inventory
from inventory.models import Product
from orders import services as orders
from orders.inputs import LineInput, OrderInput
from pricing import services as pricing
from pricing.models import Channel

CODE = "numbers"
HERE = PostalAddress(name="Ada Byron", line1="1 Main St", city="Berlin", postal_code="10115", country="DE")


class Undone(Exception):
    """The transaction is taken back on purpose."""


@dataclass(frozen=True)
class Share:
    """Drafts that one process issues: in this order, so many of a hundred first in vain, written down in `log`.

    With `last_year`, the first half is of the last day of that year and the other of the first day of the next.
    `pace` is the time from the start of one to the start of the next, in seconds; without, each follows at once.
    """

    drafts: Sequence[int]
    log: str
    seed: int = 0
    in_vain: int = 0
    last_year: int | None = None
    pace: float = 0.0


@dataclass(frozen=True)
class Issued:
    """One number: when it was asked for, drawn and committed, by one clock for all processes, in nanoseconds.

    `cpu` is what Python worked for the whole of it.
    """

    invoice: int
    number: str
    began: int
    asked: int
    drawn: int
    done: int
    cpu: int = 0


@dataclass
class _Watch:
    """Looks at the statement that draws a number."""

    asked: int = 0
    drawn: int = 0

    def __call__(self, run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if "core_numberseries" not in sql:
            return run(sql, params, many, context)
        self.asked = time.monotonic_ns()
        try:
            return run(sql, params, many, context)
        finally:
            self.drawn = time.monotonic_ns()


@dataclass
class House:
    """A seller with goods that need no shelf, and so many channels, each with a series of its own."""

    series: int
    channels: list[str] = field(default_factory=list)


def open_house(series: int) -> House:
    """Open it."""
    pricing.ensure_defaults(actor=SYSTEM)
    if not LegalEntity.objects.filter(is_default=True).exists():
        LegalEntity.objects.create(code="main", is_default=True, **SELLER)
    kind = Product.Kind.SERVICE
    wares = [inventory.ProductInput(sku=f"NUMBER-{n}", name=f"Ware {n}", kind=kind) for n in range(3)]
    inventory.create_products(wares, actor=SYSTEM)
    house = House(series)
    for number in range(series):
        code = f"{CODE}-{number}"
        Channel.objects.create(code=code, name=code, currency="EUR", document_series=f"S{number}" if number else "")
        house.channels.append(code)
    pricing.forget()
    return house


def draft_some(channel: str, count: int, log: str) -> None:
    """Draft invoices over orders of three lines; their keys go into a file."""
    lines = tuple(LineInput(sku=f"NUMBER-{n}", quantity=n + 1, unit_price=Decimal("7.50")) for n in range(3))
    with Path(log).open("w") as out:
        for _ in range(count):
            order = orders.place_order(
                OrderInput(
                    channel=channel, customer_name="Ada Byron", email="", billing_address=HERE, shipping_address=HERE,
                    lines=lines, shipping_method="standard", payment_terms="net14", historic=True,
                ),
                actor=SYSTEM,
            )  # fmt: skip
            out.write(f"{invoice_order(order.pk, actor=SYSTEM).pk}\n")


def issue_some(share: Share) -> None:
    """Issue drafts, one transaction each. Those that are issued already are left alone."""
    dice = random.Random(share.seed)  # noqa: S311 - no secret
    waiting = set(
        Invoice.objects.filter(pk__in=share.drafts, status=Invoice.Status.DRAFT).values_list("pk", flat=True)
    )
    out = os.open(share.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    watch = _Watch()
    # Nobody begins at the same moment as another.
    start = time.monotonic() + dice.random() * share.pace
    with connection.execute_wrapper(watch):
        for place, draft in enumerate(share.drafts):
            if draft not in waiting:
                continue
            if share.pace:
                time.sleep(max(0.0, start + place * share.pace - time.monotonic()))
            at = _moment(share, place)
            if dice.randrange(100) < share.in_vain:
                with suppress(Undone):
                    _issue_in_vain(draft, at)
            began, worked = time.monotonic_ns(), time.process_time_ns()
            number = issue_invoice(draft, at=at).number
            done, worked = time.monotonic_ns(), time.process_time_ns() - worked
            row = json.dumps([draft, number, began, watch.asked, watch.drawn, done, worked])
            os.write(out, f"{row}\n".encode())
    os.close(out)


def _issue_in_vain(draft: int, at: datetime | None) -> None:
    with transaction.atomic():
        issue_invoice(draft, at=at)
        raise Undone


def _moment(share: Share, place: int) -> datetime | None:
    if share.last_year is None:
        return None
    before = place * 2 < len(share.drafts)
    return (
        datetime(share.last_year, 12, 31, 12, tzinfo=UTC)
        if before
        else datetime(share.last_year + 1, 1, 1, 12, tzinfo=UTC)
    )


def read_logs(logs: Sequence[Path]) -> Iterator[Issued]:
    """Return what was written down; half a line is nothing."""
    for log in logs:
        for row in log.read_text().splitlines() if log.exists() else ():
            with suppress(json.JSONDecodeError):
                yield Issued(*json.loads(row))
