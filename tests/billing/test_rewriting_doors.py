"""An invoice is written again through the API, and in the back office from its page or that of its credit note."""

import re
import uuid
from functools import partial

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from billing import services as billing
from billing.errors import AlreadyReplaced
from billing.models import CreditNote, Invoice
from core.actors import SYSTEM
from orders.inputs import Party
from tests.billing.rewritings import WORKS
from tests.billing.test_api import post, problem
from tests.factories.billing import again, place, ship

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
SAID = {"reason": "Wrong company", "billing_address": {**WORKS.as_dict()}}


@pytest.fixture
def invoiced(run_debts):
    order = place()
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    run_debts()
    return order


class TestThroughTheApi:
    def test_it_answers_with_the_new_invoice_and_both_name_each_other(self, api, invoiced):
        key = str(uuid.uuid4())
        first = post(api, "/invoices/INV-000001/replace/", SAID, key=key)
        body = first.json()
        assert (first.status_code, body["number"], body["replaces"], body["replaced_by"]) == (
            201,
            "INV-000002",
            "INV-000001",
            None,
        )
        assert (body["total"], body["buyer"]["address"]["company"]) == ("22.06", "Engine Works Ltd")
        assert api.get("/api/v1/invoices/INV-000001/").json()["replaced_by"] == "INV-000002"
        listed = api.get("/api/v1/invoices/").json()["results"]
        assert [(one["number"], one["replaces"]) for one in listed] == [
            ("INV-000002", "INV-000001"),
            ("INV-000001", None),
        ]
        # Sent again under its key it is the same answer, under another one it is refused.
        assert post(api, "/invoices/INV-000001/replace/", SAID, key=key).json() == body
        refused = post(api, "/invoices/INV-000001/replace/", SAID)
        assert problem(refused)[:2] == (409, "already_replaced")
        assert refused.json()["replaced_by"] == "INV-000002"
        assert Invoice.objects.count() == 2

    def test_a_name_that_was_one_is_corrected_on_the_paper_as_well(self, api, invoiced):
        """Whoever says the name alone means the one that is printed, which an address has for itself."""
        post(api, "/invoices/INV-000001/replace/", {"customer_name": "Ada King", "reason": "Married"})
        order = again(invoiced)
        assert (order.customer_name, order.bill_to.name, order.bill_to.line1) == ("Ada King", "Ada King", "1 Main St")
        assert Invoice.objects.get(number="INV-000002").buyer["address"]["name"] == "Ada King"

        # Two names stay two.
        post(api, "/invoices/INV-000002/replace/", {"billing_address": {**WORKS.as_dict()}, "reason": "Firm"})
        post(api, "/invoices/INV-000003/replace/", {"customer_name": "Grace Hopper", "reason": "Buyer"})
        order = again(invoiced)
        assert (order.customer_name, order.bill_to.name) == ("Grace Hopper", "Ada Byron")
        assert Invoice.objects.get(number="INV-000004").buyer["address"] == WORKS.as_dict()

    def test_faults_stand_beside_their_fields(self, api, invoiced):
        for wrong, expected in (
            ({"reason": ""}, (400, "invalid", ["/reason"])),
            ({"language": "tlh"}, (400, "invalid", ["/language"])),
            ({"phone": "1"}, (400, "invalid", ["/phone"])),
            ({"billing_address": {"line1": "1 Main St", "country": "DE"}}, (400, "invalid", None)),
            ({"vat_id": "DE1"}, (400, "invalid", ["/vat_id"])),
            ({"billing_address": {**WORKS.as_dict(), "country": "XX"}}, (400, "invalid", None)),
        ):
            found = problem(post(api, "/invoices/INV-000001/replace/", {**SAID, **wrong}))
            assert found[:2] == expected[:2], wrong
            assert expected[2] is None or found[2] == expected[2]
            assert all(pointer.startswith(f"/{next(iter(wrong))}") for pointer in found[2])
        keyless = api.post("/api/v1/invoices/INV-000001/replace/", SAID, format="json")
        assert problem(keyless)[1] == "idempotency_key_required"
        assert not CreditNote.objects.exists()

    def test_it_takes_the_scope_that_moves_money(self, make_api, invoiced):
        assert post(make_api("invoices:read"), "/invoices/INV-000001/replace/", SAID).status_code == 403
        assert post(make_api("payments:write"), "/invoices/INV-000001/replace/", SAID).status_code == 201


class TestInTheBackOffice:
    def form(self, page):
        """Return what a form proposes, as a browser would send it."""
        found = dict(re.findall(r'<input type="(?:text|hidden)" name="(\w+)"(?: value="([^"]*)")?', page))
        for name, options in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', page, re.DOTALL):
            chosen = re.search(r'<option value="([^"]*)" selected', options)
            found[name] = chosen.group(1) if chosen else ""
        return {name: value for name, value in found.items() if name != "csrfmiddlewaretoken"}

    def test_the_page_says_what_will_happen_and_sent_twice_it_happens_once(self, staff, invoiced, run_debts):
        invoice = Invoice.objects.get()
        address = reverse("admin:billing_invoice_do", args=[invoice.pk, "rewrite"])
        assert address in staff.get(reverse("admin:billing_invoice_change", args=[invoice.pk])).content.decode()
        page = staff.get(address).content.decode()
        for said in ("the €22.06 that are left of INV-000001", "ada@example.com gets both papers in one mail"):
            assert said in page
        form = self.form(page)
        assert (form["name"], form["line1"], form["country"], form["language"]) == (
            "Ada Byron",
            "1 Main St",
            "DE",
            "en",
        )
        assert "customer_name" not in form

        wrong = {**form, "city": "", "vat_id": "DE1", "reason": "Wrong company", "company": "Engine Works Ltd"}
        again_ = staff.post(address, wrong).content.decode()
        assert again_.count("errorlist") == 1
        assert 'value="Engine Works Ltd"' in again_
        again_ = staff.post(address, {**wrong, "city": "Berlin"}).content.decode()
        assert "This cannot be a VAT id" in again_
        assert not CreditNote.objects.exists()

        right = {**form, "company": "Engine Works Ltd", "name": "Ada King", "reason": "Wrong company"}
        assert staff.post(address, right).status_code == 302
        new = Invoice.objects.get(replaces=invoice)
        assert (new.buyer["name"], new.buyer["address"]["company"]) == ("Ada King", "Engine Works Ltd")
        shown = staff.get(reverse("admin:billing_invoice_change", args=[invoice.pk])).content.decode()
        assert "written again as INV-000002" in shown
        assert address not in shown
        twice = staff.post(address, right)
        assert twice.status_code == 409
        assert Invoice.objects.count() == 2
        run_debts()

    def test_who_credited_first_writes_it_again_from_the_credit_note(self, staff, invoiced, run_debts):
        invoice = Invoice.objects.get()
        billing.credit_invoice(invoice.pk, reference="CR-1", reason="Wrong address", actor=SYSTEM)
        run_debts()
        note = CreditNote.objects.get()
        address = reverse("admin:billing_creditnote_do", args=[note.pk, "write-again"])
        shown = staff.get(reverse("admin:billing_creditnote_change", args=[note.pk])).content.decode()
        assert address in shown
        other = reverse("admin:billing_invoice_do", args=[invoice.pk, "write-again"])
        assert other in staff.get(reverse("admin:billing_invoice_change", args=[invoice.pk])).content.decode()
        form = self.form(staff.get(address).content.decode())
        answer = staff.post(address, {**form, "city": "Bonn", "reason": "Wrong address"})
        assert answer.status_code == 302
        assert Invoice.objects.get(replaces=invoice).buyer["address"]["city"] == "Bonn"
        shown = staff.get(reverse("admin:billing_creditnote_change", args=[note.pk])).content.decode()
        assert "Written again as" in shown
        assert address not in shown

    def test_a_credit_note_over_a_part_offers_nothing(self, staff, invoiced, run_debts):
        invoice = Invoice.objects.get()
        mug = invoice.lines.get(sku="MUG-RED")
        billing.credit_invoice(invoice.pk, quantities={mug.pk: 1}, reference="CR-1", actor=SYSTEM)
        run_debts()
        page = staff.get(reverse("admin:billing_creditnote_change", args=[CreditNote.objects.get().pk]))
        assert "write-again" not in page.content.decode()

    def test_who_may_only_look_is_not_offered_it(self, client, django_user_model, invoiced):
        reader = django_user_model.objects.create_user("reader", password="x", is_staff=True)
        reader.user_permissions.add(Permission.objects.get(codename="view_invoice"))
        client.force_login(reader)
        invoice = Invoice.objects.get()
        address = reverse("admin:billing_invoice_do", args=[invoice.pk, "rewrite"])
        assert address not in client.get(reverse("admin:billing_invoice_change", args=[invoice.pk])).content.decode()
        assert client.post(address, {"reason": "x"}).status_code == 403


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_two_people_write_one_again_at_once_and_one_is_told(concurrently):
    """Guard: the look at the successor in `_refuse`, behind the lock on the order.

    Without that lock the database (one live invoice per shipment) has the second begin anew, and look.
    """
    for _ in range(5):
        order = place()
        old = billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)
        outcomes = concurrently(
            *(
                partial(billing.rewrite_invoice, old.pk, party=Party(customer_name=name), reason="Wrong", actor=SYSTEM)
                for name in ("Ada King", "Ada Lovelace", "A. A. L.")
            ),
            raising=False,
        )
        lost = [one.error for one in outcomes if one.error]
        [new] = [one.value for one in outcomes if not one.error]
        assert [type(error) for error in lost] == [AlreadyReplaced] * 2
        assert {error.message for error in lost} == {
            f"{old.number} was written again as {new.number}; correct that one"
        }
        assert Invoice.objects.filter(order=order).count() == 2
        assert CreditNote.objects.filter(order=order).count() == 1
        assert again(order).customer_name == new.buyer["name"]
