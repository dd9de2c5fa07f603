"""What is written into the ledger, and for what cause: worked out from figures, without a database.

An amount is debit above nothing and credit below, so that the legs of a posting add up to nothing:

    invoice      receivable +119, revenue -100, tax -19 (and the rounding of the document)
    payment      money +119, prepayment -119
    match        prepayment +119, receivable -119: only now the invoice is settled
    credit note  the invoice, turned round
    refund       money -119, from the prepayment as far as it reaches, the rest from the receivable
    store credit goodwill +20, store credit -20 where it is given by hand; spent and given back it stands for money
    write-off    bad debt (or small difference) +119, receivable -119; turned round when it is expected after all
    dispute      disputed +119, money -119 when the provider takes it; turned round when he gives it back
    lost         bad debt +119, disputed -119 where it is our loss
    charge back  receivable +119, disputed -119 where the customer owes it again
    debt back    disputed +119, prepayment -119 when he gives the money back after all: it settles as before
    credit back  store credit +20, disputed -20 where credit was given for a payment that the bank took as well
    payout       on its way to the bank +117, fee +2, money at the provider -119
    arrival      money at the bank +117, on its way -117
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from pricing.calculation import taxed_as

RECEIVABLE, PREPAYMENT, STORE_CREDIT, MONEY = "receivable", "prepayment", "store_credit", "money"
REVENUE, TAX, ROUNDING = "revenue", "tax", "rounding"
SMALL_DIFFERENCE, BAD_DEBT, FEE, DISPUTE = "small_difference", "bad_debt", "fee", "dispute"
GOODWILL = "goodwill"
NOTHING = Decimal(0)
# How money comes that staff write down; any other comes through a provider, and lies there until he pays out.
MANUAL = "manual"
# Where money of a payout lies: on its way, then at the bank.
ON_ITS_WAY, BANK = "on_its_way", "bank_transfer"


@dataclass(frozen=True)
class Leg:
    """An amount on one account, of a customer where the account is kept for each."""

    kind: str
    amount: Decimal
    detail: str = ""
    customer_id: int | None = None
    invoice_id: int | None = None


@dataclass(frozen=True)
class Posting:
    """One cause. `source` names it and is taken once; `links` are the ids of the order and papers it is about."""

    kind: str
    source: str
    entity_id: int
    currency: str
    booked_on: date
    legs: tuple[Leg, ...]
    text: str = ""
    links: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def rest(self) -> Decimal:
        """Return by how much the legs miss nothing; a posting with any is refused."""
        return sum((leg.amount for leg in self.legs), start=NOTHING)


def legs(*candidates: Leg) -> tuple[Leg, ...]:
    """Leave out the legs without an amount."""
    return tuple(leg for leg in candidates if leg.amount)


def money_leg(amount: Decimal, account: str, customer_id: int | None) -> Leg:
    """Return money that came in, or (below nothing) went out; store credit is no money but what we owe a customer."""
    if account == STORE_CREDIT:
        return Leg(STORE_CREDIT, amount, customer_id=customer_id)
    return Leg(MONEY, amount, account)


def grant_legs(amount: Decimal, *, customer_id: int) -> tuple[Leg, ...]:
    """Return credit that is given by hand, or (below nothing) taken back."""
    return legs(Leg(GOODWILL, amount), Leg(STORE_CREDIT, -amount, customer_id=customer_id))


def money_account(method: str, gateway: str) -> str:
    """Return where money of a payment lies."""
    return method if gateway == MANUAL else gateway


def document_legs(
    document: Mapping[str, Any], *, customer_id: int | None, invoice_id: int, sign: int = 1
) -> tuple[Leg, ...]:
    """Return what an invoice says, account by account; a credit note says it with `sign` -1."""
    found = [Leg(RECEIVABLE, sign * document["total"], customer_id=customer_id, invoice_id=invoice_id)]
    nets: dict[str, Decimal] = {}
    taxes: dict[str, Decimal] = {}
    for part in document["tax_breakdown"]:
        country, rate = _country(document, part), f"{Decimal(part['rate']):.4f}"
        revenue = f"{country}:{part['category']}:{rate}"
        nets[revenue] = nets.get(revenue, NOTHING) + Decimal(part["net"])
        taxes[f"{country}:{rate}"] = taxes.get(f"{country}:{rate}", NOTHING) + Decimal(part["tax"])
    # What was imported without its rates still has to add up.
    if rest := document["net_total"] - sum(nets.values(), start=NOTHING):
        nets[""] = nets.get("", NOTHING) + rest
    if rest := document["tax_total"] - sum(taxes.values(), start=NOTHING):
        taxes[""] = taxes.get("", NOTHING) + rest
    found += [Leg(REVENUE, -sign * amount, detail) for detail, amount in nets.items()]
    found += [Leg(TAX, -sign * amount, detail) for detail, amount in taxes.items()]
    found.append(Leg(ROUNDING, -sign * document["rounding"]))
    return legs(*found)


def _country(document: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    """Return the country that a tax belongs to: what is taxed at a rate is taxed where it goes."""
    named = part.get("country") or document["ship_to"].get("country")
    return taxed_as(str(named or document["seller"].get("address", {}).get("country", "")))


def payment_legs(
    amount: Decimal, *, account: str, customer_id: int | None, free: Decimal | None = None
) -> tuple[Leg, ...]:
    """Return money that came in: it is the customer's until an invoice takes it.

    `free` is what of it becomes so: less, where more went back before than had come in free.
    """
    kept = amount if free is None else min(amount, max(NOTHING, free))
    return legs(
        money_leg(amount, account, customer_id),
        Leg(PREPAYMENT, -kept, customer_id=customer_id),
        Leg(RECEIVABLE, kept - amount, customer_id=customer_id),
    )


def taken_back_legs(amount: Decimal, *, account: str, customer_id: int | None) -> tuple[Leg, ...]:
    """Return the opposite of money that came in, all of which is free: it was another's."""
    return legs(money_leg(-amount, account, customer_id), Leg(PREPAYMENT, amount, customer_id=customer_id))


def match_legs(amount: Decimal, *, customer_id: int | None, invoice_id: int) -> tuple[Leg, ...]:
    """Return a prepayment that settles an invoice."""
    return legs(
        Leg(PREPAYMENT, amount, customer_id=customer_id),
        Leg(RECEIVABLE, -amount, customer_id=customer_id, invoice_id=invoice_id),
    )


def write_off_legs(amount: Decimal, *, kind: str, customer_id: int | None, invoice_id: int) -> tuple[Leg, ...]:
    """Return what nobody expects any more of an invoice, or (below nothing) is expected after all.

    The tax stays as it was declared: whether it may be corrected is the law of the country, and a step of its own.
    """
    return legs(
        Leg(kind, amount),
        Leg(RECEIVABLE, -amount, customer_id=customer_id, invoice_id=invoice_id),
    )


def refund_legs(
    amount: Decimal,
    *,
    account: str,
    customer_id: int | None,
    free: Decimal,
    credited: Iterable[tuple[int, Decimal]] = (),
) -> tuple[Leg, ...]:
    """Return money that goes back: what settles nothing first, then what was credited, invoice by invoice."""
    loose = min(amount, max(NOTHING, free))
    rest = amount - loose
    found = [money_leg(-amount, account, customer_id), Leg(PREPAYMENT, loose, customer_id=customer_id)]
    for invoice_id, over in credited:
        part = min(rest, max(NOTHING, over))
        rest -= part
        found.append(Leg(RECEIVABLE, part, customer_id=customer_id, invoice_id=invoice_id))
    found.append(Leg(RECEIVABLE, rest, customer_id=customer_id))
    return legs(*found)


def dispute_legs(amount: Decimal, *, account: str) -> tuple[Leg, ...]:
    """Return money that the provider took for a dispute; less than nothing is what he gave back."""
    return legs(Leg(DISPUTE, amount, account), Leg(MONEY, -amount, account))


def loss_legs(amount: Decimal, *, account: str) -> tuple[Leg, ...]:
    """Return what of a dispute that was lost is our loss."""
    return legs(Leg(BAD_DEBT, amount), Leg(DISPUTE, -amount, account))


def charge_back_legs(
    amount: Decimal, *, account: str, customer_id: int | None, free: Decimal, owed: Iterable[tuple[int, Decimal]]
) -> tuple[Leg, ...]:
    """Return what of a dispute that was lost the customer owes again: what settled nothing first, then invoices."""
    loose = min(amount, max(NOTHING, free))
    rest = amount - loose
    found = [Leg(DISPUTE, -amount, account), Leg(PREPAYMENT, loose, customer_id=customer_id)]
    for invoice_id, part in owed:
        taken = min(rest, part)
        rest -= taken
        found.append(Leg(RECEIVABLE, taken, customer_id=customer_id, invoice_id=invoice_id))
    found.append(Leg(RECEIVABLE, rest, customer_id=customer_id))
    return legs(*found)


def debt_back_legs(amount: Decimal, *, account: str, customer_id: int | None, free: Decimal) -> tuple[Leg, ...]:
    """Return the way back: the payment is here again, and the customer's until an invoice takes it (`free` of it)."""
    kept = min(amount, max(NOTHING, free))
    return legs(
        Leg(DISPUTE, amount, account),
        Leg(PREPAYMENT, -kept, customer_id=customer_id),
        Leg(RECEIVABLE, kept - amount, customer_id=customer_id),
    )


def credit_back_legs(amount: Decimal, *, account: str, customer_id: int | None) -> tuple[Leg, ...]:
    """Return store credit that pays for what the provider took; less than nothing is given to the customer anew."""
    return legs(Leg(STORE_CREDIT, amount, customer_id=customer_id), Leg(DISPUTE, -amount, account))


def payout_legs(amount: Decimal, *, fees: Decimal, account: str) -> tuple[Leg, ...]:
    """Return what a provider paid out and what he kept as his fee."""
    return legs(Leg(MONEY, amount, ON_ITS_WAY), Leg(FEE, fees, account), Leg(MONEY, -amount - fees, account))


def cost_legs(amount: Decimal, *, account: str) -> tuple[Leg, ...]:
    """Return what a provider kept for something else of his."""
    return legs(Leg(FEE, amount, account), Leg(MONEY, -amount, account))


def arrival_legs(amount: Decimal) -> tuple[Leg, ...]:
    """Return a payout that is at the bank."""
    return legs(Leg(MONEY, amount, BANK), Leg(MONEY, -amount, ON_ITS_WAY))


def source_of(model: str, pk: int, *more: object) -> str:
    """Name a cause after its row, e.g. `billing.payment:7:30.000`."""
    return ":".join([f"billing.{model}:{pk}", *map(str, more)])


def places(amount: Decimal) -> str:
    """Write an amount as a name for a cause: the same amount is the same name."""
    return f"{amount + 0:.3f}"
