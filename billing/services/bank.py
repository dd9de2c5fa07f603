"""Bank statements: taken in, matched, and booked when somebody says so. Nothing is booked twice."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import selectors
from billing.bank_file import BankFile, BankRow, read_bank_file
from billing.bank_matching import (
    BY_OTHER_ROW,
    PAID_BEFORE,
    Coming,
    Confidence,
    Match,
    Open,
    Waiting,
    by_currency,
    match_payout,
)
from billing.errors import AlreadyBooked, BadStatement, NoSuchInvoice, StatementKnown
from billing.models import BankBooking, BankLine, BankStatement, Invoice
from billing.sentences import WENT_OUT
from core.actors import Actor
from core.errors import DomainError
from core.money import round_amount
from core.service import note_change, service

from .common import take_order
from .payments import record_payment
from .payouts import arrive, on_their_way
from .writing_off import is_small, write_off_difference

Status = BankLine.Status
# Up to so many open invoices all are looked at; beyond, those that a row names or whose amount it is.
MOST_OPEN = 50_000
# What money may come for: also what nobody expected any more.
PAYABLE = (*selectors.WAITING, Invoice.Status.WRITTEN_OFF)
GUESS = re.compile(r"([A-Za-z]+(?:[-\s]?[A-Za-z]+)?)[-\s]?0*(\d{1,12})")


@dataclass(frozen=True)
class Booked:
    """What became of a row that was to be booked."""

    line: BankLine
    refusal: str = ""


@service
def take_statement(
    *, name: str, content: bytes, account: str, currency: str, days: str = "", actor: Actor
) -> BankStatement:
    """Take in the rows of a file that no file had before, and propose what each is for. Nothing is booked.

    `days`: what stands first in its days, where the file leaves it open (`read_bank_file`). Raises BadStatement where
    the file cannot be read, and StatementKnown where all of it is known.
    """
    read = read_bank_file(content, account=account, currency=currency, days=days)
    if read.fault:
        faults = [{"pointer": f"/{read.asks}", "code": "unreadable", "detail": read.fault}]
        raise BadStatement(read.fault, errors=faults)
    whole = [row for row in read.rows if not row.faults and row.amount]
    known = _known(whole)
    elsewhere = _known_elsewhere([row for row in whole if row.digest not in known])
    fresh = [row for row in whole if row.digest not in known and row.number not in elsewhere]
    if not fresh and elsewhere:
        account = ", ".join(sorted(set(elsewhere.values())))
        raise StatementKnown(
            _("Every row of this file was taken in before, under the account %(account)s") % {"account": account}
        )
    if not fresh and known:
        raise StatementKnown(_("Every row of this file was taken in before"))
    statement = BankStatement.objects.create(
        file_name=name[:200],
        account=account,
        currency=currency,
        encoding=read.encoding,
        summary=_summary(read, fresh, known, elsewhere),
        taken_by=str(actor),
    )
    lines = [_line(statement, row) for row in fresh]
    _propose(lines)
    BankLine.objects.bulk_create(lines)
    counted = {"rows": len(fresh), "known": len(known) + len(elsewhere)}
    note_change(statement, "billing.statement_taken", actor=actor, after=counted)
    return statement


def _known(rows: Sequence[BankRow]) -> set[str]:
    found = BankLine.objects.filter(digest__in=[row.digest for row in rows])
    return set(found.values_list("digest", flat=True))


def _known_elsewhere(rows: Sequence[BankRow]) -> dict[int, str]:
    """Return the rows that were taken in under another account, with that: a file is often brought for the wrong one.

    Where both files name their accounts, and these differ, they are two transfers that look alike.
    """
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    lines = BankLine.objects.filter(identity__in=[row.identity for row in rows])
    for identity, own, account in lines.values_list("identity", "own_account", "statement__account"):
        found[identity].append((own, account))
    same = {
        row.number: [account for own, account in found[row.identity] if not (own and row.own) or own == row.own]
        for row in rows
    }
    return {number: accounts[0] for number, accounts in same.items() if accounts}


def _summary(read: BankFile, fresh: Sequence[BankRow], known: set[str], elsewhere: dict[int, str]) -> dict[str, Any]:
    other = {"elsewhere": [[number, account] for number, account in sorted(elsewhere.items())]} if elsewhere else {}
    return {
        **other,
        **({"notes": list(read.notes)} if read.notes else {}),
        "taken": len(fresh),
        "known": [row.number for row in read.rows if row.digest in known],
        "faulty": [[row.number, list(row.faults)] for row in read.rows if row.faults],
    }


def _line(statement: BankStatement, row: BankRow) -> BankLine:
    return BankLine(
        statement=statement,
        position=row.number,
        digest=row.digest,
        identity=row.identity,
        own_account=row.own,
        booked_on=row.booked_on or timezone.localdate(),
        name=row.name,
        text=row.text,
        currency=row.currency,
        amount=row.amount or Decimal(0),
        status=Status.OPEN,
    )


def _propose(lines: Iterable[BankLine]) -> None:
    """Write onto rows in hand what each may be for; an invoice that one row takes whole is not offered to the next.

    Money that went out is nobody's payment: unless a provider took it, it is left out.
    """
    wanted = []
    for line in _without_payouts(list(lines)):
        if line.amount > 0:
            wanted.append(line)
        else:
            line.status, line.reason = Status.LEFT, WENT_OUT
            line.confidence, line.why, line.proposal = str(Confidence.NONE), [], []
    invoices = {one.pk: one for one in _open_invoices(wanted)}
    waiting = by_currency(invoices.values())
    taken: set[str] = set()
    for line in wanted:
        here = waiting.get(line.currency, Waiting(()))
        found = here.match(text=line.text, name=line.name, amount=line.amount)
        _write(line, found)
        if found.confidence in (Confidence.EXACT, Confidence.LIKELY):
            for pk, part in found.parts:
                if part == invoices[pk].amount:
                    here.take(invoices[pk])
                    taken.add(invoices[pk].number)
    _explain([line for line in wanted if not line.proposal], taken)


def _without_payouts(lines: list[BankLine]) -> list[BankLine]:
    """Propose payouts of providers for rows in hand, each for one row; return the other rows."""
    rest = []
    coming: dict[str, list[Coming]] = {}
    for line in lines:
        if line.currency not in coming:
            coming[line.currency] = [
                Coming(one.pk, one.reference, one.gateway, one.amount) for one in on_their_way(line.currency)
            ]
        known = coming[line.currency]
        found = match_payout(text=line.text, name=line.name, amount=line.amount, payouts=known)
        line.payout_id = found[0].pk if found else None
        if found is None:
            rest.append(line)
            continue
        known.remove(found[0])
        line.confidence, line.why, line.proposal = str(found[1]), list(found[2]), []
    return rest


def _explain(lines: Sequence[BankLine], taken: set[str]) -> None:
    """Say of rows that nothing waits for which invoice they name all the same: one that is paid, or is by another."""
    named = {line.pk or line.position: guesses(line.text) for line in lines}
    numbers = set().union(*named.values()) if named else set()
    paid = set(Invoice.objects.filter(number__in=numbers, status=Invoice.Status.PAID).values_list("number", flat=True))
    for line in lines:
        mine = named[line.pk or line.position]
        said = [BY_OTHER_ROW(number=one) for one in sorted(mine & taken)]
        said += [PAID_BEFORE(number=one) for one in sorted(mine & paid)]
        line.why = said or line.why


def _write(line: BankLine, found: Match) -> None:
    line.confidence = str(found.confidence)
    line.why = list(found.why)
    line.proposal = [[pk, str(part)] for pk, part in found.parts]


def _open_invoices(lines: Sequence[BankLine]) -> list[Open]:
    waiting = Invoice.objects.filter(status__in=selectors.WAITING)
    rows = list(_read(waiting)[: MOST_OPEN + 1])
    if len(rows) > MOST_OPEN:
        numbers = {guess for line in lines for guess in guesses(line.text)}
        fitting = Q(number__in=numbers) | Q(replaces__number__in=numbers) | Q(order__number__in=numbers)
        fitting |= Q(left__in={line.amount for line in lines})
        rows = list(_read(waiting.annotate(left=selectors.open_amount()).filter(fitting))[:MOST_OPEN])
    return [_opened(*row) for row in rows]


def _read(rows: QuerySet[Invoice]) -> QuerySet[Invoice, tuple[Any, ...]]:
    """Return only what the matching looks at: there may be very many of them."""
    names = (f"order__{name}" for name in ("customer__company", "customer__name", "customer__number", "customer_name"))
    amounts = ("total", "paid_total", "credited_total", "written_off_total")
    own = ("pk", "number", "order__number", "currency", "replaces__number")
    return rows.order_by("due_on", "pk").values_list(*own, *amounts, *names)


def _opened(pk: int, number: str, order: str, currency: str, former: str | None, *more: Any) -> Open:
    """Return an invoice as the matching sees it: whose it is, is the customer as people call him."""
    total, paid, credited, written_off, *names = more
    left = round_amount(max(Decimal(0), total - paid - credited - written_off), currency)
    called = next((name for name in names if name), "")
    return Open(pk, str(number), str(order), called, currency, left, former or "")


def guesses(text: str) -> set[str]:
    """Return the numbers a text may mean, as we write them: `inv 123` is INV-000123."""
    found = set()
    for hit in GUESS.finditer(text):
        words = [word.upper() for word in re.split(r"[-\s]", hit[1]) if word]
        found |= {f"{'-'.join(words[at:])}-{int(hit[2]):06d}" for at in range(len(words))}
    return found


@service
def look_again_at_line(line_id: int, *, actor: Actor) -> BankLine:
    """Propose anew what a transfer is for, as the invoices stand now."""
    line = _take(line_id)
    _propose([line])
    line.save(update_fields=["confidence", "why", "proposal", "payout", "status", "reason"])
    return line


@service
def book_line(
    line_id: int, *, numbers: Sequence[str] | None = None, take_as_paid: bool = False, actor: Actor
) -> BankLine:
    """Book a transfer as it is proposed, or for the invoices of these numbers, the first one first.

    What is more than they need stays with the first order as overpaid; what is less leaves the rest open, or,
    with `take_as_paid`, is written off where its seller takes so little for a small difference. Raises
    AlreadyBooked for the second who tries, and NoSuchInvoice where an invoice does not wait for this money any more.
    """
    line = _take(line_id)
    if line.payout_id and numbers is None:
        return _book_payout(line, actor=actor)
    if line.amount < 0:
        detail = _("This money went out; it pays no invoice")
        raise NoSuchInvoice(detail, errors=[{"pointer": "/invoices", "code": "went_out", "detail": detail}])
    find = partial(_named, line, numbers) if numbers is not None else partial(_proposed, line)
    # What is open is read once nobody else can pay it any more.
    for order_id in sorted({one.order_id for one in find()}):
        take_order(order_id)
    invoices = find()
    by_order: dict[int, Decimal] = defaultdict(Decimal)
    left = line.amount
    for invoice in invoices:
        # What is written off is not open, and this is the money for it.
        is_given_up = invoice.status == Invoice.Status.WRITTEN_OFF
        wanted = max(Decimal(0), invoice.unpaid) if is_given_up else invoice.open_amount
        part = min(left, round_amount(wanted, invoice.currency))
        by_order[invoice.order_id] += part
        left -= part
    by_order[invoices[0].order_id] += left
    moved = BankLine.objects.filter(pk=line.pk, status=Status.OPEN).update(
        status=Status.BOOKED, payout=None, done_by=str(actor), done_at=timezone.now()
    )
    if not moved:
        raise AlreadyBooked(_("This transfer does not wait to be booked any more"), status=line.status)
    at = min(timezone.make_aware(datetime.combine(line.booked_on, time(12))), timezone.now())
    for order_id, amount in sorted(by_order.items()):
        if amount <= 0:
            continue
        payment = record_payment(
            order_id, method="bank_transfer", amount=amount, reference=f"BANK-{line.pk}", actor=actor, at=at
        )
        BankBooking.objects.create(line=line, payment=payment)
    for invoice in Invoice.objects.filter(pk__in=[one.pk for one in invoices]) if take_as_paid else ():
        if is_small(invoice):
            write_off_difference(invoice.pk, actor=actor)
    note_change(line, "billing.transfer_booked", actor=actor, after={"for": [str(one.number) for one in invoices]})
    return BankLine.objects.get(pk=line.pk)


def _book_payout(line: BankLine, *, actor: Actor) -> BankLine:
    """Book a transfer, in hand, as the payout it is proposed to be."""
    BankLine.objects.filter(pk=line.pk, status=Status.OPEN).update(
        status=Status.BOOKED, done_by=str(actor), done_at=timezone.now()
    )
    arrive(line, actor=actor)
    note_change(line, "billing.transfer_booked", actor=actor, after={"for": [str(line.payout)]})
    return BankLine.objects.get(pk=line.pk)


def book_lines(line_ids: Iterable[int], *, actor: Actor) -> list[Booked]:
    """Book several transfers as they are proposed, each in a transaction of its own; a refusal stops only its row."""
    done = []
    for line in BankLine.objects.filter(pk__in=list(line_ids)).order_by("pk"):
        try:
            book_line(line.pk, actor=actor)
        except DomainError as error:
            done.append(Booked(line, str(error.message)))
        else:
            done.append(Booked(line))
    return done


def book_certain(statement_id: int, *, actor: Actor) -> list[Booked]:
    """Book what is certain of a statement, for who asked for it."""
    certain = BankLine.objects.filter(statement=statement_id, status=Status.OPEN, confidence=BankLine.Confidence.EXACT)
    return book_lines(certain.order_by("pk").values_list("pk", flat=True), actor=actor)


@service
def leave_line(line_id: int, *, reason: str, actor: Actor) -> BankLine:
    """Leave a transfer out, for a reason: it is no customer's payment, or was booked another way."""
    line = _take(line_id)
    BankLine.objects.filter(pk=line.pk, status=Status.OPEN).update(
        status=Status.LEFT, reason=reason[:300], done_by=str(actor), done_at=timezone.now()
    )
    note_change(line, "billing.transfer_left", actor=actor, note=reason[:300])
    return BankLine.objects.get(pk=line.pk)


@service
def take_line_up(line_id: int, *, actor: Actor) -> BankLine:
    """Put a transfer that was left out back on the list; money that went out only where a provider took it.

    Raises AlreadyBooked.
    """
    line = BankLine.objects.locked().get(pk=line_id)
    if line.status != Status.LEFT:
        raise AlreadyBooked(_("This transfer was not left out"), status=line.status)
    BankLine.objects.filter(pk=line_id, status=Status.LEFT).update(status=Status.OPEN, reason="", done_at=None)
    note_change(line, "billing.transfer_taken_up", actor=actor)
    line = look_again_at_line(line_id, actor=actor)
    if line.status == Status.LEFT:
        raise AlreadyBooked(_("This money went out, and no payout of a provider says so"), status=line.status)
    return line


def _take(line_id: int) -> BankLine:
    """Lock a transfer that waits: who has it books it. Raises AlreadyBooked."""
    line = BankLine.objects.locked().get(pk=line_id)
    if line.status != Status.OPEN:
        raise AlreadyBooked(_("This transfer does not wait to be booked any more"), status=line.status)
    return line


def _proposed(line: BankLine) -> list[Invoice]:
    wanted = [int(pk) for pk, _amount in line.proposal]
    if not wanted:
        raise NoSuchInvoice(_("Nothing says what this transfer is for; name the invoice"))
    found = {one.pk: one for one in Invoice.objects.filter(pk__in=wanted).select_related("order")}
    invoices = [found[pk] for pk in wanted]
    for invoice, (_key, part) in zip(invoices, line.proposal, strict=True):
        if round_amount(invoice.open_amount, invoice.currency) < Decimal(part):
            raise NoSuchInvoice(
                _("On %(invoice)s less is open by now; look again") % {"invoice": invoice}, invoice=invoice.number
            )
    return invoices


def _named(line: BankLine, numbers: Sequence[str]) -> list[Invoice]:
    wanted = [number.strip().upper() for number in numbers if number.strip()]
    rows = Invoice.objects.filter(number__in=wanted, status__in=PAYABLE, currency=line.currency)
    found = {one.number: one for one in rows.filter(total__gt=F("paid_total") + F("credited_total"))}
    if missing := [number for number in wanted if number not in found] or not wanted:
        words = {"currency": line.currency, "numbers": ", ".join(missing) if isinstance(missing, list) else "–"}
        detail = _("No invoice in %(currency)s waits for money under %(numbers)s") % words
        raise NoSuchInvoice(detail, errors=[{"pointer": "/invoices", "code": "unknown", "detail": detail}])
    return [found[number] for number in dict.fromkeys(wanted)]
