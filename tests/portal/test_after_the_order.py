"""What a customer does with an order: follow it, read its invoice, cancel it, give something back."""

import pytest

from billing import services as billing
from billing.models import Invoice
from core.actors import SYSTEM, Actor
from core.selectors import timeline
from orders import services as orders
from orders.inputs import Party
from orders.models import Order
from returns.models import ReturnPolicy, ReturnRequest
from tests.factories.returns import pay
from tests.portal.visitors import faults_of, text_of
from tests.scenarios import confirmed_order, delivered_order, placed_order, run_debts, shipped_order


@pytest.fixture
def arrived(signed_in):
    """Return an order of Ada's that was delivered, invoiced and paid."""
    order = delivered_order()
    run_debts()
    pay(order)
    return Order.objects.get(pk=order.pk)


def test_the_page_of_an_order_costs_a_fixed_number_of_statements(signed_in, arrived, django_assert_num_queries):
    # One of them: what of the money that came in is store credit.
    with django_assert_num_queries(18):
        page = text_of(signed_in.get(f"/orders/{arrived.number}/"))

    assert "€22.06" in page
    assert Invoice.objects.get().number in page


def test_a_customer_cancels_before_anything_was_sent(signed_in):
    order = placed_order()
    assert "you do not have to pay anything." in text_of(signed_in.get(f"/orders/{order.number}/cancel/"))
    assert Order.objects.get().status == "verified"

    answer = signed_in.post(f"/orders/{order.number}/cancel/", {"reason": "Ordered twice"}, follow=True)

    assert f"Order {order.number} is cancelled." in text_of(answer)
    assert Order.objects.get().status == "cancelled"
    notes = [entry.note for entry in timeline(order.history_thread()) if entry.transition == "cancel"]
    assert notes == ["Ordered twice"]


def test_a_guest_cancels_the_order_he_opened(client):
    order = placed_order()
    client.post("/look-up/", {"number": order.number, "email": "ada@example.com"})

    client.post(f"/orders/{order.number}/cancel/", {"reason": ""})

    assert Order.objects.get().status == "cancelled"


def test_an_order_on_its_way_is_not_cancelled_and_the_page_says_why(signed_in):
    order = shipped_order()

    assert "it is on its way" in text_of(signed_in.get(f"/orders/{order.number}/cancel/"))
    answer = signed_in.post(f"/orders/{order.number}/cancel/", {"reason": ""})

    assert answer.status_code == 409
    assert "it is on its way" in text_of(answer)
    assert Order.objects.get().status == order.status


def test_cancelling_twice_is_refused_in_words(signed_in):
    order = placed_order()
    signed_in.post(f"/orders/{order.number}/cancel/", {"reason": ""})

    assert signed_in.post(f"/orders/{order.number}/cancel/", {"reason": ""}).status_code == 409


def test_a_return_is_requested_within_what_was_delivered(signed_in, arrived):
    mug = arrived.lines.get(sku="MUG-RED")
    page = signed_in.get(f"/orders/{arrived.number}/return/")
    assert [(row["line"].sku, row["most"]) for row in page.context["rows"]] == [("MUG-RED", 2), ("TEA-1", 1)]

    typed = {f"line_{mug.pk}": "1", "reason": "changed_mind", "note": "Too red"}
    answer = signed_in.post(f"/orders/{arrived.number}/return/", typed, follow=True)

    wanted = ReturnRequest.objects.get()
    assert f"Your return {wanted.number} is registered." in text_of(answer)
    assert [(line.order_line_id, line.quantity) for line in wanted.lines.all()] == [(mug.pk, 1)]
    assert wanted.status == "requested"
    rows = signed_in.get(f"/orders/{arrived.number}/return/").context["rows"]
    assert [row["most"] for row in rows] == [1, 1]


def test_a_customer_chooses_store_credit_only_where_it_is_offered_and_money_is_what_is_proposed(signed_in, arrived):
    mug, url = arrived.lines.get(sku="MUG-RED"), f"/orders/{arrived.number}/return/"
    typed = {f"line_{mug.pk}": "1", "reason": "changed_mind"}
    assert "store credit" not in text_of(signed_in.get(url)).lower()
    # Sent all the same, it is not taken up.
    signed_in.post(url, {**typed, "refund_as": "credit"})
    assert ReturnRequest.objects.get().refund_as == ""
    ReturnPolicy.objects.create(offers_credit=True)

    page = signed_in.get(url)
    assert page.context["form"]["refund_as"].value() == "money"
    assert "nobody has to take store credit" in text_of(page)
    assert "a link that we mail there" not in text_of(page)
    odd = signed_in.post(url, {**typed, "refund_as": "gold"})
    assert (odd.status_code, list(faults_of(odd))) == (400, ["refund_as"])
    answer = signed_in.post(url, {**typed, "refund_as": "credit"}, follow=True)
    assert ReturnRequest.objects.latest("pk").refund_as == "credit"
    assert "You get store credit for it." in text_of(answer)


def test_a_guest_chooses_too_and_reads_whose_credit_it_is(client, arrived):
    client.logout()
    ReturnPolicy.objects.create(offers_credit=True)
    client.post("/look-up/", {"number": arrived.number, "email": arrived.email})
    mug, url = arrived.lines.get(sku="MUG-RED"), f"/orders/{arrived.number}/return/"
    assert f"It is kept for {arrived.email}: to spend it" in text_of(client.get(url))

    answer = client.post(url, {f"line_{mug.pk}": "1", "reason": "damaged"}, follow=True)
    assert ReturnRequest.objects.get().refund_as == "money", "who says nothing gets the money"
    assert "Your money goes back the way you paid." in text_of(answer)


@pytest.mark.parametrize("units", ["3", "-1", "x", "1.5"])
def test_units_out_of_bounds_are_named_beside_their_line(signed_in, arrived, units):
    mug = arrived.lines.get(sku="MUG-RED")

    answer = signed_in.post(f"/orders/{arrived.number}/return/", {f"line_{mug.pk}": units, "reason": "damaged"})

    assert answer.status_code == 400
    assert list(faults_of(answer)) == [f"line_{mug.pk}"]
    assert ReturnRequest.objects.count() == 0


def test_a_return_of_nothing_and_without_a_reason_is_explained(signed_in, arrived):
    mug = arrived.lines.get(sku="MUG-RED")
    url = f"/orders/{arrived.number}/return/"

    assert "Say how many pieces you want to return." in text_of(signed_in.post(url, {"reason": "damaged"}))
    assert faults_of(signed_in.post(url, {f"line_{mug.pk}": "1"})) == {"reason": ["This field is required."]}


def test_nothing_is_returned_before_it_was_sent(signed_in):
    order = confirmed_order()

    answer = signed_in.get(f"/orders/{order.number}/return/", follow=True)

    assert "Nothing of this order can be returned at the moment." in text_of(answer)


def test_the_invoice_comes_as_a_pdf(signed_in, arrived):
    number = Invoice.objects.get().number

    answer = signed_in.get(f"/orders/{arrived.number}/documents/{number}/")

    assert answer.headers["Content-Type"] == "application/pdf"
    assert number in answer.headers["Content-Disposition"]
    assert answer.content.startswith(b"%PDF-")

    for_machines = signed_in.get(f"/orders/{arrived.number}/documents/{number}/xml/")
    assert for_machines.headers["Content-Disposition"] == f'attachment; filename="{number}.xml"'
    assert f"<ram:ID>{number}</ram:ID>".encode() in for_machines.content
    assert f"/documents/{number}/xml/" in signed_in.get(f"/orders/{arrived.number}/").content.decode()


def test_each_paper_says_which_other_one_it_belongs_to(signed_in, arrived, django_assert_num_queries):
    page = f"/orders/{arrived.number}/"
    old = Invoice.objects.get()
    billing.rewrite_invoice(old.pk, party=Party(customer_name="Ada King"), reason="Wrong name", actor=SYSTEM)

    with django_assert_num_queries(18):
        shown = text_of(signed_in.get(page))

    assert "Invoice INV-000001 €22.06 · replaced by INV-000002 XML" in shown
    assert "Invoice INV-000002 €22.06 · in place of INV-000001 XML" in shown
    assert "Credit note CN-000001 €22.06 · for INV-000001 XML" in shown

    new = Invoice.objects.latest("pk")
    note = billing.credit_invoice(new.pk, reference="NEVER", reason="Never ordered", actor=SYSTEM)
    billing.issue_credit_note(note.pk, actor=SYSTEM)
    shown = text_of(signed_in.get(page))
    assert "Invoice INV-000002 €22.06 · cancelled XML" in shown
    assert "Credit note CN-000002 €22.06 · for INV-000002 XML" in shown


def test_the_page_follows_the_parcel(signed_in):
    order = shipped_order()
    parcel = order.shipments.get()

    page = text_of(signed_in.get(f"/orders/{order.number}/"))

    assert parcel.tracking_number in page
    assert "On its way" in page


def test_a_held_order_is_called_on_hold(signed_in):
    order = confirmed_order()
    orders.place_hold(order.pk, kind="manual", reason="Ask first", blocks=["release"], actor=SYSTEM)

    assert "On hold" in text_of(signed_in.get("/orders/"))


def test_the_page_shows_what_was_written_to_the_customer_and_nothing_else(signed_in):
    order = placed_order()
    assert b'id="messages"' not in signed_in.get(f"/orders/{order.number}/").content
    orders.add_comment(order.pk, "Difficult on the phone", actor=SYSTEM)
    orders.add_comment(order.pk, "The <red> one is sold out", public=True, actor=Actor("staff", "maya"))

    page = signed_in.get(f"/orders/{order.number}/").content.decode()

    assert "The &lt;red&gt; one is sold out" in page
    assert "Difficult" not in page
    assert "maya" not in page.lower()
