"""What is dated, priced, taxed or closed by the day is so by the day of the seat, wherever its clerk is."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from billing import services as billing
from billing.models import ClosedMonth, Invoice, LedgerTransaction
from core import seat
from core.actors import Actor
from inventory.models import Product
from orders.inputs import Party
from orders.models import OrderLine
from pricing.models import Channel, Price, TaxRate
from pricing.reference import forget
from tests.factories.billing import again, place, ship

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller")]
BERLIN = ZoneInfo("Europe/Berlin")
INES = Actor("staff", "ines")


@pytest.fixture(autouse=True)
def _in_berlin(settings):
    settings.TIME_ZONE = "Europe/Berlin"


@pytest.fixture
def at(monkeypatch):
    """Let it be a moment in Berlin."""

    def it_is(*moment):
        now = datetime(*moment, tzinfo=BERLIN)
        monkeypatch.setattr(timezone, "now", lambda: now)
        return now

    return it_is


def test_the_seat_has_one_day_wherever_one_reads(at):
    moment = at(2027, 6, 30, 20)
    with timezone.override("Asia/Tokyo"):
        assert (seat.today(), seat.day_of(moment), timezone.localdate()) == (
            date(2027, 6, 30),
            date(2027, 6, 30),
            date(2027, 7, 1),
        )
        with seat.at_the_seat():
            assert timezone.localdate() == date(2027, 6, 30)
        assert seat.began(date(2027, 6, 30)) == datetime(2027, 6, 30, tzinfo=BERLIN)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_an_order_costs_what_it_costs_at_the_seat(at, zone):
    last = date(2027, 6, 30)
    TaxRate.objects.filter(country="DE", tax_class="standard").update(valid_to=last)
    TaxRate.objects.create(
        country="DE", tax_class="standard", rate=Decimal("0.16"), valid_from=last + timedelta(days=1)
    )
    mug, prices = Product.objects.get(sku="MUG-RED"), Channel.objects.get(code="api").price_list
    Price.objects.filter(product=mug).update(valid_to=last)
    Price.objects.create(price_list=prices, product=mug, amount=Decimal("9.00"), valid_from=last + timedelta(days=1))
    forget()

    def told():
        line = OrderLine.objects.get(order=place({"MUG-RED": 1}))
        return line.unit_price, line.tax_rate

    # Of the evening before and of the morning after, one in each part of the world calls it the other day.
    for moment, expected in (((2027, 6, 30, 20), ("5.00", "0.19")), ((2027, 7, 1, 4), ("9.00", "0.16"))):
        at(*moment)
        with timezone.override(zone):
            assert told() == tuple(map(Decimal, expected))


def test_a_month_that_runs_at_the_seat_is_closed_by_nobody(at, client, django_user_model):
    ines = django_user_model.objects.create_superuser("ines", "ines@example.com", "secret")
    page = "/admin/billing/ledgertransaction/month/?month=2027-11"

    def close(zone):
        django_user_model.objects.update(time_zone=zone)
        client.force_login(ines, backend="django.contrib.auth.backends.ModelBackend")
        assert client.post(page, {"do": "close"}).status_code in (200, 302)
        return list(ClosedMonth.objects.values_list("last_day", flat=True))

    at(2027, 11, 30, 12, 30)
    assert close("Pacific/Kiritimati") == []
    assert "November 2027" in client.get(page).content.decode()

    at(2027, 12, 1, 0, 30)
    assert close("America/Los_Angeles") == [date(2027, 11, 30)]


def test_papers_are_dated_at_the_seat_and_a_closed_month_is_of_the_seat(at, run_debts):
    at(2028, 1, 1, 8)
    order = place()
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    run_debts()
    december = billing.Month(Invoice.objects.get().legal_entity_id, date(2027, 12, 1))
    billing.close_month(december, actor=INES)

    with timezone.override("America/Los_Angeles"):
        new = billing.rewrite_invoice(
            Invoice.objects.get().pk, party=Party(customer_name="Ada King"), reason="Married", actor=INES
        )
    assert (new.issued_on, new.due_on, Invoice.objects.get(pk=new.pk).issued_on) == (
        date(2028, 1, 1),
        date(2028, 1, 15),
        date(2028, 1, 1),
    )
    assert again(order).customer_name == "Ada King"


def test_what_waited_for_a_worker_is_dated_when_it_is_written(at, run_debts):
    """The day of supply is its own; an invoice that was late is not due before anybody could have read it."""
    left = at(2027, 12, 12, 9)
    order = place()
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    at(2028, 1, 3, 7, 30)
    run_debts()

    invoice = Invoice.objects.get()
    assert (invoice.supplied_on, invoice.issued_on, invoice.due_on) == (
        seat.day_of(left),
        date(2028, 1, 3),
        date(2028, 1, 17),
    )
    assert LedgerTransaction.objects.get(invoice=invoice).booked_on == date(2028, 1, 3)

    # Told afterwards, and written at once: it stays where it was told.
    other = place()
    ship(other, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-2", at=left)
    run_debts()
    assert Invoice.objects.get(order=other).issued_on == date(2027, 12, 12)
