"""Every derived status, from the figures alone."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from orders import derivation


def line(quantity: int = 10, *, kind: str = "stocked", **units: int) -> SimpleNamespace:
    names = ("allocated", "backordered", "shipped", "delivered", "cancelled", "invoiced", "returned")
    figures = {name: units.get(name, 0) for name in names}
    return SimpleNamespace(
        quantity=quantity, kind=kind, open=quantity - figures["cancelled"] - figures["shipped"], **figures
    )


def charge(**given: object) -> SimpleNamespace:
    return SimpleNamespace(**{"invoiced": False, "cancelled": False, "total": Decimal("4.90"), **given})


def money(total: str = "100", **amounts: str) -> SimpleNamespace:
    names = (
        "cancelled_total",
        "credited_total",
        "written_off_total",
        "authorized_total",
        "paid_total",
        "refunded_total",
    )
    figures = {name: Decimal(amounts.get(name, "0")) for name in names}
    return SimpleNamespace(total=Decimal(total), placed_at="yesterday", **figures)


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([line(allocated=10)], "allocated"),
        ([line(allocated=4, backordered=6)], "partial"),
        ([line(backordered=10)], "backordered"),
        ([line()], "unallocated"),
        ([line(shipped=10)], "allocated"),
        ([line(shipped=4, backordered=6)], "backordered"),
        ([line(cancelled=10)], "unallocated"),
        ([line(kind="service")], "allocated"),
        ([line(kind="service"), line(backordered=10)], "backordered"),
    ],
)
def test_allocation(lines, status):
    assert derivation.allocation_status(lines) == status


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([line()], "unfulfilled"),
        ([line(shipped=4)], "partially_shipped"),
        ([line(shipped=4, delivered=4)], "partially_shipped"),
        ([line(shipped=10)], "shipped"),
        ([line(shipped=10, delivered=4)], "partially_delivered"),
        ([line(shipped=10, delivered=10)], "delivered"),
        ([line(shipped=4, delivered=4, cancelled=6)], "delivered"),
        ([line(cancelled=10)], "unfulfilled"),
    ],
)
def test_fulfillment(lines, status):
    assert derivation.fulfillment_status(lines) == status


@pytest.mark.parametrize(
    ("order", "status"),
    [
        (money(), "unpaid"),
        (money(authorized_total="99"), "unpaid"),
        (money(authorized_total="100"), "authorized"),
        (money(paid_total="40"), "partially_paid"),
        (money(paid_total="100"), "paid"),
        (money(paid_total="101"), "overpaid"),
        (money(paid_total="100", refunded_total="20"), "partially_refunded"),
        (money(paid_total="100", refunded_total="100"), "refunded"),
        (money(paid_total="80", credited_total="20"), "paid"),
        (money("0"), "paid"),
        (money(cancelled_total="100"), "unpaid"),
    ],
)
def test_payment(order, status):
    assert derivation.payment_status(order) == status


@pytest.mark.parametrize(
    ("lines", "charges", "status"),
    [
        ([line()], [charge()], "not_invoiced"),
        ([line(invoiced=10)], [charge()], "partially_invoiced"),
        ([line(invoiced=10)], [charge(invoiced=True)], "invoiced"),
        ([line(invoiced=4, cancelled=6)], [charge(cancelled=True)], "invoiced"),
        ([line(invoiced=10)], [charge(total=Decimal(0))], "invoiced"),
    ],
)
def test_invoicing(lines, charges, status):
    assert derivation.invoice_status(lines, charges) == status


@pytest.mark.parametrize(
    ("lines", "open_returns", "status"),
    [
        ([line(shipped=10)], 0, "none"),
        ([line(shipped=10)], 1, "requested"),
        ([line(shipped=10, returned=3)], 1, "partially_returned"),
        ([line(shipped=10, returned=10)], 0, "returned"),
    ],
)
def test_returns(lines, open_returns, status):
    assert derivation.return_status(lines, open_returns) == status


def test_the_balance_counts_everything_once():
    order = money("100", cancelled_total="10", credited_total="20", paid_total="50", refunded_total="5")
    assert derivation.balance_due(order) == Decimal(25)
    order.written_off_total = Decimal("24.98")
    assert derivation.balance_due(order) == Decimal("0.02")
