"""The two flows of the design from end to end, through the API: an order to its completion, and a return."""

from collections import Counter
from decimal import Decimal as D
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from pypdf import PdfReader

from billing.models import CreditNote, Invoice, Payment, Refund
from core.models import Delivery, EventRecord, OutgoingMail
from orders.models import Order, OrderLine
from tests.factories.billing import make_seller
from tests.factories.catalog import stock_of
from tests.orders.bodies import ORDERS, post

pytestmark = pytest.mark.django_db
API = "/api/v1/"


@pytest.fixture
def seller(shop):
    """A shop with a seller whose details are known."""
    make_seller()
    return shop


def read(api: Any, path: str) -> Any:
    answer = api.get(path)
    assert answer.status_code == 200, answer.content
    return answer.json()


def done(api: Any, path: str, body: dict[str, Any] | None = None, *, code: int = 200) -> Any:
    """Take a step, as a retrying client does: twice, with one key, and with one effect."""
    first = post(api, path, body or {}, key=f"step {path}")
    again = post(api, path, body or {}, key=f"step {path}")
    assert (first.status_code, again.headers["Idempotent-Replayed"]) == (code, "true"), first.content
    assert again.content == first.content
    return first.json()


def standing(api: Any, number: str) -> tuple[str, str, str, str, str, str]:
    """Return what an order says about itself."""
    order = read(api, f"{ORDERS}{number}/")
    names = ("status", "payment_status", "fulfillment_status", "invoice_status", "paid_total", "balance_due")
    return tuple(order[name] for name in names)


def walk_to_the_carrier(api: Any, number: str) -> str:
    """Release, pick, pack and ship the one piece of work of an order; returns the number of its parcel."""
    [work] = read(api, f"{API}fulfillment-orders/?order={number}")["results"]
    assert (work["status"], work["warehouse"]) == ("planned", "HAM")
    path = f"{API}fulfillment-orders/{work['number']}/"
    assert done(api, f"{ORDERS}{number}/release/")["status"] == "fulfilling"
    assert [done(api, f"{path}{step}/")["status"] for step in ("pick", "pack", "ship")] == [
        "picked", "packed", "shipped",
    ]  # fmt: skip
    [parcel] = read(api, f"{API}shipments/?order={number}")["results"]
    assert [(line["sku"], line["quantity"]) for line in parcel["lines"]] == [("MUG-RED", 2), ("TEA-1", 1)]
    return str(parcel["number"])


def arrive(api: Any, parcel: str) -> None:
    """The carrier says that it was handed over."""
    event = {"event_id": f"dhl-{parcel}", "status": "delivered", "at": "2026-11-23T10:00:00Z"}
    done(api, f"{API}shipments/{parcel}/tracking-events/", event, code=201)


def mails() -> Counter[str]:
    """Count mails by kind, and see that each went out once."""
    assert len(mail.outbox) == OutgoingMail.objects.filter(status="sent").count() == OutgoingMail.objects.count()
    return Counter(OutgoingMail.objects.values_list("kind", flat=True))


def facts(order: Order) -> Counter[str]:
    """Count the facts of an order's history."""
    names = EventRecord.objects.filter(thread=order.history_thread(), transition="").values_list("name", flat=True)
    return Counter(name.removeprefix("orders.") for name in names if name.startswith("orders."))


def assert_all_is_true() -> None:
    """Nothing is owed and every truth holds: the command leaves with an error otherwise."""
    assert set(Delivery.objects.values_list("status", flat=True)) == {"done"}
    out = StringIO()
    call_command("check_invariants", stdout=out, stderr=StringIO())
    assert out.getvalue().splitlines()[-1] == "0 breaches"


def test_flow_a_an_order_by_api_until_it_is_completed(seller, api, run_debts):
    placed = post(api, payment_terms="net14", key="6f1c")
    assert post(api, payment_terms="net14", key="6f1c").content == placed.content
    number = placed.json()["number"]
    assert (placed.status_code, placed.json()["total"], placed.json()["status"]) == (201, "22.06", "confirmed")
    assert standing(api, number) == ("confirmed", "unpaid", "unfulfilled", "not_invoiced", "0.00", "22.06")
    assert (stock_of(seller.mug).on_hand, stock_of(seller.mug).reserved) == (100, 2)

    run_debts()
    assert mails() == {"order_confirmed": 1}
    parcel = walk_to_the_carrier(api, number)
    assert standing(api, number) == ("fulfilled", "unpaid", "shipped", "not_invoiced", "0.00", "22.06")
    assert [(stock_of(one).on_hand, stock_of(one).reserved) for one in (seller.mug, seller.tea)] == [(98, 0), (99, 0)]

    run_debts()
    [invoice] = read(api, f"{API}invoices/?order={number}")["results"]
    names = ("status", "net_total", "tax_total", "total", "open_amount", "bills")
    assert [invoice[name] for name in names] == ["issued", "19.10", "2.96", "22.06", "22.06", parcel]
    assert [(row["rate"], row["net"], row["tax"]) for row in invoice["tax_breakdown"]] == [
        ("0.19", "13.45", "2.56"), ("0.07", "5.65", "0.40"),
    ]  # fmt: skip
    assert mails() == {"order_confirmed": 1, "shipped": 1, "invoice": 1}
    [sent] = [one for one in mail.outbox if one.attachments]
    [(name, content, kind)] = sent.attachments
    assert (name, kind, sent.to) == (f"{invoice['number']}.pdf", "application/pdf", ["ada@example.com"])
    on_paper = PdfReader(BytesIO(content)).pages[0].extract_text()
    assert invoice["number"] in on_paper
    assert "22.06" in on_paper
    printed = api.get(f"{API}invoices/{invoice['number']}/pdf/")
    assert b"".join(printed) == content
    assert standing(api, number) == ("fulfilled", "unpaid", "shipped", "invoiced", "0.00", "22.06")

    money = {"method": "bank_transfer", "amount": "22.06", "currency": "EUR", "reference": "statement 17"}
    payment = done(api, f"{ORDERS}{number}/payments/", money, code=201)
    assert (payment["status"], payment["captured"]) == ("captured", "22.06")
    assert standing(api, number) == ("fulfilled", "paid", "shipped", "invoiced", "22.06", "0.00")

    arrive(api, parcel)
    run_debts()
    assert standing(api, number) == ("completed", "paid", "delivered", "invoiced", "22.06", "0.00")
    assert read(api, f"{API}invoices/{invoice['number']}/")["open_amount"] == "0.00"
    assert mails() == {"order_confirmed": 1, "shipped": 1, "invoice": 1, "delivered": 1}
    order = Order.objects.get()
    assert set(facts(order).values()) == {1}
    told = {"order_placed", "order_confirmed", "goods_shipped", "goods_delivered", "order_completed"}
    assert told <= set(facts(order))
    steps = EventRecord.objects.filter(thread=order.history_thread(), subject_type="orders.order")
    assert list(steps.order_by("pk").values_list("source", "transition", "target")) == [
        ("draft", "place", "placed"), ("placed", "verify", "verified"), ("verified", "confirm", "confirmed"),
        ("confirmed", "release", "fulfilling"), ("fulfilling", "fulfill", "fulfilled"),
        ("fulfilled", "complete", "completed"),
    ]  # fmt: skip
    assert run_debts() == 0
    assert_all_is_true()


def test_flow_a_money_that_is_held_is_taken_with_the_invoice(seller, api, run_debts):
    number = post(api, key="k").json()["number"]
    run_debts()
    assert standing(api, number) == ("verified", "unpaid", "unfulfilled", "not_invoiced", "0.00", "22.06")
    assert mails() == {"order_received": 1}

    money = {"method": "card", "amount": "22.06", "reference": "ch_1", "status": "authorized"}
    assert done(api, f"{ORDERS}{number}/payments/", money, code=201)["status"] == "authorized"
    assert standing(api, number) == ("confirmed", "authorized", "unfulfilled", "not_invoiced", "0.00", "22.06")
    run_debts()
    parcel = walk_to_the_carrier(api, number)
    run_debts()

    assert standing(api, number) == ("fulfilled", "paid", "shipped", "invoiced", "22.06", "0.00")
    assert (Invoice.objects.get().open_amount, Payment.objects.get().captured) == (0, D("22.06"))
    arrive(api, parcel)
    run_debts()
    assert standing(api, number)[0] == "completed"
    assert mails() == dict.fromkeys(("order_received", "order_confirmed", "shipped", "invoice", "delivered"), 1)
    assert_all_is_true()


def test_flow_b_a_return_until_the_money_is_back(seller, api, run_debts):
    number = post(api, payment_terms="net14", key="k").json()["number"]
    run_debts()
    parcel = walk_to_the_carrier(api, number)
    arrive(api, parcel)
    run_debts()
    money = {"method": "bank_transfer", "amount": "22.06", "reference": "statement 17"}
    done(api, f"{ORDERS}{number}/payments/", money, code=201)
    run_debts()
    assert standing(api, number)[0] == "completed"
    before = mails()

    wish = {"order": number, "lines": [{"sku": "MUG-RED", "quantity": 1}], "reason": "Too red"}
    found = done(api, f"{API}returns/", wish, code=201)
    # Within fourteen days it is a withdrawal, which nobody may decline.
    assert (found["status"], found["is_withdrawal"]) == ("requested", True)
    assert found["allowed_actions"] == ["authorize", "cancel"]
    path = f"{API}returns/{found['number']}/"
    # What is on its way back cannot be claimed a second time: one of two mugs is left.
    again = post(api, f"{API}returns/", {**wish, "lines": [{"sku": "MUG-RED", "quantity": 2}]})
    assert again.status_code == 409

    assert done(api, f"{path}authorize/")["status"] == "authorized"
    assert done(api, f"{path}receive/", {"warehouse": "HAM"})["status"] == "received"
    assert stock_of(seller.mug).on_hand == 98
    look = {"lines": [{"sku": "MUG-RED", "disposition": "restock"}]}
    assert done(api, f"{path}inspect/", look)["status"] == "inspected"
    assert done(api, f"{path}resolve/")["status"] == "resolved"
    assert (stock_of(seller.mug).on_hand, stock_of(seller.mug).reserved) == (99, 0)

    run_debts()
    closed = read(api, path)
    assert (closed["status"], closed["refund_total"], closed["currency"]) == ("closed", "5.95", "EUR")
    [note] = read(api, f"{API}credit-notes/?order={number}")["results"]
    names = ("net_total", "tax_total", "total", "reference", "invoice")
    assert [note[name] for name in names] == ["5.00", "0.95", "5.95", found["number"], Invoice.objects.get().number]
    [refund] = read(api, f"{API}refunds/?order={number}")["results"]
    names = ("status", "amount", "reference", "credit_note")
    assert [refund[name] for name in names] == ["succeeded", "5.95", found["number"], note["number"]]
    order = read(api, f"{ORDERS}{number}/")
    names = ("status", "payment_status", "return_status", "paid_total", "refunded_total", "balance_due")
    assert [order[name] for name in names] == [
        "completed", "partially_refunded", "partially_returned", "22.06", "5.95", "0.00",
    ]  # fmt: skip
    lines = OrderLine.objects.order_by("position").values_list("sku", "delivered", "returned", "return_authorized")
    assert list(lines) == [("MUG-RED", 2, 1, 1), ("TEA-1", 1, 0, 0)]
    told = ("return_requested", "return_authorized", "return_received", "refunded")
    assert mails() - before == dict.fromkeys(told, 1)
    [last] = [one for one in mail.outbox if note["number"] in str(one.attachments)]
    assert last.attachments[0][2] == "application/pdf"
    assert (CreditNote.objects.count(), Refund.objects.count(), Invoice.objects.count()) == (1, 1, 1)
    assert run_debts() == 0
    assert_all_is_true()
