"""What was kept long enough goes, what the law keeps stays, and every truth still holds."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from billing import services as billing
from core import outbox, retention
from core.actors import SYSTEM, Actor
from core.files import keep_file
from core.invariants import questions
from core.models import Attachment, EventRecord, OutgoingMail, RetentionPeriod
from customers import services as customers
from customers.addresses import PostalAddress
from customers.models import Address, Contact, Customer, CustomerWord
from orders import services
from orders.models import CheckCatch, Comment, Order, ToldApart
from tests.factories.billing import make_seller
from tests.scenarios import anew, confirmed_order, delivered_order, placed_order, run_debts

pytestmark = pytest.mark.django_db
MAYA = Actor("staff", "maya")
LATER = datetime(2060, 5, 1, tzinfo=UTC)


@pytest.fixture
def house(shop):
    """Return an order that is closed and one that is open, with all that is written about them."""
    make_seller()
    given = {"customer_name": "Ada Byron", "phone": "+49 171 2345678", "customer_note": "Ring at Byron's"}
    closed = delivered_order(**given)
    open_one = confirmed_order({"TEA-1": 1}, email="grace@example.com", customer_name="Grace Hopper")
    services.add_comment(closed.pk, "Ada called", public=False, actor=MAYA)
    keep_file(name="ada.png", content=b"png", content_type="image/png", thread=closed.history_thread())
    run_debts()
    billing.record_payment(closed.pk, method="bank_transfer", amount=closed.total, actor=MAYA)
    run_debts()
    outbox.sequence_events()
    assert anew(closed).status == "completed"
    return anew(closed), anew(open_one)


def breaches():
    return [name for _code, name, ask in questions() if ask().breaches]


def due():
    return {one.kind.code: one.due for one in retention.standings(now=LATER)}


def test_nothing_goes_before_somebody_has_set_a_period(house):
    before = EventRecord.objects.count()

    assert due() == {"mails": 0, "history": 0, "orders": 0, "customers": 0, "documents": 0}
    assert retention.purge(actor=SYSTEM, now=LATER) == {}
    assert EventRecord.objects.count() == before


def test_people_are_forgotten_on_closed_orders_and_every_sum_stays(house):
    closed, open_one = house
    paper = closed.invoices.get()
    billing.render_invoice_pdf(paper.pk)
    sums = Order.objects.aggregate(Sum("total"), Sum("paid_total"), Sum("balance_due"))
    retention.set_years("orders", 10, actor=MAYA)
    assert due()["orders"] == 1

    assert retention.purge(actor=MAYA, now=LATER) == {"orders": 1}

    found = anew(closed)
    assert (found.number, found.status, found.total) == (closed.number, "completed", closed.total)
    assert (found.customer_name, found.email, found.phone, found.customer_note) == ("", "", "", "")
    assert found.shipping_address == {"country": "DE"}
    assert [one for one in closed.explanation if "buyer" in one], "tax knew who bought"
    assert [one for one in found.explanation if "buyer" in one or "vat_id" in one] == []
    assert Order.objects.aggregate(Sum("total"), Sum("paid_total"), Sum("balance_due")) == sums
    thread = closed.history_thread()
    left = EventRecord.objects.filter(thread=thread, transition="").values_list("name", flat=True)
    assert list(left) == ["orders.people_erased"]
    written = json.dumps([*EventRecord.objects.filter(thread=thread).values("note", "payload")])
    assert not any(word in written for word in ("Ada", "ada@", "2345678"))
    assert not OutgoingMail.objects.filter(thread=thread).exists()
    assert not Comment.objects.filter(order=closed).exists()
    assert list(Attachment.objects.filter(thread=thread)) == [paper.__class__.objects.get(pk=paper.pk).pdf]
    assert anew(open_one).customer_name == "Grace Hopper"
    assert OutgoingMail.objects.filter(thread=open_one.history_thread()).exists()
    assert breaches() == []
    told = EventRecord.objects.get(name="core.data_purged")
    assert (told.actor, told.payload) == ("staff:maya", {"kind": "orders", "rows": 1, "before": "2050-01-01"})
    assert retention.purge(actor=MAYA, now=LATER) == {}


def test_who_is_named_by_no_order_any_more_is_forgotten_down_to_the_number(house):
    closed, open_one = house
    never = customers.create_customer(
        customers.CustomerInput(name="Alan Turing", email="alan@example.com", phone="+49 30 1234"), actor=MAYA
    )
    customers.add_address(never.pk, PostalAddress(line1="1 Park", city="Berlin", country="DE"), actor=MAYA)
    customers.add_contact(never.pk, name="Joan Clarke", actor=MAYA)
    outbox.sequence_events()
    retention.set_years("customers", 3, actor=MAYA)
    assert due()["customers"] == 1
    retention.set_years("orders", 10, actor=MAYA)

    assert retention.purge(actor=MAYA, now=LATER) == {"orders": 1, "customers": 2}

    for one in (never, closed.customer):
        gone = Customer.objects.get(pk=one.pk)
        assert (str(gone), gone.name, gone.email, gone.phone, gone.active) == (gone.number, "", "", "", False)
        assert not any(model.objects.filter(customer=gone).exists() for model in (Address, Contact, CustomerWord))
        history = EventRecord.objects.filter(thread=f"customers.customer:{one.pk}")
        assert list(history.values_list("name", flat=True)) == ["customers.forgotten"]
    assert Customer.objects.get(pk=open_one.customer_id).name == "Grace Hopper"
    assert anew(closed).customer_id == closed.customer_id
    assert breaches() == []
    assert retention.purge(actor=MAYA, now=LATER) == {}


def test_facts_and_mails_go_but_no_passage_and_nothing_that_is_owed(house):
    closed, open_one = house
    waiting = OutgoingMail.objects.order_by("pk").first()
    OutgoingMail.objects.filter(pk=waiting.pk).update(status="kept")
    passages = list(EventRecord.objects.exclude(transition="").order_by("pk").values_list("pk", "note"))
    owed = EventRecord.objects.filter(name="orders.order_confirmed", thread=open_one.history_thread()).get()
    owed.deliveries.update(status="dead")
    assert owed.deliveries.exists()
    for kind, years in (("mails", 6), ("history", 10)):
        retention.set_years(kind, years, actor=MAYA)

    counted = due()
    gone = retention.purge(actor=SYSTEM, now=LATER)

    assert gone == {"mails": counted["mails"], "history": counted["history"]}
    assert list(OutgoingMail.objects.values_list("pk", flat=True)) == [waiting.pk]
    assert list(EventRecord.objects.exclude(transition="").order_by("pk").values_list("pk", "note")) == passages
    assert EventRecord.objects.filter(pk=owed.pk).exists()
    assert not EventRecord.objects.filter(name="orders.order_confirmed", thread=closed.history_thread()).exists()
    assert anew(closed).customer_name == "Ada Byron"


def test_what_people_wrote_about_an_order_that_is_over_goes_wherever_it_stands(house):
    closed, open_one = house
    services.place_hold(open_one.pk, reason="Ada's word", blocks=["ship"], actor=MAYA)
    services.release_hold(open_one.holds.get().pk, note="Ada called", actor=MAYA)
    services.bump_order(open_one.pk, points=5, reason="Ada asks", actor=MAYA)
    ToldApart.objects.create(earlier=closed, later=open_one, by="staff:maya", reason="Ada wants both")
    CheckCatch.objects.create(order=open_one, channel=open_one.channel, name="contact")

    services.erase_people([open_one.pk])

    hold = open_one.holds.get()
    assert (hold.reason, hold.release_note) == ("", "")
    assert open_one.bumps.get().reason == ToldApart.objects.get().reason == ""
    assert CheckCatch.objects.filter(order=open_one).exists(), "what a check is worth is counted on"
    assert anew(closed).customer_name == "Ada Byron"


def test_a_purge_that_is_cut_off_has_told_of_what_is_gone_and_goes_on(house, monkeypatch):
    retention.set_years("mails", 6, actor=MAYA)
    before = OutgoingMail.objects.count()
    assert before > 2
    kind, left = retention.KINDS["mails"], [2]

    def killed(ids):
        retention.purge_mails(ids)
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(retention, "AT_ONCE", 1)
    monkeypatch.setitem(retention.KINDS, "mails", replace(kind, purge=killed))
    with pytest.raises(KeyboardInterrupt):
        retention.purge(actor=MAYA, now=LATER)

    told = EventRecord.objects.get(name="core.data_purged")
    assert told.payload == {"kind": "mails", "rows": 2, "before": "2054-01-01"}
    assert OutgoingMail.objects.count() == before - 2
    monkeypatch.setitem(retention.KINDS, "mails", kind)
    assert retention.purge(actor=MAYA, now=LATER) == {"mails": before - 2}
    assert OutgoingMail.objects.count() == 0
    rows = EventRecord.objects.filter(name="core.data_purged").order_by("pk").values_list("payload__rows", flat=True)
    assert list(rows) == [2, before - 2]


def test_a_purge_asks_the_same_however_many_go_at_once(house, django_assert_num_queries):
    one, *more = (placed_order({"TEA-1": n}, email=f"buyer{n}@example.com").pk for n in (2, 3, 4, 5))
    with CaptureQueriesContext(connection) as asked:
        services.erase_people([one])
    with django_assert_num_queries(len(asked)):
        services.erase_people(more)


def test_nobody_is_asked_for_what_is_not_a_purge(house):
    for nonsense in ("--before=2020", "orders", "--years", "--dryrun"):
        with pytest.raises((CommandError, SystemExit)):
            call_command("purge_old", nonsense)
    RetentionPeriod.objects.create(kind="orders", years=1)
    RetentionPeriod.objects.create(kind="no such kind", years=1)
    # Less than the law asks is what the law asks.
    [orders] = [one for one in retention.standings(now=LATER) if one.kind.code == "orders"]
    assert orders.before.date().isoformat() == "2050-01-01"


def test_what_is_younger_than_its_years_stays(house):
    for kind in ("mails", "history", "orders"):
        retention.set_years(kind, 10, actor=MAYA)

    assert {one.kind.code: one.due for one in retention.standings()} == dict.fromkeys(retention.KINDS, 0)
    assert retention.limit_of(6, now=datetime(2026, 11, 28, tzinfo=UTC)).date().isoformat() == "2020-01-01"


def test_the_command_says_what_would_go_and_why_the_rest_stays(house):
    retention.set_years("mails", 6, actor=MAYA)
    said = StringIO()

    call_command("purge_old", "--dry-run", "--json", stdout=said)

    answer = json.loads(said.getvalue())
    assert answer["dry_run"] is True
    by_kind = {one["kind"]: one for one in answer["kinds"]}
    assert (by_kind["mails"]["years"], by_kind["mails"]["due"], by_kind["mails"]["purged"]) == (6, 0, None)
    assert (by_kind["documents"]["before"], by_kind["documents"]["least_years"]) == (None, 8)
    assert "never changes" in by_kind["documents"]["stays"]


def test_the_page_sets_years_keeps_what_was_typed_and_refuses_less_than_the_law(house, staff, client):
    assert b"What stays, and why" in staff.get("/admin/retention/").content

    refused = staff.post("/admin/retention/", {"mails": "2", "history": "", "orders": "12"})
    assert refused.status_code == 400
    assert b'value="2"' in refused.content
    assert not RetentionPeriod.objects.exists()

    staff.post("/admin/retention/", {"mails": "7", "history": "", "orders": "12"})
    retention.purge(actor=MAYA, now=LATER)
    shown = staff.get("/admin/retention/").content.decode()
    assert 'value="12"' in shown
    assert "People on closed orders</td><td>2048-01-01" in shown
    staff.post("/admin/retention/", {"mails": "", "history": "", "orders": "12"})

    assert list(RetentionPeriod.objects.values_list("kind", "years")) == [("orders", 12)]
    changes = EventRecord.objects.filter(name="core.retention_changed").order_by("pk")
    assert [one.payload["after"] for one in changes] == [{"mails": 7}, {"orders": 12}, {"mails": None}]
    assert client.get("/admin/retention/").status_code == 302


def test_the_page_asks_the_same_however_much_is_kept_and_was_purged(house, staff, django_assert_num_queries):
    retention.set_years("orders", 10, actor=MAYA)
    staff.get("/admin/retention/")
    with CaptureQueriesContext(connection) as asked:
        staff.get("/admin/retention/")
    for n in (2, 3, 4):
        placed_order({"TEA-1": n}, email=f"buyer{n}@example.com")
        told = {"kind": "orders", "rows": n, "before": "2050-01-01"}
        EventRecord.objects.create(name="core.data_purged", thread="core.retention:1", actor="system", payload=told)
    with django_assert_num_queries(len(asked)):
        assert b"2050-01-01" in staff.get("/admin/retention/").content
