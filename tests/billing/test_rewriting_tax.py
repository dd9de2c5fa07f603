"""Who is billed may be corrected as far as nothing is taxed otherwise, and faults are told beside their fields."""

import pytest

from billing import services as billing
from billing.models import CreditNote, Invoice
from core.actors import SYSTEM
from customers import services as customers
from customers.addresses import PostalAddress
from orders import services as orders
from orders.errors import InvalidOrder, TaxedOtherwise
from orders.models import Order
from tests.billing.en16931 import breaches
from tests.billing.rewritings import WORKS, figures, rewrite, stands
from tests.factories.billing import again, place, ship

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


@pytest.fixture
def invoiced(run_debts):
    order = place()
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    run_debts()
    return order


class TestTax:
    @pytest.fixture
    def durand(self, run_debts):
        """A business in France, to which goods went without tax on its VAT id."""
        given = {"name": "Amélie", "company": "Durand", "email": "d@durand.example", "vat_id": "FR40303265045"}
        known = customers.create_customer(customers.CustomerInput(**given), actor=SYSTEM)
        there = PostalAddress(company="Durand", line1="1 rue du Port", city="Lyon", postal_code="69002", country="FR")
        order = place(customer_id=known.pk, shipping_address=there, customer_name="Amélie")
        ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
        run_debts()
        return order

    def test_the_vat_id_it_rests_on_may_be_corrected_and_not_taken_away(self, durand, run_debts):
        old, before = Invoice.objects.get(), figures(durand)
        assert {part["category"] for part in old.tax_breakdown} == {"K"}
        for vat_id in ("", "DE136695976", "US123"):
            with pytest.raises(TaxedOtherwise, match="taxed otherwise") as refusal:
                rewrite(old, vat_id=vat_id)
            assert refusal.value.errors[0]["pointer"] == "/vat_id"
        with pytest.raises(InvalidOrder):
            rewrite(old, vat_id="FR00000000000")
        assert (figures(durand), CreditNote.objects.count()) == (before, 0)

        new = rewrite(old, vat_id="fr 83 404 833 048")
        assert (new.buyer["vat_id"], new.tax_breakdown) == ("FR83404833048", old.tax_breakdown)
        assert breaches(billing.invoice_xml(new.pk)[1]) == []
        told = [one for one in again(durand).explanation if one["about"] == "tax"]
        assert [(one["vat_id"], one["buyer"]["vat_id"]) for one in told] == [("FR83404833048",) * 2]
        assert figures(durand) == before

    def test_one_that_would_take_the_tax_off_is_refused_with_the_way_out(self, run_debts):
        there = PostalAddress(name="Luc", line1="1 rue du Port", city="Lyon", postal_code="69002", country="FR")
        order = place(shipping_address=there, customer_name="Luc", email="luc@example.com")
        ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
        run_debts()
        old = Invoice.objects.get()
        with pytest.raises(TaxedOtherwise, match="Credit the invoice in full and place the order anew"):
            rewrite(old, vat_id="FR83404833048")
        assert stands(old)[0] == "issued"
        # Where the bill goes decides nothing: the goods went to Lyon.
        assert rewrite(old, billing_address=WORKS).tax_breakdown == old.tax_breakdown

    def test_one_that_changes_no_tax_is_named_and_taken_off(self, invoiced, run_debts):
        new = rewrite(Invoice.objects.get(), vat_id="DE136695976")
        assert (new.buyer["vat_id"], orders.party_of(again(invoiced)).vat_id) == ("DE136695976",) * 2
        customers.update_customer(again(invoiced).customer_id, {"vat_id": "DE123456788"}, actor=SYSTEM)
        newest = rewrite(new, vat_id="")
        assert (newest.buyer["vat_id"], orders.party_of(again(invoiced)).vat_id) == ("", "")

    def test_an_order_that_goes_nowhere_is_taxed_where_it_is_billed(self, run_debts):
        order = place(billing_address=WORKS)
        Order.objects.filter(pk=order.pk).update(shipping_address={})
        invoice = billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)
        abroad = PostalAddress(name="Ada", line1="1 Rue", city="Genève", postal_code="1200", country="CH")
        with pytest.raises(TaxedOtherwise) as refusal:
            rewrite(invoice, billing_address=abroad)
        assert refusal.value.errors[0]["pointer"] == "/billing_address/country"


def test_faults_are_told_beside_their_fields(invoiced):
    nowhere = PostalAddress(name="Ada", country="XX")
    with pytest.raises(InvalidOrder) as refusal:
        rewrite(Invoice.objects.get(), billing_address=nowhere, vat_id="DE1", language="tlh")
    assert [one["pointer"] for one in refusal.value.errors] == [
        "/billing_address/line1",
        "/billing_address/city",
        "/billing_address/country",
        "/language",
        "/vat_id",
    ]
    with pytest.raises(InvalidOrder) as refusal:
        rewrite(
            Invoice.objects.get(),
            customer_name=" ",
            billing_address=PostalAddress(line1="1 Main St", city="Bonn", country="DE"),
        )
    assert [one["pointer"] for one in refusal.value.errors] == ["/customer_name"]
    assert not CreditNote.objects.exists()
