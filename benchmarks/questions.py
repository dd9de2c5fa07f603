"""What is asked: the pages that somebody has open all day, with other values each time."""

import random
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model
from django.urls import reverse

from benchmarks.kin import execute
from benchmarks.timing import Question
from core import keyset
from core.admin.paging import BEFORE, Place
from core.models import SavedView
from customers.models import Customer
from fulfillment.models import Shipment
from orders import needs
from orders.admin.orders import OrderAdmin
from orders.models import Order, OrderLine

TODAY_MS, LIST_MS, ORDER_MS = 200, 150, 120
DESK = "maya"
ROLES = ("maya", "tom", "ines", "ada", "admin")
# How the list of orders is sorted, as its pages say it.
SORTED = "-placed_at,-id"


class Asked:
    """Makes the questions for a database; the same on every run."""

    def __init__(self, requests: int) -> None:
        self.requests = requests
        self.dice = random.Random(17)

    def all(self) -> list[Question]:
        """Return every question."""
        return [*self._today(), *self._lists(), *self._searches(), *self._pages()]

    # Today and the lists ---------------------------------------------------------------------
    def _today(self) -> Iterable[Question]:
        address = (reverse("admin:index"),) * self.requests
        for role in ROLES:
            yield Question(f"Today, {role}", role, address, TODAY_MS, fresh=True)
        yield Question("Today, asked again within seconds", DESK, address, TODAY_MS)

    def _lists(self) -> Iterable[Question]:
        address = reverse("admin:orders_order_changelist")
        again = self.requests

        def question(name: str, *queries: dict[str, Any]) -> Question:
            many = [queries[place % len(queries)] for place in range(again)]
            return Question(name, DESK, tuple(_address(address, query) for query in many), LIST_MS)

        yield question("Orders, first page", {})
        yield question("Orders, a page in the middle", *({"p": place} for place in self._places()))
        yield question("Orders, last page", {"p": Place(BEFORE, None, None).spelled(SORTED)})
        for tab in OrderAdmin.tabs:
            yield question(f"Orders, tab {tab.label}", tab.query)
        for view in SavedView.objects.filter(table="orders.order", shared=True):
            yield question(f"Orders, view {view.name}", {"view": view.slug})
        yield question("Orders, each need", *({"needs": need} for need in needs.NEEDS))
        yield question("Orders, by status", *({"status__exact": one} for one in ("completed", "cancelled", "placed")))
        channels = [pk for (pk,) in execute("SELECT id FROM pricing_channel ORDER BY id")]
        yield question("Orders, by channel", *({"channel__id__exact": pk} for pk in channels))
        yield question(
            "Orders, three filters",
            *(
                {"channel__id__exact": pk, "status__exact": "completed", "payment_status__exact": "paid"}
                for pk in channels
            ),
        )
        counts = reverse("admin:orders_order_tab_counts")
        yield Question("Orders, counts of the tabs", DESK, (counts,) * again, fresh=True)

    def _places(self) -> list[str]:
        """Return pages from all over the list, as its addresses name them."""
        keys = keyset.with_tie_break([keyset.key_of(Order.objects.all(), "-placed_at")], Order.objects.all())
        rows = _some(Order, self.requests, self.dice, placed_at__isnull=False)
        return [Place(values=keyset.position_of(row, keys), offset=None).spelled(SORTED) for row in rows]

    # Searches --------------------------------------------------------------------------------
    def _searches(self) -> Iterable[Question]:
        words = self._words()
        for kind, (found, missing) in words.items():
            terms, holds = zip(*found, strict=True)
            for place, name in (("admin:orders_order_changelist", "Orders"), ("admin:search", "Search")):
                address = reverse(place)
                hits = tuple(_address(address, {"q": term}) for term in terms)
                # Where everything is searched, a tracking number leads to its parcel.
                seen = () if (name, kind) == ("Search", "tracking number") else holds
                yield Question(f"{name}, {kind}: hit", DESK, hits, LIST_MS, holds=seen)
                misses = tuple(_address(address, {"q": missing(number)}) for number in range(self.requests))
                yield Question(f"{name}, {kind}: miss", DESK, misses, LIST_MS)
        address = reverse("admin:hits")
        for kind, (found, missing) in words.items():
            hits = tuple(_address(address, {"q": term}) for term, _page in found)
            misses = tuple(_address(address, {"q": missing(number)}) for number in range(self.requests))
            yield Question(f"Palette, {kind}", DESK, hits, LIST_MS)
            yield Question(f"Palette, {kind}: miss", DESK, misses, LIST_MS)
        letters = [_address(address, {"q": text}) for text in ("an", "mü", "ho", "co", "so", "te", "12", "9")]
        yield Question("Palette, first letters", DESK, tuple(letters[n % 8] for n in range(self.requests)), LIST_MS)

    def _words(self) -> dict[str, tuple[list[tuple[str, str]], Callable[[int], str]]]:
        """Return what is typed and the page it leads to, and how to type what does not exist."""
        orders = self._orders()
        parcels = _some(Shipment, self.requests, self.dice, order__isnull=False)
        lines = _some(OrderLine, self.requests, self.dice)
        bought = _some(Order, self.requests, self.dice, purchase_order_number__startswith="PO-1")
        sent = _some(Order, self.requests, self.dice, external_reference__startswith="WEB-")
        return {
            "number": ([(str(one.number), page(one)) for one in orders], lambda n: f"SO-9{n:08}"),
            "number, digits only": ([(str(one.pk), page(one)) for one in orders], lambda n: f"9{n:08}"),
            "name": ([(one.customer_name, "") for one in orders], lambda n: f"Qqx Nobody {n}"),
            "beginning of a name": ([(one.customer_name[:5], "") for one in orders], lambda n: f"Qqx{n}"),
            "mail": ([(one.email, "") for one in orders], lambda n: f"nobody.{n}@example.org"),
            "phone": ([(one.phone, "") for one in orders], lambda n: f"+49 89 99{n:05}"),
            "SKU": ([(one.sku, "") for one in lines], lambda n: f"NONE-{n}"),
            "tracking number": ([(one.tracking_number, page(one.order)) for one in parcels], lambda n: f"ZZ99{n:08}"),
            "PO number": ([(one.purchase_order_number, page(one)) for one in bought], lambda n: f"PO-Z{n}"),
            "their reference": ([(one.external_reference, page(one)) for one in sent], lambda n: f"WEB-Z{n}"),
        }

    @cache  # noqa: B019 - one object, for one run
    def _orders(self) -> list[Order]:
        return _some(Order, self.requests, self.dice, email__gt="")

    # Pages -----------------------------------------------------------------------------------
    def _pages(self) -> Iterable[Question]:
        usual = tuple(page(order) for order in self._orders())
        yield Question("Order, any", DESK, usual, ORDER_MS)
        alive = _some(Order, self.requests, self.dice, status__in=["confirmed", "fulfilling", "placed"])
        yield Question("Order, on the line", DESK, tuple(map(page, alive)), ORDER_MS)
        for lines in (5, 500):
            rows = list(Order.objects.filter(purchase_order_number=f"PO-BIG-{lines}").order_by("pk"))
            addresses = tuple(page(rows[n % len(rows)]) for n in range(self.requests))
            yield Question(f"Order with {lines} lines", DESK, addresses, ORDER_MS)
        buyers = _some(Customer, self.requests, self.dice, orders__isnull=False)
        yield Question("Customer, any", DESK, tuple(map(page, buyers)), ORDER_MS)
        often = execute("SELECT customer_id FROM orders_order GROUP BY 1 ORDER BY COUNT(*) DESC LIMIT 1")[0][0]
        address = page(Customer.objects.get(pk=often))
        yield Question("Customer with the most orders", DESK, (address,) * self.requests, ORDER_MS)


def page(row: Model) -> str:
    """Return the address of a record."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def _address(path: str, query: dict[str, Any]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _some(model: Any, count: int, dice: random.Random, **only: Any) -> list[Any]:
    """Return rows from all over a table; the same ones again where there are not enough."""
    rows = model.objects.filter(**only)
    last = model.objects.order_by("-pk").values_list("pk", flat=True)[0]
    found = [rows.filter(pk__gte=dice.randint(1, last)).order_by("pk").first() for _ in range(count)]
    there = [one for one in found if one is not None] or list(rows.order_by("pk")[:count])
    return [there[place % len(there)] for place in range(count)]
