"""The statement of a customer's account on paper, and the wish to have it mailed."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from billing import statements, typesetting
from billing.errors import NoAddress, StatementTooLong
from billing.events import StatementAskedFor
from billing.models import Invoice, LegalEntity
from billing.services import wording
from core.actors import Actor
from core.models import EventRecord
from core.outbox import emit
from core.service import service
from customers.models import Customer

# What a reader turns over; whoever needs more takes the file.
MOST_LINES = 2_000
# So many open items are named one by one; how many more there are is said, with their sum.
MOST_OPEN = 2_000


def _too_long() -> StatementTooLong:
    return StatementTooLong(f"There are more than {MOST_LINES} postings; choose a shorter period, or take the file")


def draw_statement(account: statements.Account, first: date, last: date) -> bytes:
    """Draw a statement as a PDF, in the customer's language. Raises StatementTooLong beyond what a paper holds."""
    customer = Customer.objects.get(pk=account.customer_id)
    seller = LegalEntity.objects.get(pk=account.entity_id)
    found = statements.page(account, first, last, limit=MOST_LINES)
    if found.next:
        raise _too_long()
    with translation.override(customer.language):
        return typesetting.draw("statement", _content(customer, seller, account, found, first, last))


def _content(
    customer: Customer,
    seller: LegalEntity,
    account: statements.Account,
    found: statements.Page,
    first: date,
    last: date,
) -> dict[str, Any]:
    currency = account.currency
    closing = found.lines[-1].balance if found.lines else found.opening
    place = [line for line in wording.postal(seller.address) if line != seller.name]
    open_ = statements.open_items(account, last, limit=MOST_OPEN)
    return {
        "language": wording.language().split("_")[0],
        "year": last.year,
        "month": last.month,
        "day": last.day,
        "title": _("Statement of account"),
        "about": _("%(first)s to %(last)s, in %(currency)s")
        % {"first": wording.day(first), "last": wording.day(last), "currency": currency},
        "page": _("Page {n} of {of}"),
        "seller": {"name": seller.name, "line": " · ".join(place), "initial": seller.name[:1].upper()},
        "sender": " · ".join([seller.name, *place[:2]]),
        "receiver": _receiver(customer, seller),
        "facts": [[_("Customer number"), str(customer.number)], [_("Date"), wording.day(last)]],
        "columns": [_("Date"), _("Posting"), _("Amount"), _("Balance")],
        "opening": [_("Balance brought forward"), wording.figure(found.opening, currency)],
        "rows": [
            [
                wording.day(line.transaction.booked_on),
                f"{line.words} {line.document}".strip(),
                wording.figure(line.amount, currency),
                wording.figure(line.balance, currency),
            ]
            for line in found.lines
        ],
        "closing": [_closing_words(closing), wording.money(abs(closing), currency)],
        "open_title": _("Open on %(day)s") % {"day": wording.day(last)},
        "open_columns": [_("Document"), _("Due"), _("Days overdue"), _("Open")],
        "open": [*(_open(item, currency) for item in open_.items), *_further(open_, closing, currency)],
        # What is open is the balance, to the cent: the parts cannot say otherwise.
        "open_total": [_("Total"), wording.figure(closing, currency)],
        "bank": wording.account(holder=seller.name, iban=seller.iban, bic=seller.bic, bank=seller.bank_name)
        if closing > 0
        else [],
        "footer": [
            [seller.name, *place],
            [line for line in (seller.email, seller.phone, seller.vat_id) if line],
            [line for line in (seller.bank_name, wording.in_fours(seller.iban), seller.bic) if line],
        ],
    }


def _closing_words(closing: Decimal) -> str:
    if closing < 0:
        return _("You have with us")
    return _("To be paid") if closing else _("Balance")


def _open(item: statements.Open, currency: str) -> list[str]:
    invoice = item.invoice
    return [
        str(invoice.number) if invoice else _("Paid, and not used for an invoice"),
        wording.day(invoice.due_on) if invoice and invoice.due_on else "",
        str(item.days or ""),
        wording.figure(item.amount, currency),
    ]


def _further(open_: statements.OpenPage, closing: Decimal, currency: str) -> list[list[str]]:
    """Return a row for all that is not named, with its sum; none where everything is."""
    if not open_.next:
        return []
    words = _("%(count)s more, all of them in the list as a file") % {"count": open_.count - len(open_.items)}
    rest = closing - sum((item.amount for item in open_.items), start=Decimal(0))
    return [[words, "", "", wording.figure(rest, currency)]]


def open_beyond_paper(account: statements.Account, day: date) -> int:
    """Return how many open items a paper does not name one by one."""
    found = statements.open_items(account, day, start=MOST_OPEN, limit=1)
    return max(0, found.count - MOST_OPEN)


def _receiver(customer: Customer, seller: LegalEntity) -> list[str]:
    """Return the lines of the window: as the last invoice was addressed."""
    last = Invoice.objects.filter(order__customer=customer, legal_entity=seller, number__isnull=False).order_by("-pk")
    buyer = last.values_list("buyer", flat=True).first() or {}
    lines = wording.postal(buyer.get("address", {}))
    name = customer.company or customer.name
    return lines if name in lines else [name, *lines]


@service
def ask_for_statement(
    account: statements.Account, first: date, last: date, *, asked: str, email: str = "", actor: Actor
) -> None:
    """Ask for a statement to be mailed to the customer; the same wish sent twice is one.

    Raises NoAddress, and StatementTooLong beyond what a paper holds.
    """
    customer = Customer.objects.locked().get(pk=account.customer_id)
    to = email or customer.email
    if not to:
        raise NoAddress("The customer has no e-mail address")
    if statements.page(account, first, last, limit=MOST_LINES).next:
        raise _too_long()
    fact = StatementAskedFor(
        customer_id=customer.pk,
        entity_id=account.entity_id,
        currency=account.currency,
        first_day=first.isoformat(),
        last_day=last.isoformat(),
        email=to,
        asked=asked,
    )
    told = EventRecord.objects.filter(thread=fact.thread(), name=fact.name, payload__asked=asked)
    if not told.exists():
        emit(fact, actor=actor)
