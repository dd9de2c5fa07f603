"""Consumers in other member states: the setting of the seller, his documents, his books, and the threshold."""

import importlib
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from billing import selectors
from billing import services as billing
from billing.admin import today
from billing.models import CreditNote, DistanceSale, Invoice, LedgerEntry, LegalEntity
from billing.panels import distance
from core.actors import SYSTEM
from customers.addresses import PostalAddress
from orders import services as orders
from orders.models import Order
from orders.price_words import why_prices
from orders.wishes import LineWish, Wish
from pricing.models import DistanceSales, TaxRate, TaxRegistration
from pricing.reference import forget
from tests.factories.billing import again, place
from tests.orders.bodies import post
from tests.scenarios import run_debts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
WIEN = PostalAddress(name="Eva", line1="Ring 3", city="Wien", postal_code="1010", country="AT")
AT_HOME, OSS = "at_home", "one_stop_shop"


def say(way: str, day: date | None = None) -> LegalEntity:
    entity = LegalEntity.objects.get()
    ways = {**entity.distance_sales, str(day or timezone.localdate()): way}
    return billing.change_entity(entity.pk, {"distance_sales": ways}, actor=SYSTEM)


def bill(order: Order) -> Invoice:
    return billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)


def to_vienna(**goods: int) -> Order:
    return again(place(goods or {"MUG-RED": 1}, shipping_address=WIEN))


def booked() -> list[str]:
    rows = LedgerEntry.objects.filter(account__kind__in=("revenue", "tax")).values_list("account__detail", flat=True)
    return sorted(set(rows))


def edit(order: Order, units: int) -> Order:
    wish = Wish(lines=(LineWish(position=1, quantity=units),))
    orders.amend_order(order.pk, wish, expected_version=again(order).version, actor=SYSTEM)
    return again(order)


def form_of(seller: LegalEntity, **given: object) -> dict[str, object]:
    plain = {name: getattr(seller, name) for name in ("name", "vat_id", "email", "phone", "bank_name", "iban", "bic")}
    return {**plain, **seller.address, "line2": "", "is_default": "on", **given}


def distant(invoice: Invoice) -> list[Decimal]:
    return list(DistanceSale.objects.filter(invoice=invoice).order_by("pk").values_list("net", flat=True))


def figures(invoice: Invoice) -> list[tuple[str, str, str]]:
    return [(part["category"], part["rate"], part.get("country", "")) for part in invoice.tax_breakdown]


def test_below_the_threshold_tax_is_that_of_home_and_booked_there(shop):
    say(AT_HOME)
    order = to_vienna()
    assert "Tax: rates of Germany, sales to consumers in the EU are below the threshold" in why_prices(order).others
    invoice = bill(order)
    assert figures(invoice) == [("S", "0.1900", "DE")]
    assert distant(invoice) == [invoice.net_total]
    run_debts()
    assert booked() == ["DE:0.1900", "DE:S:0.1900"]


def test_in_the_one_stop_shop_tax_is_that_of_there_or_the_order_is_refused(shop, api):
    say(OSS)
    order = to_vienna()
    assert "Tax: rates of Austria, to a consumer there (one-stop shop)" in why_prices(order).others
    invoice = bill(order)
    assert (figures(invoice), distant(invoice)) == ([("S", "0.2000", "")], [invoice.net_total])
    run_debts()
    assert booked() == ["AT:0.2000", "AT:S:0.2000"]

    TaxRate.objects.filter(country="AT", tax_class="standard").delete()
    forget()
    refused = post(api, shipping_address=WIEN.as_dict())
    assert (refused.status_code, refused.json()["code"]) == (400, "tax_rate_missing")
    assert refused.json()["detail"] == (
        "No tax rate is known for 'standard' in AT (it is taxed there through the one-stop shop)"
    )
    assert Order.objects.count() == 1


def test_goods_for_northern_ireland_are_booked_apart_from_the_united_kingdom(shop):
    belfast = PostalAddress(name="Aoife", line1="Main St 1", city="Belfast", postal_code="BT1 5GS", country="GB")
    say(OSS)
    invoice = bill(again(place({"MUG-RED": 1}, shipping_address=belfast)))
    assert figures(invoice) == [("S", "0.2000", "XI")]
    assert distant(invoice) == [invoice.net_total]
    run_debts()
    assert booked() == ["XI:0.2000", "XI:S:0.2000"]


def test_a_greek_seller_is_registered_in_greece(shop):
    entity = LegalEntity.objects.get()
    billing.change_entity(entity.pk, {"vat_id": "EL094259216"}, actor=SYSTEM)
    assert list(TaxRegistration.objects.values_list("country", "vat_id")) == [("GR", "EL094259216")]


def test_while_nobody_has_said_how_a_rate_of_home_is_booked_at_home(shop):
    TaxRate.objects.filter(country="AT", tax_class="reduced").delete()
    forget()
    order = to_vienna(**{"MUG-RED": 1, "TEA-1": 1})
    assert "Tax: no rate of Austria is entered for “reduced”: rate of Germany, owed there" in why_prices(order).others
    invoice = bill(order)
    assert sorted(figures(invoice)) == [("S", "0.0700", "DE"), ("S", "0.2000", "")]
    run_debts()
    assert booked() == ["AT:0.2000", "AT:S:0.2000", "DE:0.0700", "DE:S:0.0700"]
    billing.credit_invoice(invoice.pk, reference="R-1", actor=SYSTEM)
    run_debts()
    assert sorted(figures(CreditNote.objects.get())) == sorted(figures(invoice))


def test_a_switch_holds_from_its_day_on_and_leaves_what_was_agreed(shop):
    before = to_vienna()
    day = timezone.localdate()
    say(AT_HOME, day - timedelta(days=400))
    say(OSS, day + timedelta(days=30))
    during = to_vienna()
    # What was agreed is reckoned again as it was agreed, whatever is said of that day since.
    assert [edit(one, 2).lines.get().tax_rate for one in (before, during)] == [
        Decimal("0.2"), Decimal("0.19"),
    ]  # fmt: skip
    assert [(one.valid_from, one.way) for one in DistanceSales.objects.order_by("valid_from")] == [
        (day - timedelta(days=400), AT_HOME),
        (day + timedelta(days=30), OSS),
    ]
    later = LegalEntity.objects.get().way_of_distance_sales
    assert [later(day - timedelta(days=500)), later(day), later(day + timedelta(days=30))] == ["", AT_HOME, OSS]


def test_the_sum_is_of_consumers_in_other_member_states_less_what_was_credited(shop, django_assert_num_queries):
    sold = [bill(to_vienna()) for _ in range(2)]
    bill(again(place({"MUG-RED": 1})))
    swiss = PostalAddress(name="Urs", line1="Gasse 1", city="Bern", postal_code="3000", country="CH")
    bill(again(place({"MUG-RED": 1}, shipping_address=swiss)))
    to_vienna()
    seller = LegalEntity.objects.get()
    with django_assert_num_queries(1):
        found = selectors.distance_turnovers()[seller.pk]
    assert (found.this_year, found.last_year, found.apart) == (sold[0].net_total * 2, 0, {})

    billing.credit_invoice(sold[0].pk, reference="R-1", actor=SYSTEM)
    run_debts()
    assert selectors.distance_turnovers()[seller.pk].this_year == sold[1].net_total
    in_a_year = timezone.localdate() + timedelta(days=365)
    assert selectors.distance_turnovers(in_a_year)[seller.pk].last_year == sold[1].net_total
    # Two years later nobody asks any more.
    assert selectors.distance_turnovers(in_a_year + timedelta(days=366)) == {}


@pytest.mark.parametrize(
    ("net", "share", "tone"),
    [("7999.99", "80", None), ("8000", "80", "warn"), ("10000", "100", "warn"), ("10000.01", "100", "bad")],
)
def test_finance_is_told_before_the_threshold_and_when_it_is_passed(shop, net, share, tone):
    bill(to_vienna())
    DistanceSale.objects.update(net=Decimal(net))
    assert [one.tone for one in today.distance_sales()] == ([tone] if tone else [])
    shown = distance.turnover_of(LegalEntity.objects.get())
    assert shown["rows"][0][2] == f"{share}\N{NO-BREAK SPACE}%"
    assert bool(shown["hint"]) is bool(tone)
    say(OSS)
    assert today.distance_sales() == []


def test_a_seller_outside_the_eu_has_no_threshold(shop):
    LegalEntity.objects.update(address={"country": "CH"})
    assert distance.turnover_of(LegalEntity.objects.get()) is None
    assert today.distance_sales() == []


def test_what_was_issued_before_the_sums_were_kept_is_counted(shop):
    invoice = bill(to_vienna())
    bill(again(place({"MUG-RED": 1})))
    note = billing.credit_invoice(invoice.pk, reference="R-1", actor=SYSTEM)
    run_debts()
    kept = list(DistanceSale.objects.order_by("pk").values())
    assert [(one["net"], one["credit_note_id"]) for one in kept] == [
        (invoice.net_total, None),
        (-invoice.net_total, note.pk),
    ]
    DistanceSale.objects.all().delete()
    importlib.import_module("billing.migrations.0023_distance_sales").count_what_was_issued(apps, None)
    again_kept = list(DistanceSale.objects.order_by("pk").values())
    assert [one | {"id": 0} for one in again_kept] == [one | {"id": 0} for one in kept]


def test_the_page_of_a_seller_takes_the_switch_and_says_what_is_wrong_with_it(shop, staff):
    seller = LegalEntity.objects.get()
    page = reverse("admin:billing_legalentity_change", args=[seller.pk])
    assert "Nobody has said how they are taxed" in staff.get(page).content.decode()

    half = staff.post(page, form_of(seller, distance_way=OSS))
    assert half.context["adminform"].form.errors == {"distance_from": ["From which day on?"]}
    half = staff.post(page, form_of(seller, distance_from="2027-01-01"))
    assert half.context["adminform"].form.errors == {"distance_way": ["How are they taxed from that day on?"]}
    away = staff.post(page, form_of(seller, country="CH", distance_way=OSS, distance_from="2027-01-01"))
    assert away.context["adminform"].form.errors == {"distance_way": ["This is for sellers in the EU."]}

    for way, day in ((AT_HOME, "2026-01-01"), (OSS, "2027-01-01")):
        assert staff.post(page, form_of(seller, distance_way=way, distance_from=day)).status_code == 302
    assert LegalEntity.objects.get().distance_sales == {"2026-01-01": AT_HOME, "2027-01-01": OSS}
    assert DistanceSales.objects.count() == 2
    said = staff.get(page).content.decode()
    assert "from 1 January 2026 below the threshold: at home;" in " ".join(said.split())
