"""The journal of a month as batches for DATEV, transaction by transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import IO

from django.utils import timezone

from billing import chart, datev, postings
from billing.chart import Number
from billing.models import LedgerTransaction
from billing.services.charts import Numbers
from core.money import quantum

Kind = LedgerTransaction.Kind
PAPERS = (Kind.INVOICE, Kind.CREDIT_NOTE)
# DATEV is German, whoever exports.
WORDS = {
    Kind.INVOICE: "Rechnung",
    Kind.CREDIT_NOTE: "Gutschrift",
    Kind.PAYMENT: "Zahlung",
    Kind.MATCH: "Zahlung zugeordnet",
    Kind.REFUND: "Erstattung",
    Kind.WRITE_OFF: "Ausbuchung",
    Kind.FEE: "Gebühr",
    Kind.PAYOUT: "Auszahlung",
    Kind.DISPUTE: "Rückbuchung",
    Kind.CHARGE_BACK: "Rückbelastung",
    Kind.STORE_CREDIT: "Guthaben",
}


@dataclass(frozen=True)
class Part:
    """A leg of a transaction, as the journal reads it."""

    kind: str
    detail: str
    amount: Decimal
    customer_id: int | None


@dataclass(frozen=True)
class Whole:
    """A transaction of the journal."""

    kind: str
    day: date
    currency: str
    document: str
    order: str
    vat_id: str
    parts: Sequence[Part]


@dataclass
class Batches:
    """The files of a month, one for each currency, and a further one where one is full."""

    folder: Path
    numbers: Numbers
    first_day: date
    last_day: date
    is_final: bool
    files: list[str] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    # Currencies with more decimals than DATEV knows.
    left_out: set[str] = field(default_factory=set)
    # Whether there are more customers than numbers for them: what was written then is of no use.
    crowded: bool = False
    _open: dict[str, IO[bytes]] = field(default_factory=dict)
    _in_file: Counter[str] = field(default_factory=Counter)
    _parts: Counter[str] = field(default_factory=Counter)

    def take(self, whole: Whole) -> None:
        """Write the rows of a transaction."""
        currency = whole.currency
        if -int(quantum(currency).as_tuple().exponent) > datev.CENTS:
            self.left_out.add(currency)
            return
        rows = booked(whole, self.numbers)
        if rows is None:
            self.crowded = True
            return
        file = self._file(currency, len(rows))
        file.write(datev.encoded("".join(datev.line(one, currency=currency, is_final=self.is_final) for one in rows)))
        self.rows[currency] += len(rows)
        self._in_file[currency] += len(rows)

    def close(self) -> None:
        """Close the files."""
        for file in self._open.values():
            file.close()

    def _file(self, currency: str, fresh: int) -> IO[bytes]:
        # A transaction stays together.
        if currency in self._open and self._in_file[currency] + fresh <= datev.MOST_ROWS:
            return self._open[currency]
        if file := self._open.get(currency):
            file.close()
        self._parts[currency] += 1
        self._in_file[currency] = 0
        name = f"EXTF_Buchungsstapel_{self.first_day:%Y-%m}_{currency}_{self._parts[currency]}.csv"
        self.files.append(name)
        self._open[currency] = file = (self.folder / name).open("wb")
        file.write(datev.head_lines(self._head(currency)))
        return file

    def _head(self, currency: str) -> datev.Head:
        profile = self.numbers.profile
        assert profile is not None  # noqa: S101 - without one no batch is begun
        begins = self.first_day.replace(month=profile.year_begins, day=1)
        return datev.Head(
            consultant=profile.consultant,
            client=profile.client,
            year_begins=begins if begins <= self.first_day else begins.replace(year=begins.year - 1),
            length=profile.length,
            first_day=self.first_day,
            last_day=self.last_day,
            currency=currency,
            chart=profile.chart,
            name=f"{self.first_day:%Y-%m} {currency}",
            made_at=timezone.localtime(),
            is_final=self.is_final,
        )


@dataclass(frozen=True)
class _Leg:
    account: str
    amount: Decimal
    kind: str
    key: str = ""
    place: str = ""
    rate: Decimal | None = None


def booked(whole: Whole, numbers: Numbers) -> list[datev.Row] | None:
    """Return the rows of a transaction: every leg against one of them. None where a customer has no number.

    Whatever is against what, the rows leave on every account what the legs do.
    """
    legs = _legs(whole, numbers)
    if legs is None:
        return None
    if whole.kind in PAPERS:
        # A paper is booked on its customer, also where nothing is to be paid.
        owed = next((leg for leg in legs if leg.kind == postings.RECEIVABLE), None)
        anchor = owed.account if owed else _number(numbers, postings.RECEIVABLE, "").number
        others = [leg for leg in legs if leg is not owed]
    else:
        largest = max(legs, key=lambda leg: (abs(leg.amount), leg.kind == postings.RECEIVABLE))
        anchor, others = largest.account, [leg for leg in legs if leg is not largest]
    return [
        datev.Row(
            amount=-leg.amount,
            account=anchor,
            against=leg.account,
            day=whole.day,
            document=whole.document or whole.order,
            text=f"{WORDS.get(Kind(whole.kind), whole.kind)} {whole.document or whole.order}",
            key=leg.key,
            order=whole.order,
            place=leg.place,
            rate=leg.rate,
        )
        for leg in others
        if leg.account != anchor and leg.amount
    ]


def _legs(whole: Whole, numbers: Numbers) -> list[_Leg] | None:
    taxes = {part.detail: part.amount for part in whole.parts if part.kind == postings.TAX}
    shares = Counter(_taxed(part.detail) for part in whole.parts if part.kind == postings.REVENUE)
    legs: list[_Leg] = []
    for part in whole.parts:
        if part.kind == postings.REVENUE:
            legs.append(_revenue(whole, part, numbers, taxes, alone=shares[_taxed(part.detail)] == 1))
        elif part.kind != postings.TAX:
            number = _number(numbers, part.kind, part.detail).number
            if part.kind == postings.RECEIVABLE and part.customer_id and numbers.per_customer:
                own = numbers.debtor(part.customer_id)
                if own is None:
                    return None
                number = own
            legs.append(_Leg(number, part.amount, part.kind))
    legs += [
        _Leg(_number(numbers, postings.TAX, detail).number, amount, postings.TAX) for detail, amount in taxes.items()
    ]
    return legs


def _revenue(whole: Whole, part: Part, numbers: Numbers, taxes: dict[str, Decimal], *, alone: bool) -> _Leg:
    """Return a leg of revenue: with its tax where the account or a tax key carries that, else net."""
    number = _number(numbers, part.kind, part.detail)
    country, _colon, rest = part.detail.partition(":")
    category, _colon, rate = rest.partition(":")
    place = whole.vat_id if category in ("K", "AE") else ""
    taxed = bool(rate) and bool(Decimal(rate))
    if taxed and alone and numbers.carries_tax(number):
        amount = part.amount + taxes.pop(_taxed(part.detail), Decimal(0))
        abroad = country != numbers.home and country in chart.IN_EU
        share = Decimal(rate) if abroad else None
        return _Leg(
            number.number,
            amount,
            part.kind,
            number.key,
            chart.WRITTEN.get(country, country) if abroad else place,
            share,
        )
    if chart.is_automatic(numbers.chart, number.number):
        return _Leg(number.number, part.amount, part.kind, chart.NO_AUTOMATIC_TAX, place)
    return _Leg(number.number, part.amount, part.kind, "" if taxed else number.key, place)


def _taxed(detail: str) -> str:
    """Return which tax goes with a revenue: `DE:S:0.1900` → `DE:0.1900`."""
    country, _colon, rest = detail.partition(":")
    return f"{country}:{rest.partition(':')[2]}" if detail else ""


def _number(numbers: Numbers, kind: str, detail: str) -> Number:
    """Return the number of an account; that all have one was asked before."""
    found = numbers.of(kind, detail)
    if found is None:
        raise LookupError(f"{kind} {detail} has no number")
    return found
