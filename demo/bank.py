"""What the bank of Kettle & Co. has to tell since the day before yesterday: a file to take in, made from what is open.

Most rows say which invoice they pay, some only almost, one nothing; one is a payout of the payment provider, and one
is money that went out.
"""

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from billing import selectors
from billing.models import Invoice, Payout
from core.money import plain

HEADING = ("Buchungstag", "Wertstellung", "Auftraggeber", "Verwendungszweck", "Betrag", "Währung")
CERTAIN, BY_NAME = 4, 2
# Less than is open, as if somebody had taken a discount that nobody gave.
TAKEN_OFF = Decimal("5.00")
NOT_OURS = ("Erika Beispiel", "Danke für den schönen Abend", Decimal("37.77"))
WENT_OUT = ("Speicherstadt Immobilien", "Miete Lager Hamburg", Decimal("-1850.00"))
Row = tuple[str, str, Decimal]


def statement(today: date) -> bytes:
    """Return the statement as CSV, as banks in Germany write it; with the invoices that are open now."""
    rows = [*_of(_open()), *_paid_out(today), NOT_OURS, WENT_OUT]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADING)
    for place, (name, words, amount) in enumerate(rows):
        day = f"{today - timedelta(days=2 - place % 2):%d.%m.%Y}"
        writer.writerow([day, day, name, words, plain(amount, "EUR").replace(".", ","), "EUR"])
    return text.getvalue().encode()


def _paid_out(today: date) -> list[Row]:
    """Return the payouts that should have arrived and were not found yet."""
    found = Payout.objects.filter(bank_line=None, currency="EUR", arrives_on__lt=today).order_by("pk")
    return [("Demo Payments", one.reference, one.amount) for one in found]


def _open() -> list[Invoice]:
    rows = Invoice.objects.filter(status__in=selectors.WAITING, currency="EUR", order__customer__isnull=False)
    return list(rows.select_related("order__customer").order_by("-due_on", "-pk"))


def _of(invoices: Sequence[Invoice]) -> list[Row]:
    """Return rows for some of the open invoices, each customer once; the two of one customer in one transfer."""
    by_customer = sorted(invoices, key=lambda one: one.order.customer_id or 0)
    houses = [list(group) for _who, group in groupby(by_customer, key=lambda one: one.order.customer_id)]
    houses.sort(key=lambda group: group[0].pk, reverse=True)
    # Who has booked all of it gets what is left: a file with fewer rows.
    alone = [group[0] for group in houses if len(group) == 1]
    named, unnamed, less = alone[:CERTAIN], alone[CERTAIN : CERTAIN + BY_NAME], alone[CERTAIN + BY_NAME :][:1]
    rows = [(_name(one), f"Rechnung {one.number}", one.open_amount) for one in named]
    for first, second in [group[:2] for group in houses if len(group) > 1][:1]:
        rows.append((_name(first), f"{first.number} {second.number}", first.open_amount + second.open_amount))
    rows += [(_name(one), "Ihre Lieferung, danke", one.open_amount) for one in unnamed]
    rows += [
        (_name(one), f"Rechnung {one.number} abzgl. Skonto", one.open_amount - TAKEN_OFF)
        for one in less
        if one.open_amount > TAKEN_OFF
    ]
    return rows


def _name(invoice: Invoice) -> str:
    return str(invoice.order.customer)
