"""Whose tax a document bears: of each rate one country, and a credit note where its invoice was booked."""

from decimal import Decimal

import pytest

from billing import services as billing
from billing.models import CreditNote, DistanceSale, Invoice, LedgerEntry
from core.actors import SYSTEM
from customers.addresses import PostalAddress
from pricing.models import TaxRate
from pricing.reference import forget
from tests.billing.test_distance_sales import AT_HOME, OSS, WIEN, bill, figures, say
from tests.factories.billing import again, place
from tests.factories.shop import make_priced_product
from tests.scenarios import run_debts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
BELFAST = PostalAddress(name="Aoife", line1="Main St 1", city="Belfast", postal_code="BT1 5GS", country="GB")


def standing():
    """Return what stands on the accounts of sales and taxes that are not even."""
    found = {}
    rows = LedgerEntry.objects.filter(account__kind__in=("revenue", "tax"))
    for detail, amount in rows.values_list("account__detail", "amount"):
        found[detail] = found.get(detail, Decimal(0)) - amount
    return {detail: amount for detail, amount in found.items() if amount}


def details():
    """Return the accounts of sales and taxes that were ever written on."""
    rows = LedgerEntry.objects.filter(account__kind__in=("revenue", "tax"))
    return sorted(set(rows.values_list("account__detail", flat=True)))


def as_written_before(invoice_id, *, country="", ship_to=None):
    """Let a draft say of its taxes what documents said before whose they are was written on them."""
    draft = Invoice.objects.get(pk=invoice_id)
    parts = [{k: v for k, v in one.items() if k not in ("country", "distance")} for one in draft.tax_breakdown]
    more = {"ship_to": {**draft.ship_to, **ship_to}} if ship_to else {}
    parts = [{**one, "country": country} for one in parts] if country else parts
    Invoice.objects.filter(pk=invoice_id).update(tax_breakdown=parts, **more)
    return billing.issue_invoice(invoice_id)


def test_a_credit_note_of_an_older_invoice_to_northern_ireland_books_where_that_did(shop):
    say(OSS)
    order = again(place({"MUG-RED": 1}, shipping_address=BELFAST))
    invoice = as_written_before(billing.invoice_order(order.pk, actor=SYSTEM).pk)
    run_debts()
    assert details() == ["GB:0.2000", "GB:S:0.2000"]

    billing.credit_invoice(invoice.pk, reference="R-1", actor=SYSTEM)
    run_debts()

    assert figures(CreditNote.objects.get()) == figures(invoice) == [("S", "0.2000", "")]
    assert (details(), standing()) == (["GB:0.2000", "GB:S:0.2000"], {})
    # That invoice was counted as no sale at a distance, so nothing is given back of one.
    assert not DistanceSale.objects.exists()


def test_a_credit_note_goes_where_its_invoice_went(shop):
    say(OSS)
    order = again(place({"MUG-RED": 1}, shipping_address=WIEN))
    draft = billing.invoice_order(order.pk, actor=SYSTEM)
    invoice = as_written_before(draft.pk, ship_to={"country": "FR"})

    billing.credit_invoice(invoice.pk, reference="R-1", actor=SYSTEM)
    run_debts()

    assert CreditNote.objects.get().ship_to == invoice.ship_to
    assert (details(), standing()) == (["FR:0.2000", "FR:S:0.2000"], {})


def test_a_sale_at_a_distance_that_was_counted_before_rates_were_marked_is_given_back_whole(shop):
    say(OSS)
    order = again(place({"MUG-RED": 1}, shipping_address=WIEN))
    invoice = as_written_before(billing.invoice_order(order.pk, actor=SYSTEM).pk)
    DistanceSale.objects.create(
        entity_id=invoice.legal_entity_id,
        invoice=invoice,
        billed_on=invoice.issued_on,
        currency="EUR",
        net=invoice.net_total,
    )
    billing.credit_invoice(invoice.pk, reference="R-1", actor=SYSTEM)
    run_debts()

    assert list(DistanceSale.objects.order_by("pk").values_list("net", flat=True)) == [
        invoice.net_total, -invoice.net_total,
    ]  # fmt: skip


def test_a_service_and_a_download_of_one_order_are_booked_each_to_its_country(shop):
    make_priced_product("ADVICE", "50.00", kind="service")
    make_priced_product("E-BOOK", "20.00", kind="digital")
    say(OSS)
    invoice = bill(again(place({"ADVICE": 1, "E-BOOK": 1}, shipping_address=WIEN)))
    run_debts()

    assert {figure for figure in figures(invoice) if figure[0] == "S"} == {
        ("S", "0.1900", "DE"), ("S", "0.2000", ""),
    }  # fmt: skip
    assert [one for one in details() if "S" not in one] == ["AT:0.2000", "DE:0.1900"]
    billing.credit_invoice(invoice.pk, reference="R-1", actor=SYSTEM)
    run_debts()
    assert standing() == {}


def test_below_the_threshold_all_of_it_is_of_home(shop):
    make_priced_product("ADVICE", "50.00", kind="service")
    make_priced_product("E-BOOK", "20.00", kind="digital")
    say(AT_HOME)
    invoice = bill(again(place({"ADVICE": 1, "E-BOOK": 1}, shipping_address=WIEN)))
    assert {one for one in figures(invoice) if one[0] == "S"} == {("S", "0.1900", "DE")}


def test_a_rate_of_home_that_is_entered_there_as_well_is_owed_there(shop):
    TaxRate.objects.filter(country="AT", tax_class="reduced").delete()
    TaxRate.objects.filter(country="AT", tax_class="standard").update(rate=Decimal("0.07"))
    forget()
    invoice = bill(again(place({"MUG-RED": 1, "TEA-1": 1}, shipping_address=WIEN)))
    run_debts()

    assert figures(invoice) == [("S", "0.0700", "")]
    assert details() == ["AT:0.0700", "AT:S:0.0700"]
