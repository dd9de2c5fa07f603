"""What is looked at besides the plain facts: earlier orders, habits, risks, contacts; and looking again."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.models import EventRecord
from customers.addresses import PostalAddress
from customers.models import Customer
from orders import services, verification
from orders.errors import TooLateToChange
from orders.inputs import LineInput
from orders.models import CheckCatch, CustomerHabit, Hold, Order, ProductHabit, ToldApart
from orders.verification import Earlier, Habit, is_same_address
from tests.factories.shop import make_priced_product
from tests.orders.test_placement_checks import change_channel, company, results
from tests.orders.test_verification import BERLIN, FINE, found
from tests.scenarios import ADA, anew, confirmed_order, placed_order

MAYA = Actor("staff", "maya", frozenset({"orders.waive_check"}))
NOW = timezone.now()
WRONG = PostalAddress(**{**ADA.as_dict(), "postal_code": "1"})


def before(hours: float, **given: object) -> Earlier:
    known = {"number": "SO-000007", "share": Decimal(1), "same_customer": True, "address": BERLIN, **given}
    return Earlier(at=NOW - timedelta(hours=hours), **known)


# --- pure ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mail", "phone", "result", "reason"),
    [
        ("ada@example.com", "", "pass", ""),
        ("ada@example", "", "warn", "No mail can reach ada@example"),
        ("ada..b@example.com", "", "warn", "No mail can reach ada..b@example.com"),
        ("ada@shop.invalid", "", "warn", "No mail can reach ada@shop.invalid"),
        ("ada@gmial.com", "", "warn", "ada@gmial.com looks misspelled: ada@gmail.com may be meant"),
        ("", "030 1234567", "pass", ""),
        ("", "+43 1 5854567", "pass", ""),
        ("", "12", "warn", "Phone number 12 does not fit Germany"),
    ],
)
def test_who_cannot_be_reached_is_named(mail, phone, result, reason):
    assert found(replace(FINE, email=mail, phone=phone), verification.CONTACT) == (result, reason)


def test_one_way_to_reach_them_is_enough():
    facts = replace(FINE, email="ada@example.com", phone="12")
    assert found(facts, verification.CONTACT, {"contact": "hold"})[0] == "warn"
    assert found(replace(facts, email=""), verification.CONTACT, {"contact": "hold"})[0] == "fail"


@pytest.mark.parametrize(
    ("earlier", "result"),
    [
        (before(71), "fail"),
        (before(73), "pass"),
        (before(1, share=Decimal("0.8")), "fail"),
        (before(1, share=Decimal("0.79")), "pass"),
        (before(1, same_customer=False), "warn"),
        (before(1, same_customer=False, address=replace(BERLIN, line1="2 Main St")), "pass"),
    ],
)
def test_a_duplicate_has_four_of_five_lines_in_three_days(earlier, result):
    assert found(replace(FINE, at=NOW, earlier=(earlier,)), verification.DUPLICATE)[0] == result


@pytest.mark.parametrize(
    ("line1", "other", "same"),
    [
        ("Hauptstraße 5", "Haupt-Str. 5", True),
        ("5 Main Street", "5 main st", True),
        ("Hauptstraße 5", "Hauptsraße 5", True),
        ("Hauptstraße 5", "Hauptstraße 7", False),
        ("Hauptstraße 5", "Gartenweg 5", False),
    ],
)
def test_an_address_is_the_same_however_it_is_written(line1, other, same):
    assert is_same_address(replace(BERLIN, line1=line1), replace(BERLIN, line1=other)) is same


def test_two_flats_and_two_families_are_two_addresses():
    assert not is_same_address(replace(BERLIN, line2="Flat 4"), replace(BERLIN, line2="Flat 5"))
    assert not is_same_address(replace(BERLIN, name="Ada Byron"), replace(BERLIN, name="Grace Hopper"))
    assert is_same_address(replace(BERLIN, name="Ada Byron"), replace(BERLIN, name="William Byron"))


def test_more_than_ever_is_unusual_for_what_has_a_habit():
    line = replace(FINE.lines[0], quantity=61)
    facts = replace(FINE, lines=(line,), habits={"MUG": Habit(lines=10, most=20)})
    assert found(facts, verification.QUANTITY) == (
        "fail",
        "Unusual quantity: 61 × MUG; of this the most was 20 in a year",
    )
    assert found(replace(facts, lines=(replace(line, quantity=60),)), verification.QUANTITY)[0] == "pass"
    assert found(replace(facts, habits={"MUG": Habit(lines=9, most=20)}), verification.QUANTITY)[0] == "pass"
    theirs = replace(facts, habits={}, habit=Habit(lines=5, most=2))
    assert "the most of this customer was 2" in found(theirs, verification.QUANTITY)[1]


def test_it_takes_two_signs_to_be_a_risk():
    thrown = replace(FINE, email="ada@mail.mailinator.com")
    assert found(thrown, verification.RISK) == ("pass", "")
    rich = replace(thrown, is_first=True, total=Decimal(500))
    said = "Signs of a risk: first order for 500.00 EUR, a mailbox for one day at mail.mailinator.com"
    assert found(rich, verification.RISK) == ("warn", said)
    far = replace(
        FINE, bill_to=replace(BERLIN, country="AT", postal_code="1010"), disposable=frozenset({"example.com"})
    )
    assert "goods to Germany but the invoice to another country" in found(far, verification.RISK)[1]
    often = replace(far, bill_to=None, at=NOW, earlier=tuple(before(n) for n in range(4)))
    assert "5 orders in 24 h" in found(often, verification.RISK, {"risk": "hold"})[1]


def test_a_channel_sets_its_own_limits():
    def ask(name: str, limits: dict, **changes: object) -> str:
        (one,) = verification.verify(replace(FINE, **changes), {}, {name: limits}, only=[name])
        return str(one["result"])

    assert ask("discount", {"share": 10}, discount_total=Decimal("1.01")) == "fail"
    assert ask("total", {"tolerance": "0.05"}, expected_total=Decimal("11.94")) == "pass"
    assert ask("duplicate", {"hours": 100}, at=NOW, earlier=(before(90),)) == "fail"
    owing = {"on_credit": True, "exposure": Decimal(95), "credit_limit": Decimal(100), "credit_currency": "EUR"}
    assert [ask("credit", {"share": share}, **owing) for share in (100, 110)] == ["fail", "pass"]


# --- with the database ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_nearly_the_same_lines_three_days_later_stop_the_order(shop):
    for sku in ("A", "B", "C"):
        make_priced_product(sku, "3.00", stock={"HAM": 50})
    lines = {"MUG-RED": 2, "TEA-1": 1, "A": 1, "B": 1, "C": 1}
    first = placed_order(lines)
    Order.objects.filter(pk=first.pk).update(placed_at=timezone.now() - timedelta(hours=70))

    again = placed_order({**lines, "C": 3})

    assert again.hold_reason == f"80 % of the lines as in {first.number} of the same customer, 70 h before"
    assert placed_order({"MUG-RED": 2, "TEA-1": 1, "A": 1}).active_holds == 0


@pytest.mark.django_db
def test_habits_are_of_accepted_orders_and_stop_what_was_never_ordered(shop):
    for number in range(10):
        confirmed_order({"MUG-RED": 2}, email=f"b{number}@example.com", external_reference=f"R-{number}")
    placed_order({"MUG-RED": 90}, email="wait@example.com")

    assert services.note_habits() == 11
    assert ProductHabit.objects.values_list("product__sku", "lines", "most").get() == ("MUG-RED", 10, 2)
    assert CustomerHabit.objects.count() == 10

    many = placed_order({"MUG-RED": 21}, email="new@example.com")
    assert many.hold_reason == "Unusual quantity: 21 × MUG-RED; of this the most was 2 in a year"


@pytest.mark.django_db
def test_what_is_corrected_lets_the_order_go_on_and_is_told(shop):
    order = placed_order(shipping_address=WRONG, payment_terms="net14")
    Order.objects.filter(pk=order.pk).update(shipping_address=ADA.as_dict())

    services.recheck_order(order.pk, changed=["addresses"], actor=MAYA)

    hold, stands = Hold.objects.get(order=order), anew(order)
    assert (hold.status, hold.release_note, hold.released_by) == (
        "released",
        "checked again, and in order now",
        "staff:maya",
    )
    assert (stands.status, stands.active_holds, results(stands)["address"]) == ("confirmed", 0, "pass")
    assert CheckCatch.objects.values_list("name", "stopped", "outcome").get() == ("address", True, "corrected")
    said = EventRecord.objects.get(name="orders.checks_repeated")
    assert said.payload["said"] == "everything that stopped the order is in order now"


@pytest.mark.django_db
def test_what_got_wrong_holds_the_next_step_and_only_what_is_touched_is_asked(shop):
    order = confirmed_order()
    Order.objects.filter(pk=order.pk).update(shipping_address=WRONG.as_dict())

    services.recheck_order(order.pk, changed=["terms"], actor=MAYA)
    assert anew(order).active_holds == 0
    services.recheck_order(order.pk, changed=["addresses"], actor=MAYA)

    stands = anew(order)
    assert (stands.active_holds, stands.blocked_transitions) == (1, ["release"])
    assert stands.hold_reason == "Postcode 1 does not fit Germany"
    assert services.waive_check(order.pk, "address", reason="a locker", actor=MAYA).active_holds == 0


@pytest.mark.django_db
def test_a_waiver_holds_as_long_as_its_check_looks_at_the_same(shop):
    order = placed_order(shipping_address=WRONG)
    services.waive_check(order.pk, "address", reason="a locker", actor=MAYA)

    services.recheck_order(order.pk, actor=MAYA)
    assert results(anew(order))["address"] == "waived"

    other = replace(WRONG, line1="9 Other St")
    Order.objects.filter(pk=order.pk).update(shipping_address=other.as_dict())
    services.recheck_order(order.pk, changed=["addresses"], actor=MAYA)
    assert (results(anew(order))["address"], anew(order).active_holds) == ("fail", 1)
    assert set(CheckCatch.objects.values_list("outcome", flat=True)) == {"waived", "open"}


@pytest.mark.django_db
def test_credit_is_looked_at_again_without_the_order_itself(shop):
    linde = company(credit_limit=Decimal("40.00"))
    placed_order(customer_id=linde.pk, payment_terms="net14")
    second = placed_order({"MUG-RED": 3}, customer_id=linde.pk, payment_terms="net14")
    services.recheck_order(second.pk, changed=["terms"], actor=MAYA)
    assert anew(second).hold_reason == "45.74 EUR on account would exceed the limit of 40.00 EUR"

    Customer.objects.filter(pk=linde.pk).update(credit_limit=Decimal("45.74"))
    services.recheck_order(second.pk, changed=["terms"], actor=MAYA)
    assert anew(second).status == "confirmed"


@pytest.mark.django_db
def test_a_given_price_is_compared_again_and_ours_is_not(shop):
    cheap = placed_order([LineInput(sku="MUG-RED", quantity=1, unit_price=Decimal("1.00"))])
    ours = placed_order({"TEA-1": 4}, email="g@example.com")
    change_channel(checks={"price": "hold"}, check_limits={"price": {"lowest": 10}})

    services.recheck_order(cheap.pk, actor=MAYA)
    services.recheck_order(ours.pk, actor=MAYA)

    assert (anew(cheap).status, results(anew(ours))["price"]) == ("verified", "pass")


@pytest.mark.django_db
def test_who_was_told_apart_is_not_compared_again(shop):
    first, twin = placed_order(), placed_order()
    services.recheck_order(twin.pk, actor=MAYA)
    assert anew(twin).active_holds == 1
    services.recheck_order(first.pk, actor=MAYA)
    assert anew(first).active_holds == 0

    ToldApart.objects.create(earlier=first, later=twin, by="staff:maya")
    services.recheck_order(twin.pk, actor=MAYA)
    assert (anew(twin).active_holds, anew(twin).status) == (0, "verified")


@pytest.mark.django_db
def test_what_is_over_is_not_checked_again(shop):
    order = placed_order()
    services.cancel_order(order.pk, reason="typo", actor=SYSTEM)
    with pytest.raises(TooLateToChange):
        services.recheck_order(order.pk, actor=MAYA)
