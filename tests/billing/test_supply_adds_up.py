"""Whatever leaves before a tax rate changes, and after: documents add up to the order per rate, net and gross."""

import os
import random
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from billing.models import Invoice
from core.actors import SYSTEM, Actor
from core.money import quantum
from fulfillment import services as fulfillment
from orders import services as orders
from orders.inputs import LineInput
from orders.models import Order, OrderException, OrderLine
from orders.wishes import LineWish, Wish
from pricing import services as pricing
from pricing.models import Channel, PriceList, TaxRate
from tests.factories.billing import make_seller
from tests.factories.catalog import make_product, make_warehouse
from tests.factories.shop import Shop
from tests.orders.rates import day, rate_begins
from tests.orders.test_edits import broken
from tests.scenarios import anew, confirmed_order, run_debts

pytestmark = pytest.mark.django_db
PLACES = ("HAM", "MUC", "ULM", "KIE")
FINANCE = Actor("staff", "fay", frozenset({"orders.tax_order"}))
ORDERS = int(os.environ.get("SUPPLY_ORDERS", "4"))
# Germany 2020 and 2021: 19 % to 16 %, 7 % to 5 %, and back.
CHANGES = ((("0.16", "standard"), ("0.05", "reduced")), (("0.19", "standard"), ("0.07", "reduced")))


def sold_in(currency: str, *, gross: bool, per_order: bool) -> None:
    """Sell in a currency, with or without tax in the prices."""
    prices = PriceList.objects.create(code=currency.lower(), name=currency, currency=currency)
    Channel.objects.filter(code="api").update(
        currency=currency,
        price_list=prices,
        prices_include_tax=gross,
        invoice_policy="per_order" if per_order else "per_shipment",
    )
    pricing.forget()


def some_order(rng: random.Random, order: int, currency: str) -> Order:
    """Return an order of a few goods at two rates, which leave from four places, with what may be on it beside."""
    unit = quantum(currency)
    lines = []
    for number in range(rng.randint(1, 3)):
        sku = f"THING-{order}-{number}"
        stock = {place: units for place in PLACES if (units := rng.randint(0, 4))} or {"HAM": 2}
        make_product(sku, "1.00", stock=stock, tax_class=rng.choice(("standard", "standard", "reduced")))
        price = unit * rng.randint(1, 3000)
        units = rng.randint(1, sum(stock.values()))
        off = unit * rng.randint(0, int(price * units / unit) // 5) if rng.random() < 0.3 else Decimal(0)
        lines.append(LineInput(sku=sku, quantity=units, unit_price=price, discount=off))
    worth = sum((one.unit_price or Decimal(0)) * one.quantity - one.discount for one in lines)
    more: dict[str, Any] = {"shipping_price": unit * rng.choice((0, rng.randint(1, 900)))}
    if rng.random() < 0.4:
        taken = unit * rng.randint(0, max(0, int(worth / unit) // 4))
        more["charges"] = (pricing.ChargeInput(kind="discount", code="loyal", name="Loyal", amount=-taken),)
    return confirmed_order(lines, currency=currency, **more)


def some_leave(rng: random.Random, order: Order) -> None:
    """Let what lies in one or two of the places leave, if anything does."""
    lying = {
        work.warehouse.code
        for work in order.fulfillment_orders.filter(status="planned").select_related("warehouse")
        if work.warehouse
    }
    for place in rng.sample(sorted(lying), min(len(lying), rng.randint(0, 2))):
        fulfillment.fulfil_through(order.pk, through="shipped", places=[place], actor=SYSTEM)
    run_debts()


def some_cancelled(rng: random.Random, order: Order) -> None:
    """Take a unit that is open off the order, now and then."""
    loose = [line for line in OrderLine.objects.filter(order=order) if line.open]
    left = sum(line.wanted for line in OrderLine.objects.filter(order=order))
    if not loose or left < 2 or rng.random() < 0.7:
        return
    line = rng.choice(loose)
    wish = Wish(lines=(LineWish(position=line.position, quantity=line.wanted - 1),))
    orders.amend_order(order.pk, wish, expected_version=anew(order).version, actor=SYSTEM)
    run_debts()


def sums_of_documents(order: Order) -> dict[tuple[str, Decimal], tuple[Decimal, Decimal]]:
    """Return net and agreed tax by rate, of all invoices."""
    sums: dict[tuple[str, Decimal], tuple[Decimal, Decimal]] = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for invoice in Invoice.objects.filter(order=order):
        for row in invoice.tax_breakdown:
            key = (row["category"], Decimal(row["rate"]))
            tax = Decimal(row["tax"]) + Decimal(row["rounding"])
            assert abs(Decimal(row["rounding"])) <= quantum(order.currency)
            sums[key] = (sums[key][0] + Decimal(row["net"]), sums[key][1] + tax)
    return {key: amounts for key, amounts in sums.items() if any(amounts)}


def sums_of_order(order: Order) -> dict[tuple[str, Decimal], tuple[Decimal, Decimal]]:
    """Return net and tax by rate, as the last version of the order says."""
    return {
        (row["category"], Decimal(row["rate"])): (Decimal(row["net"]), Decimal(row["tax"]))
        for row in order.tax_breakdown
        if Decimal(row["net"]) or Decimal(row["tax"])
    }


def anew_if_asked(order: Order, *, gross: bool) -> bool:
    """Have an order taxed anew where its rates moved: what was agreed stays. Returns whether it was."""
    orders.watch_rates()
    exception = OrderException.objects.filter(order=order, category="tax_rate", status="open").first()
    if exception is None:
        return False
    before = anew(order)
    orders.tax_anew(exception.pk, actor=FINANCE)
    now = anew(order)
    assert broken() == []
    if not now.cancelled_total:
        # Prices stay what they are, net or gross as the order says.
        assert (now.total if gross else now.total - now.tax_total) == (
            before.total if gross else before.total - before.tax_total
        )
    return True


def taxed(order: Order, *, days_ago: int) -> None:
    """Let an order have been taxed so many days ago."""
    Order.objects.filter(pk=order.pk).update(taxed_on=day(days_ago))


def one_order(rng: random.Random, number: int, currency: str, *, gross: bool) -> int:
    """Let two taxes change twice while an order leaves in parts. Returns how often it was taxed anew."""
    TaxRate.objects.filter(valid_from__gte=day(30)).delete()
    pricing.forget()
    order = some_order(rng, number, currency)
    times = 0
    for change, (priced, begins) in zip(CHANGES, ((20, 15), (10, 5)), strict=True):
        some_leave(rng, order)
        some_cancelled(rng, order)
        taxed(order, days_ago=priced)
        for rate, tax_class in change:
            rate_begins(rate, days_ago=begins, tax_class=tax_class)
        times += anew_if_asked(order, gross=gross)
    while anew(order).fulfillment_status != "shipped":
        fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
        run_debts()
    now = anew(order)
    assert now.invoice_status == "invoiced"
    billed = sum(one.total for one in Invoice.objects.filter(order=order))
    assert billed == now.invoiced_total
    documents = sums_of_documents(order)
    assert billed == now.total - now.cancelled_total
    if not now.cancelled_total:
        assert documents == sums_of_order(now)
    assert broken() == []
    return times


@pytest.mark.parametrize("per_order", [False, True], ids=["parcels", "whole"])
@pytest.mark.parametrize("gross", [False, True], ids=["net", "gross"])
@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_documents_add_up_to_an_order_that_is_taxed_anew_between_its_parcels(
    shop: Shop, currency: str, gross: bool, per_order: bool
) -> None:
    make_seller()
    for code in PLACES[2:]:
        make_warehouse(code)
    sold_in(currency, gross=gross, per_order=per_order)
    rng = random.Random(f"{currency} {gross} {per_order}")  # noqa: S311 - the same orders every time
    times = sum(one_order(rng, number, currency, gross=gross) for number in range(ORDERS))
    assert times > ORDERS
