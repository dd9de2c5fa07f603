"""`/invoices/`, `/credit-notes/`, `/payments/` and `/refunds/`, as the contract says."""

import uuid
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader

from billing import services as billing
from billing.models import CreditNote, Invoice, Payment, Refund
from core.actors import SYSTEM
from tests.factories.billing import again, place, ship, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


def post(api, path, body=None, *, key=None):
    """Send a body with a key of its own, as money needs one."""
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    return api.post(f"/api/v1{path}", body or {}, format="json", headers=headers)


def problem(response):
    """Return status, code and pointers of a problem."""
    body = response.json()
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, body["code"], [fault["pointer"] for fault in body.get("errors", [])]


@pytest.fixture
def invoiced(run_debts):
    order = place(purchase_order_number="PO-77")
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    run_debts()
    return order


def test_an_invoice_says_everything_that_is_printed(api, invoiced):
    body = api.get("/api/v1/invoices/INV-000001/").json()

    today = again(invoiced).invoices.get().issued_on.isoformat()
    expected = {
        "number": "INV-000001",
        "order": invoiced.number,
        "currency": "EUR",
        "net_total": "19.10",
        "tax_total": "2.96",
        "rounding": "0.00",
        "total": "22.06",
        "issued_on": today,
        "status": "issued",
        "bills": "SH-1",
        "paid_total": "0.00",
        "credited_total": "0.00",
        "open_amount": "22.06",
        "is_overdue": False,
    }
    assert {name: body[name] for name in expected} == expected
    assert body["seller"]["vat_id"] == "DE123456788"
    assert body["buyer"]["purchase_order_number"] == "PO-77"
    assert [
        (row["sku"], row["quantity"], row["unit_price"], row["tax_rate"], row["total"]) for row in body["lines"]
    ] == [
        ("MUG-RED", 2, "5.00", "0.19", "11.90"),
        ("TEA-1", 1, "4.20", "0.07", "4.50"),
        ("", 1, "3.45", "0.19", "4.11"),
        ("", 1, "1.45", "0.07", "1.55"),
    ]
    assert body["tax_breakdown"][0] == {
        "category": "S",
        "rate": "0.19",
        "net": "13.45",
        "tax": "2.56",
        "rounding": "0.00",
    }
    assert body["links"]["pdf"].endswith("/api/v1/invoices/INV-000001/pdf/")


def test_the_paper_comes_as_a_pdf_that_stays_the_same(api, invoiced):
    first = api.get("/api/v1/invoices/INV-000001/pdf/", headers={"Accept": "application/pdf"})

    assert first["Content-Type"] == "application/pdf"
    assert first["Content-Disposition"] == 'inline; filename="INV-000001.pdf"'
    assert "22.06" in PdfReader(BytesIO(first.content)).pages[0].extract_text()
    assert api.get("/api/v1/invoices/INV-000001/pdf/").content == first.content


def test_the_same_comes_as_xml(api, invoiced):
    answer = api.get("/api/v1/invoices/INV-000001/xml/", headers={"Accept": "application/xml"})

    assert answer["Content-Type"] == "application/xml"
    assert answer["Content-Disposition"] == 'attachment; filename="INV-000001.xml"'
    paper = PdfReader(BytesIO(api.get("/api/v1/invoices/INV-000001/pdf/").content))
    assert paper.attachments["factur-x.xml"] == [answer.content]
    assert problem(api.get("/api/v1/credit-notes/CN-000009/xml/"))[:2] == (404, "not_found")


def test_a_page_of_each_list_takes_two_statements_however_long(api, run_debts, django_assert_num_queries):
    for number in range(3):
        order = place(email=f"ada{number}@example.com")
        ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
        billing.record_payment(order.pk, method="cash", amount=Decimal("22.06"), reference="", actor=SYSTEM)
        run_debts()
        invoice = Invoice.objects.get(order=order)
        billing.credit_invoice(invoice.pk, reference="all", actor=SYSTEM)
        billing.refund_payment(order.payments.get().pk, actor=SYSTEM)
        run_debts()
    api.get("/api/v1/invoices/")

    for name in ("invoices", "credit-notes", "payments", "refunds"):
        with django_assert_num_queries(2):  # the key, the page
            rows = api.get(f"/api/v1/{name}/").json()["results"]
        assert len(rows) == 3


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", ["INV-000002", "INV-000001"]),
        ("status=paid", ["INV-000001"]),
        ("order=SO-", []),
        ("overdue=true", []),
        ("overdue=false&status=issued", ["INV-000002"]),
        ("issued_from=2999-01-01", []),
        ("currency=GBP", []),
    ],
)
def test_invoices_are_found(api, run_debts, query, numbers):
    for amount in ("22.06", ""):
        order = place(email=f"ada{amount}@example.com")
        ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
        run_debts()
        if amount:
            billing.record_payment(order.pk, method="cash", amount=Decimal(amount), reference="", actor=SYSTEM)

    found = api.get(f"/api/v1/invoices/?{query}").json()["results"]
    assert [invoice["number"] for invoice in found] == numbers
    by_order = api.get(f"/api/v1/invoices/?order={order.number}&customer={order.customer.number}").json()["results"]
    assert [invoice["number"] for invoice in by_order] == ["INV-000002"]


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("invoices/?colour=red", "/colour"),
        ("invoices/?status=draft", "/status"),
        ("payments/?status=gone", "/status"),
        ("refunds/?created=1", "/created"),
        ("invoices/INV-000001/?x=1", "/x"),
    ],
)
def test_what_no_list_knows_is_refused(api, path, pointer):
    status, _code, pointers = problem(api.get(f"/api/v1/{path}"))
    assert (status, pointers) == (400, [pointer])


def test_drafts_have_no_number_and_are_not_shown(api):
    billing.invoice_order(place().pk, actor=SYSTEM)

    assert api.get("/api/v1/invoices/").json()["results"] == []
    assert problem(api.get("/api/v1/invoices/None/"))[:2] == (404, "not_found")


def test_documents_of_other_channels_are_as_if_they_were_not_there(api, run_debts):
    order = place(channel="walk_in")
    ship_all(order)
    run_debts()
    invoice = Invoice.objects.get()
    assert problem(api.get(f"/api/v1/invoices/{invoice.number}/"))[:2] == (404, "not_found")
    assert problem(api.get(f"/api/v1/invoices/{invoice.number}/pdf/"))[:2] == (404, "not_found")
    assert problem(api.get(f"/api/v1/invoices/{invoice.number}/xml/"))[:2] == (404, "not_found")
    billing.credit_invoice(invoice.pk, reference="x", actor=SYSTEM)
    run_debts()
    assert problem(api.get("/api/v1/credit-notes/CN-000001/"))[:2] == (404, "not_found")
    assert problem(api.get("/api/v1/credit-notes/CN-000001/pdf/"))[:2] == (404, "not_found")
    payment = billing.record_payment(order.pk, method="cash", amount=Decimal(1), reference="", actor=SYSTEM)
    assert problem(api.get(f"/api/v1/payments/{payment.code}/"))[:2] == (404, "not_found")
    assert problem(post(api, f"/payments/{payment.code}/refund/"))[:2] == (404, "not_found")
    assert problem(post(api, f"/orders/{order.number}/payments/", {"method": "cash", "amount": "1"}))[0] == 404
    assert problem(api.get(f"/api/v1/orders/{order.number}/payments/"))[0] == 404
    assert problem(post(api, f"/invoices/{invoice.number}/credit/", {"reason": "x"}))[0] == 404
    assert api.get("/api/v1/invoices/").json()["results"] == []
    assert api.get("/api/v1/payments/").json()["results"] == []


@pytest.mark.parametrize(
    ("scopes", "method", "path", "status"),
    [
        (["orders:read"], "get", "/invoices/", 403),
        (["invoices:read"], "get", "/invoices/", 200),
        (["invoices:read"], "get", "/payments/", 403),
        (["payments:read"], "get", "/refunds/", 200),
        (["payments:read"], "get", "/credit-notes/", 403),
        (["payments:read", "invoices:read"], "post", "/payments/x/refund/", 403),
        (["invoices:read"], "post", "/invoices/INV-000001/credit/", 403),
    ],
)
def test_each_door_needs_its_scope(make_api, scopes, method, path, status):
    client = make_api(*scopes)
    response = client.get(f"/api/v1{path}") if method == "get" else post(client, path)

    assert response.status_code == status


@pytest.mark.parametrize(
    "path", ["/orders/{order}/payments/", "/payments/{payment}/capture/", "/payments/{payment}/void/",
             "/payments/{payment}/refund/", "/invoices/INV-000001/credit/"],
)  # fmt: skip
def test_where_money_moves_a_key_is_needed(api, invoiced, path):
    payment = billing.authorize_payment(invoiced.pk, method="card", amount=Decimal(1), reference="", actor=SYSTEM)
    address = path.format(order=invoiced.number, payment=payment.code)

    assert problem(api.post(f"/api/v1{address}", {}, format="json"))[:2] == (400, "idempotency_key_required")


def test_money_that_is_held_is_taken_in_parts_and_let_go(api):
    order = place(terms="prepaid")
    body = {"method": "card", "amount": "22.06", "currency": "EUR", "reference": "ch_1", "status": "authorized"}
    held = post(api, f"/orders/{order.number}/payments/", body)
    assert (held.status_code, held.json()["status"], held.json()["held"]) == (201, "authorized", "22.06")
    assert api.get(f"/api/v1/orders/{order.number}/").json()["status"] == "confirmed"

    code = held.json()["id"]
    taken = post(api, f"/payments/{code}/capture/", {"amount": "2.06"}).json()
    assert (taken["status"], taken["captured"], taken["held"]) == ("partially_captured", "2.06", "20.00")
    refused = post(api, f"/payments/{code}/capture/", {"amount": "20.01"})
    assert problem(refused)[:2] == (409, "capture_exceeds_authorization")
    assert refused.json()["held"] == "20.00"
    freed = post(api, f"/payments/{code}/void/", {"reason": "rest not needed"}).json()
    assert (freed["status"], freed["held"]) == ("captured", "0.00")
    assert problem(post(api, f"/payments/{code}/void/"))[:2] == (409, "transition_refused")
    rows = api.get(f"/api/v1/orders/{order.number}/payments/").json()["results"]
    assert [row["id"] for row in rows] == [code]


def test_the_same_payment_sent_twice_is_written_down_once(api):
    order = place(terms="prepaid")
    body = {"method": "bank_transfer", "amount": "22.06", "reference": "2026-11-23"}
    path = f"/orders/{order.number}/payments/"
    first, second = (post(api, path, body, key="pay-1") for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert second["Idempotent-Replayed"] == "true"
    assert first.content == second.content
    assert problem(post(api, path, {**body, "amount": "1.00"}, key="pay-1"))[:2] == (422, "idempotency_key_reused")
    assert Payment.objects.get().captured == Decimal("22.06")


def test_a_payment_sent_again_under_its_reference_is_the_same_or_refused(api):
    order = place(terms="prepaid")
    body = {"method": "bank_transfer", "amount": "20.00", "reference": "BANK-1"}
    path = f"/orders/{order.number}/payments/"
    first = post(api, path, body)

    assert post(api, path, body).json()["id"] == first.json()["id"]
    refused = post(api, path, {**body, "amount": "2.06"})
    assert problem(refused) == (409, "reference_taken", [])
    assert refused.json()["detail"] == (
        "Under BANK-1, 20.00 EUR came in already; another payment needs a reference of its own"
    )
    assert Payment.objects.get().captured == Decimal("20.00")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"method": "cash", "amount": "0"}, ["/amount"]),
        ({"method": "cash", "amount": "-3"}, ["/amount"]),
        ({"method": "cash", "amount": "1.001"}, ["/amount"]),
        ({"method": "cash", "amount": "many"}, ["/amount"]),
        ({"method": "Cash!", "amount": "1"}, ["/method"]),
        ({"method": "cash", "amount": "1", "currency": "GBP"}, ["/currency"]),
        ({"method": "cash", "amount": "1", "status": "refunded"}, ["/status"]),
        ({"method": "cash", "amount": "1", "colour": "red"}, ["/colour"]),
        ({}, ["/method", "/amount"]),
    ],
)
def test_payments_that_cannot_be_are_refused_by_name(api, body, pointers):
    order = place()
    status, _code, found = problem(post(api, f"/orders/{order.number}/payments/", body))

    assert (status, sorted(found)) == (400, sorted(pointers))
    assert not Payment.objects.exists()


def test_a_refund_is_promised_at_once_and_settled_by_a_debt(api, run_debts):
    order = place()
    payment = billing.record_payment(order.pk, method="cash", amount=Decimal("22.06"), reference="", actor=SYSTEM)
    body = {"amount": "5.00", "reason": "late", "reference": "CASE-7"}
    promised = post(api, f"/payments/{payment.code}/refund/", body)
    assert (promised.status_code, promised.json()["status"], promised.json()["amount"]) == (201, "approved", "5.00")
    assert post(api, f"/payments/{payment.code}/refund/", body).json()["id"] == promised.json()["id"]

    other = post(api, f"/payments/{payment.code}/refund/", {**body, "amount": "6.00"})
    assert problem(other) == (409, "reference_taken", [])
    assert other.json()["detail"] == (
        "CASE-7 stands for a refund of 5.00 EUR already; another one needs a reference of its own"
    )
    assert (other.json()["refund"], other.json()["amount"]) == (promised.json()["id"], "5.00")

    run_debts()
    settled = api.get(f"/api/v1/refunds/{promised.json()['id']}/").json()
    assert (settled["status"], settled["payment"]) == ("succeeded", payment.code)
    assert api.get(f"/api/v1/payments/{payment.code}/").json()["refunded"] == "5.00"
    too_much = post(api, f"/payments/{payment.code}/refund/", {"amount": "17.07"})
    assert problem(too_much)[:2] == (409, "refund_exceeds_captured")
    assert too_much.json()["refundable"] == "17.06"
    assert Refund.objects.count() == 1


def test_rows_of_an_invoice_are_credited(api, invoiced, run_debts):
    mug = api.get("/api/v1/invoices/INV-000001/").json()["lines"][0]
    body = {"lines": [{"id": mug["id"], "quantity": 1}], "reason": "broken", "reference": "CASE-1"}
    drafted = post(api, "/invoices/INV-000001/credit/", body)
    assert drafted.status_code == 201
    assert (drafted.json()["number"], drafted.json()["total"], drafted.json()["invoice"]) == (
        None,
        "5.95",
        "INV-000001",
    )

    assert post(api, "/invoices/INV-000001/credit/", body).json()["total"] == "5.95"
    for lines in ([{"id": mug["id"], "quantity": 2}], None):
        changed = {**body, "lines": lines} if lines else {"reason": "broken", "reference": "CASE-1"}
        refused = post(api, "/invoices/INV-000001/credit/", changed)
        assert problem(refused) == (409, "reference_taken", [])
    assert CreditNote.objects.count() == 1

    run_debts()
    note = api.get("/api/v1/credit-notes/?reference=CASE-1").json()["results"][0]
    assert (note["number"], note["status"], note["reason"]) == ("CN-000001", "applied", "broken")
    detail = api.get("/api/v1/credit-notes/CN-000001/").json()
    assert [(row["sku"], row["quantity"], row["total"]) for row in detail["lines"]] == [("MUG-RED", 1, "5.95")]
    paper = api.get("/api/v1/credit-notes/CN-000001/pdf/")
    assert paper.content.startswith(b"%PDF-")
    assert api.get("/api/v1/invoices/INV-000001/").json()["open_amount"] == "16.11"


def test_without_rows_the_whole_invoice_is_taken_back(api, invoiced, run_debts):
    post(api, "/invoices/INV-000001/credit/", {"reason": "wrong customer"})
    run_debts()

    assert api.get("/api/v1/invoices/INV-000001/").json()["status"] == "cancelled"
    again_ = post(api, "/invoices/INV-000001/credit/", {"reason": "wrong customer"})
    assert problem(again_)[:2] == (409, "credit_exceeds_invoice")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reason": "x", "lines": []}, "/lines"),
        ({"reason": "x", "lines": [{"id": "999999", "quantity": 1}]}, "/lines/0/id"),
        ({"reason": "x", "lines": [{"id": "1", "quantity": 0}]}, "/lines/0/quantity"),
        ({"reason": "x", "lines": [{"id": "1", "quantity": 1.5}]}, "/lines/0/quantity"),
        ({"lines": [{"id": "1", "quantity": 1}]}, "/reason"),
    ],
)
def test_credits_that_cannot_be_are_refused_by_name(api, invoiced, body, pointer):
    status, _code, pointers = problem(post(api, "/invoices/INV-000001/credit/", body))

    assert (status, pointers) == (400, [pointer])
    assert not CreditNote.objects.exists()


def test_the_feed_names_documents_and_payments_in_public_words(api, invoiced, run_debts):
    from core.outbox import sequence_events

    billing.record_payment(invoiced.pk, method="cash", amount=Decimal("22.06"), reference="", actor=SYSTEM)
    sequence_events()
    feed = {one["type"]: one["data"] for one in api.get("/api/v1/events/").json()["results"]}

    assert feed["billing.invoice_issued"] == {
        "number": invoiced.number,
        "invoice": "INV-000001",
        "quiet": False,
        "settled": False,
    }
    assert feed["billing.payment_recorded"] == {
        "number": invoiced.number,
        "payment": Payment.objects.get().code,
        "quiet": False,
        "amount": "22.06",
        "currency": "EUR",
    }
