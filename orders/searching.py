"""What somebody typed, and the orders that are meant: by every kind of sign, each by an index of its own.

Numbers are meant exactly, names and mail addresses by their beginning, phone numbers by their end. An app above
that knows orders by another sign says how:

    @found_by
    def parcels(term: str) -> QuerySet: return Parcel.objects.filter(tracking_number=term).values("order")
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Upper
from django.db.models.lookups import Exact

from core.words import beginning, dialled, folded, typed_words
from customers.models import CustomerWord
from orders.models import Order, OrderLine

# So many of one kind are named by their ids; where there are more, it is asked of each order instead.
MOST = 1_000
# So many lines of one article are read faster than the next such order is come across.
MOST_LINES = 9_000
LONGEST_NUMBER = 12
# Fewer letters begin so many words that nobody counts them.
TELLING = 3


@dataclass(frozen=True)
class Sign:
    """One kind of sign: the ids of the orders that bear it, as the column `key`, and the same asked of an order."""

    ids: "QuerySet[Any]"
    of_order: Any
    key: str = "pk"
    # Up to so many ids are looked up in the database, and asked of each order only beyond; 0: there are more for sure.
    most: int = MOST


Finder = Callable[[str], "QuerySet[Any]"]
ELSEWHERE: dict[str, Finder] = {}


def found_by(finder: Finder) -> Finder:
    """Register another way to find orders: a query for their ids, served by an index."""
    ELSEWHERE[f"{finder.__module__}.{finder.__name__}"] = finder
    return finder


def search(rows: "QuerySet[Order]", text: str) -> "QuerySet[Order]":
    """Narrow orders to what somebody typed.

    Each kind of sign is looked up by itself: alternatives in one condition would read the whole table. What is
    so common that ids would be too many is found in the rows themselves, where the next one is never far.
    """
    wanted = _tidied(text)
    if not wanted:
        return rows
    found: set[int] = set()
    common: list[Any] = []
    for sign in _signs(wanted):
        ids = list(sign.ids[: sign.most + 1]) if sign.most else ()
        if sign.most and len(ids) <= MOST:
            found.update(ids)
        elif 0 < len(ids) <= sign.most:
            # The limit keeps the database from asking each order after all.
            common.append(Q(pk__in=sign.ids[: sign.most]))
        else:
            common.append(sign.of_order)
    return rows.filter(reduce(or_, common, Q(pk__in=found)))


def first_found(text: str, *, limit: int) -> list[int]:
    """Return the ids of the youngest orders that somebody may mean, few of each kind, the youngest first.

    What apps above know an order by, they find themselves where everything is searched.
    """
    if not (wanted := _tidied(text)):
        return []
    found = {pk for sign in _signs(wanted, elsewhere=False) for pk in sign.ids.order_by(f"-{sign.key}")[:limit]}
    return sorted(found, reverse=True)[:limit]


def as_number(text: str) -> str:
    """Return the order number that a text stands for: SO-000123, so-123 and 123 alike."""
    digits = text.upper().removeprefix("SO-")
    return f"SO-{int(digits):06d}" if digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_NUMBER else ""


def _tidied(text: str) -> str:
    return " ".join(text.replace("\0", "").split())[:100]


def _signs(wanted: str, *, elsewhere: bool = True) -> Iterator[Sign]:
    """Return the kinds of signs that a text can be, each with an index that serves it."""
    if "@" in wanted:
        yield _sign(beginning(wanted.lower(), "email"))
        return
    if number := as_number(wanted):
        yield _sign(Q(number=number))
    yield _sign(Q(external_reference=wanted))
    yield _sign(Q(Exact(Upper("purchase_order_number"), wanted.upper())))
    if digits := dialled(wanted):
        yield _sign(beginning(digits, "phone_key"))
    lines = OrderLine.objects.filter(sku=wanted.upper()).order_by()
    yield Sign(lines.values_list("order", flat=True), Exists(lines.filter(order=OuterRef("pk"))), "order", MOST_LINES)
    for finder in ELSEWHERE.values() if elsewhere else ():
        ids = finder(wanted).order_by()
        yield Sign(Order.objects.filter(pk__in=ids).order_by().values_list("pk", flat=True), Q(pk__in=ids))
    if not number:
        yield from _names(folded(wanted))


def _names(wanted: str) -> Iterator[Sign]:
    for column in ("name_key", "surname_key"):
        yield _sign(beginning(wanted, column))
    if words := typed_words(wanted):
        customers = _customers(words)
        yield _sign(Q(customer__in=customers), most=MOST if isinstance(customers, list) else 0)


def _customers(words: Sequence[str]) -> "list[int] | QuerySet[Any]":
    """Return the customers whom every word begins: by their ids, or as a question where they are too many.

    Asked in one statement with the orders, a database expects many of them and reads all orders for the first few.
    The longest word, which is the first, is looked up, and only whom it begins is asked for the others.
    """
    first, *others = words
    known = CustomerWord.objects.order_by().values("customer")
    wanted = known.filter(beginning(first), *(Q(customer__in=known.filter(beginning(word))) for word in others))
    if len(first) >= TELLING:
        found = [row["customer"] for row in wanted[: MOST + 1]]
        if len(found) <= MOST:
            return sorted(set(found))
    return wanted


def _sign(condition: Q, *, most: int = MOST) -> Sign:
    return Sign(Order.objects.filter(condition).order_by().values_list("pk", flat=True), condition, most=most)
