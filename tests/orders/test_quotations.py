"""Quotations: offered by mail, accepted as they were read, or over."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils import timezone

from core import invariants
from core.actors import SYSTEM, Actor
from core.models import OutgoingMail
from orders import guards, selectors, services
from orders.errors import InvalidOrder, NotADraft, NothingToPay, QuotationLapsed, StaleOrder
from orders.invariants import TRUTHS
from orders.models import Draft, Order
from pricing import services as pricing
from pricing.models import Promotion
from tests.factories.catalog import stock_of
from tests.scenarios import anew, order_input, paid, placed_order

pytestmark = pytest.mark.django_db
MAYA = Actor("staff", "maya")
ADA = Actor("guest", "SO-000001")


@pytest.fixture
def draft(shop):
    return services.save_draft(order_input(payment_terms="net14"), actor=MAYA)


def in_days(days):
    return timezone.localdate() + timedelta(days=days)


def offer(draft, days=14):
    return services.offer_draft(draft.pk, valid_until=in_days(days), actor=MAYA)


def test_an_offer_is_mailed_once_in_the_language_of_the_order(shop, run_debts):
    draft = services.save_draft(order_input(language="de"), actor=MAYA)
    offer(draft)
    run_debts()

    mail = OutgoingMail.objects.get()
    assert (mail.kind, mail.to, mail.language) == ("quotation", "ada@example.com", "de")
    assert draft.number in mail.subject
    assert "22,06\xa0€" in mail.text
    assert "/quotations/" in mail.text
    assert "/quotations/" in mail.html


def test_an_offer_binds_nobody_yet(draft, shop):
    offer(draft)

    assert (anew(draft).status, stock_of(shop.mug).reserved) == ("draft", 0)


@pytest.mark.parametrize("days", [-1, 367])
def test_an_offer_has_a_last_day_that_makes_sense(draft, days):
    with pytest.raises(InvalidOrder) as refused:
        offer(draft, days)

    assert [fault["pointer"] for fault in refused.value.errors] == ["/valid_until"]
    assert Draft.objects.get().valid_until is None


@pytest.mark.parametrize(
    ("said", "pointer"), [({"email": ""}, "/email"), ({"shipping_address": None}, "/shipping_address")]
)
def test_what_cannot_be_delivered_is_not_offered(shop, run_debts, said, pointer):
    draft = services.park_draft(order_input(**said), token=UUID(int=1), typed={}, actor=MAYA)

    with pytest.raises(InvalidOrder) as refused:
        offer(draft)
    run_debts()

    assert [fault["pointer"] for fault in refused.value.errors] == [pointer]
    assert not OutgoingMail.objects.exists()


def test_an_accepted_offer_is_an_order_at_the_prices_that_were_read(draft, shop):
    offer(draft)
    pricing.set_price(shop.mug.pk, amount=Decimal("9.00"), actor=SYSTEM)

    order = services.accept_quotation(draft.pk, version=draft.version, actor=ADA)

    assert (order.pk, anew(order).status, order.total) == (draft.pk, "confirmed", Decimal("22.06"))
    assert stock_of(shop.mug).reserved == 2
    with pytest.raises(NotADraft):
        services.accept_quotation(draft.pk, version=draft.version, actor=ADA)
    assert Order.objects.count() == 1


def test_what_is_gone_meanwhile_follows_later(shop):
    draft = services.save_draft(order_input({"MUG-RED": 150}, payment_terms="net14"), actor=MAYA)
    offer(draft)
    placed_order({"MUG-RED": 120})

    order = services.accept_quotation(draft.pk, version=draft.version, actor=ADA)

    assert [(line.allocated, line.backordered) for line in order.lines.all()] == [(80, 70)]


def test_a_draft_that_was_changed_is_no_offer_any_more(draft):
    offer(draft)
    services.save_draft(order_input({"TEA-1": 3}), draft_id=draft.pk, actor=MAYA)

    with pytest.raises(QuotationLapsed):
        services.accept_quotation(draft.pk, version=draft.version, actor=ADA)
    offer(draft)
    with pytest.raises(StaleOrder):
        services.accept_quotation(draft.pk, version=draft.version, actor=ADA)


def test_after_its_last_day_an_offer_is_over(draft, shop):
    offer(draft, 0)
    tomorrow = timezone.now() + timedelta(days=1)

    assert services.lapse_drafts(timezone.now()) == 0
    assert services.lapse_drafts(tomorrow) == 1
    assert services.lapse_drafts(tomorrow) == 0

    order = anew(draft)
    assert (order.status, order.balance_due, order.placed_at) == ("expired", 0, None)
    with pytest.raises(NotADraft):
        services.accept_quotation(draft.pk, version=draft.version, actor=ADA)


def test_between_midnight_and_the_task_it_is_over_already(draft):
    offer(draft, 0)
    Draft.objects.update(valid_until=in_days(-1))

    with pytest.raises(QuotationLapsed):
        services.accept_quotation(draft.pk, version=draft.version, actor=ADA)
    assert anew(draft).status == "draft"


def test_a_lapsed_offer_writes_to_nobody(draft, run_debts):
    offer(draft, 0)
    services.lapse_drafts(timezone.now() + timedelta(days=1))
    run_debts()

    assert [mail.kind for mail in OutgoingMail.objects.all()] == []


def test_a_plain_draft_never_lapses(draft):
    assert services.lapse_drafts(timezone.now() + timedelta(days=999)) == 0
    assert anew(draft).status == "draft"


def test_somebody_of_us_asks_to_pay(shop, run_debts):
    order = placed_order()
    run_debts()
    services.request_payment(order.pk, actor=MAYA)
    run_debts()

    mails = list(OutgoingMail.objects.order_by("pk"))
    assert [mail.kind for mail in mails] == ["order_received", "payment_request"]
    assert "€22.06" in mails[1].text
    assert "/track/" in mails[1].text


def test_nobody_is_asked_to_pay_what_waits_for_no_payment(shop, run_debts):
    order = placed_order(payment_terms="net14")

    with pytest.raises(NothingToPay):
        services.request_payment(order.pk, actor=MAYA)


def test_a_page_that_was_kept_before_offers_what_it_says_now(shop, run_debts):
    page = {"token": UUID(int=3), "typed": {}, "actor": MAYA}
    kept = services.park_draft(order_input({"TEA-1": 1}, email="old@example.com"), **page)
    offered = services.offer_typed(order_input(), expected_version=kept.version, valid_until=in_days(3), **page)
    run_debts()

    mail = OutgoingMail.objects.get()
    assert (offered.version, mail.to) == (1, "ada@example.com")
    assert "€22.06" in mail.text
    assert services.accept_quotation(kept.pk, version=1, actor=ADA).total == Decimal("22.06")


def test_the_truths_hold_whatever_becomes_of_a_draft(shop):
    for n in range(4):
        services.park_draft(order_input({"MUG-RED": 2, "TEA-1": n + 1}), token=UUID(int=n), typed={}, actor=MAYA)
    services.park_draft(order_input([], email=""), token=UUID(int=9), typed={}, actor=MAYA)
    first, second, third, _fourth, _bare = Order.objects.order_by("pk")
    for one in (first, second):
        offer(one, 0)
    services.accept_quotation(first.pk, version=first.version, actor=ADA)
    services.discard_draft(third.pk, actor=MAYA)
    services.lapse_drafts(timezone.now() + timedelta(days=1))

    assert [one.status for one in Order.objects.order_by("pk")] == [
        "verified",
        "expired",
        "cancelled",
        "draft",
        "draft",
    ]
    assert [one.name for one in TRUTHS if invariants.ask(one).breaches] == []


def test_an_unchanged_offer_is_placed_at_the_prices_that_were_offered(shop):
    said = {"token": UUID(int=3), "actor": MAYA}
    given = order_input(payment_terms="net14")
    draft = services.offer_typed(given, typed={"a": 1}, expected_version=None, valid_until=in_days(3), **said)
    pricing.set_price(shop.mug.pk, amount=Decimal("9.00"), actor=SYSTEM)

    order = services.place_typed(given, typed={"a": 1, "page": "x"}, expected_version=draft.version, **said)

    assert (order.pk, anew(order).status, order.total) == (draft.pk, "confirmed", Decimal("22.06"))


def test_a_changed_offer_is_placed_at_the_prices_of_today(shop):
    said = {"token": UUID(int=3), "actor": MAYA}
    given = order_input(payment_terms="net14")
    draft = services.offer_typed(given, typed={"a": 1}, expected_version=None, valid_until=in_days(3), **said)
    pricing.set_price(shop.mug.pk, amount=Decimal("9.00"), actor=SYSTEM)

    order = services.place_typed(given, typed={"a": 2}, expected_version=draft.version, **said)

    assert order.total == Decimal("31.63")


@pytest.mark.parametrize(
    ("deposit", "wanted"),
    [(services.Deposit(percent=Decimal(30)), "6.62"), (services.Deposit(amount=Decimal(10)), "10.00")],
)
def test_a_deposit_is_paid_before_the_order_is_confirmed(draft, run_debts, deposit, wanted):
    services.offer_draft(draft.pk, valid_until=in_days(14), deposit=deposit, actor=MAYA)
    run_debts()
    assert f"Of it €{wanted} is a deposit" in OutgoingMail.objects.get().text

    order = services.accept_quotation(draft.pk, version=draft.version, actor=ADA)
    assert (order.status, guards.payment_missing(order)) == ("verified", Decimal(wanted))
    assert order in selectors.awaiting_payment()
    run_debts()
    assert f"€{wanted}" in OutgoingMail.objects.get(kind="order_received").text

    assert paid(order, Decimal(wanted) - Decimal("0.01")).status == "verified"
    order = paid(order, Decimal(wanted))
    assert (order.status, order.balance_due) == ("confirmed", Decimal("22.06") - Decimal(wanted))


@pytest.mark.parametrize("deposit", [services.Deposit(), services.Deposit(amount=Decimal("22.07"))])
def test_a_deposit_is_a_part_of_the_total(draft, deposit):
    with pytest.raises(InvalidOrder) as refused:
        services.offer_draft(draft.pk, valid_until=in_days(14), deposit=deposit, actor=MAYA)

    assert [fault["pointer"] for fault in refused.value.errors] == ["/deposit"]
    assert (Draft.objects.get().valid_until, anew(draft).deposit_total) == (None, 0)


def test_what_is_paid_in_advance_has_no_deposit(shop):
    draft = services.save_draft(order_input(), actor=MAYA)

    with pytest.raises(InvalidOrder) as refused:
        services.offer_draft(
            draft.pk, valid_until=in_days(1), deposit=services.Deposit(percent=Decimal(9)), actor=MAYA
        )
    assert [fault["code"] for fault in refused.value.errors] == ["prepaid"]


def test_what_is_offered_keeps_its_use_of_a_promotion_until_it_lapses(shop):
    Promotion.objects.create(code="LAST", name="Last", kind="percent", value=10, max_uses=1, needs_code=False)
    pricing.forget()
    draft = services.save_draft(order_input(payment_terms="net14"), actor=MAYA)
    offer(draft)
    assert placed_order(email="bob@example.com").discount_total == 0

    order = services.accept_quotation(draft.pk, version=draft.version, actor=ADA)
    assert (order.discount_total, Promotion.objects.get().used) == (Decimal("1.42"), 1)

    services.cancel_order(order.pk, reason="", actor=MAYA)
    again = services.save_draft(order_input(payment_terms="net14"), actor=MAYA)
    offer(again, 0)
    assert Promotion.objects.get().used == 1
    services.lapse_drafts(timezone.now() + timedelta(days=1))
    assert Promotion.objects.get().used == 0


def test_a_draft_that_is_typed_anew_is_not_in_the_way_of_its_own_coupon(shop):
    Promotion.objects.create(code="LAST", name="Last", kind="percent", value=10, max_uses=1, max_uses_per_customer=1)
    pricing.forget()
    given = order_input(payment_terms="net14", coupon_codes=("LAST",))
    draft = services.save_draft(given, actor=MAYA)
    offer(draft)

    again = services.save_draft(given, draft_id=draft.pk, actor=MAYA)
    assert (again.discount_total, Promotion.objects.get().used) == (Decimal("1.42"), 0)
    assert services.place_draft(again.pk, actor=MAYA).discount_total == Decimal("1.42")
    assert Promotion.objects.get().used == 1


def test_an_offer_with_other_terms_is_another_one_and_says_so_by_mail(draft, run_debts):
    ten, ninety = (services.Deposit(percent=Decimal(percent)) for percent in (10, 90))
    first = services.offer_draft(draft.pk, valid_until=in_days(14), deposit=ten, actor=MAYA)
    run_debts()
    again = services.offer_draft(draft.pk, valid_until=in_days(14), deposit=ten, actor=MAYA)
    run_debts()
    assert (again.version, len(OutgoingMail.objects.all())) == (first.version, 1), "the same, said twice"

    other = services.offer_draft(draft.pk, valid_until=in_days(14), deposit=ninety, actor=MAYA)
    run_debts()

    assert (other.version, len(OutgoingMail.objects.all())) == (first.version + 1, 2)
    with pytest.raises(StaleOrder):
        services.accept_quotation(draft.pk, version=first.version, actor=MAYA)
    later = services.offer_draft(draft.pk, valid_until=in_days(15), deposit=ninety, actor=MAYA)
    assert later.version == other.version + 1
