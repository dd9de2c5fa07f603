"""Stock of work that nobody has begun goes to a more urgent order: shown first, done in one go, lost once."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.invariants import questions
from core.models import EventRecord
from customers import services as customers
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentLine, FulfillmentOrder
from inventory import services as inventory
from inventory.models import Allocation, Product
from orders import services
from orders.errors import LooksDifferent, NothingToTake
from orders.models import Order
from orders.weights import forget
from tests.factories.catalog import stock_of
from tests.factories.shop import make_priced_product
from tests.scenarios import anew, confirmed_order

pytestmark = pytest.mark.django_db
MAYA = Actor("staff", "maya")


@pytest.fixture(autouse=True)
def _own_weights():
    forget()
    yield
    forget()


@pytest.fixture
def rare(shop) -> Product:
    return make_priced_product("RARE", "9.00", backorder=True, stock={"HAM": 4})


def order(units: int, **given: object) -> Order:
    return confirmed_order({"RARE": units}, email=f"buyer{Order.objects.count()}@example.com", **given)


def state(one: Order) -> tuple[int, int, str]:
    line = anew(one).lines.get()
    return line.allocated, line.backordered, anew(one).allocation_status


def everything() -> list[object]:
    """Return all that a preview must leave as it is."""
    rows = Allocation.objects.order_by("pk").values_list("pk", "quantity", "released")
    orders = Order.objects.order_by("pk").values_list("pk", "promised_on", "ship_by_on", "updated_at", "version")
    return [list(rows), list(orders), EventRecord.objects.count(), FulfillmentOrder.objects.count()]


def breaches() -> list[str]:
    return [name for _code, name, check in questions() if check().breaches]


def take(one: Order, **given):
    found = services.preview_taking(one.pk)
    agreed = {loss.order.pk: loss.after for loss in found.losses}
    return services.take_units(one.pk, **{"agreed": agreed, "reason": "fair", "actor": MAYA, **given})


def test_the_preview_says_who_loses_which_day_and_changes_nothing(shop, rare, run_debts):
    giver = order(4)
    urgent = order(3, shipping_method="express")
    run_debts()
    before = [anew(giver).promised_on, anew(urgent).promised_on]
    as_it_was = everything()

    found = services.preview_taking(urgent.pk)

    [loss] = found.losses
    assert (loss.order, loss.units, loss.before) == (giver, {"RARE": 3}, before[0])
    assert loss.after > loss.before
    assert loss.misses
    assert (found.units, found.before, found.still_missing) == ({"RARE": 3}, before[1], 0)
    assert found.after < found.before
    assert everything() == as_it_was
    assert (state(giver), state(urgent)) == ((4, 0, "allocated"), (0, 3, "backordered"))


def test_one_click_does_what_the_preview_said(shop, rare, run_debts):
    giver, urgent = order(4), order(3, shipping_method="express")
    run_debts()
    shown = services.preview_taking(urgent.pk)

    take(urgent)
    run_debts()

    assert (state(giver), state(urgent)) == ((1, 3, "partial"), (3, 0, "allocated"))
    assert (anew(giver).promised_on, anew(urgent).promised_on) == (shown.losses[0].after, shown.after)
    assert anew(giver).first_promised_on == shown.losses[0].before
    assert anew(giver).lines.get().promised_on == shown.losses[0].after
    assert (stock_of(rare).on_hand, stock_of(rare).reserved) == (4, 4)
    assert breaches() == []


def test_who_gives_from_two_warehouses_waits_once_for_what_comes(shop, rare, run_debts):
    inventory.receive_stock(warehouse_id=shop.munich.pk, units={rare.pk: 2}, actor=SYSTEM)
    giver, urgent = order(6), order(6, shipping_method="express")
    day = timezone.localdate() + timedelta(days=3)
    inventory.expect_receipt(
        product_id=rare.pk, warehouse_id=shop.hamburg.pk, quantity=2, expected_on=day, actor=SYSTEM
    )
    run_debts()

    take(urgent)

    waits = [one for one in anew(giver).sourcing["parcels"] if one["kind"] == "backorder"]
    assert [(one["warehouse"], one["from"], one["lines"]) for one in waits] == [
        ("HAM", day.isoformat(), {"1": 2}),
        ("", None, {"1": 4}),
    ]


def test_both_histories_say_so_and_the_warehouse_follows(shop, rare, run_debts):
    giver, urgent = order(4), order(3, shipping_method="express")
    run_debts()
    assert FulfillmentLine.objects.get(fulfillment_order__order=giver).quantity == 4

    take(urgent)
    run_debts()

    given = EventRecord.objects.get(name="orders.units_given")
    taken = EventRecord.objects.get(name="orders.units_taken")
    assert (given.thread, given.payload["after"]) == (
        giver.history_thread(), {"units": "3 × RARE", "to": str(urgent)},
    )  # fmt: skip
    assert (taken.thread, taken.note, taken.actor) == (urgent.history_thread(), "fair", "staff:maya")
    moved = EventRecord.objects.get(name="orders.promise_changed", thread=giver.history_thread())
    assert (moved.payload["cause"], moved.payload["after"]) == ("given", anew(giver).promised_on.isoformat())
    assert FulfillmentLine.objects.get(fulfillment_order__order=giver).quantity == 1
    assert FulfillmentLine.objects.get(fulfillment_order__order=urgent).quantity == 3


def test_the_least_urgent_gives_first_and_only_as_much_as_is_missing(shop, rare):
    first, second = order(2), order(2)
    services.bump_order(first.pk, points=-20, reason="can wait", actor=MAYA)
    urgent = order(3, shipping_method="express")

    take(urgent)

    assert (state(first), state(second)) == ((0, 2, "backordered"), (1, 1, "partial"))


def test_nobody_more_urgent_and_nothing_begun_gives(shop, rare, run_debts):
    begun, ahead = order(2), order(2, shipping_method="express")
    run_debts()
    fulfillment.release_order(begun.pk, actor=SYSTEM)
    late = order(3)
    services.bump_order(late.pk, points=5, reason="why", actor=MAYA)

    assert services.preview_taking(late.pk) is None
    with pytest.raises(NothingToTake):
        services.take_units(late.pk, agreed={begun.pk: None, ahead.pk: None}, reason="why", actor=MAYA)
    assert (state(begun)[0], state(ahead)[0]) == (2, 2)


def test_who_would_lose_more_than_was_shown_loses_nothing(shop, rare):
    giver, urgent = order(4), order(3, shipping_method="express")

    with pytest.raises(LooksDifferent):
        take(urgent, agreed={giver.pk: timezone.localdate()})

    assert (state(giver), state(urgent)) == ((4, 0, "allocated"), (0, 3, "backordered"))


def test_a_second_click_takes_nothing_more(shop, rare):
    giver, urgent = order(4), order(3, shipping_method="express")
    agreed = {giver.pk: services.preview_taking(urgent.pk).losses[0].after}
    take(urgent)

    assert services.preview_taking(urgent.pk) is None
    with pytest.raises(NothingToTake):
        services.take_units(urgent.pk, agreed=agreed, reason="again", actor=MAYA)
    assert state(giver) == (1, 3, "partial")


@pytest.mark.django_db(transaction=True)
def test_two_take_from_the_same_order_at_once_and_it_loses_once(shop, rare, concurrently):
    """Fails without its guard: without the row locks of `_take_in_hand` the second reads what the first is just taking
    away, and is stopped only at the shelf (NotReserved) instead of being told that somebody was quicker."""
    giver = order(4)
    urgent = [order(4, shipping_method="express") for _ in range(2)]
    agreed = {giver.pk: date.max}

    def click(one: Order):
        return lambda: services.take_units(one.pk, agreed=agreed, reason="fair", actor=MAYA)

    outcomes = concurrently(*[click(one) for one in urgent], raising=False)

    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    assert [type(error) for error in errors] == [NothingToTake]
    assert sorted(state(one)[0] for one in urgent) == [0, 4]
    assert state(giver) == (0, 4, "backordered")
    assert (stock_of(rare).on_hand, stock_of(rare).reserved) == (4, 4)
    assert Allocation.objects.filter(reservation=giver.reservation_id).get().released == 4
    assert breaches() == []


# --- by itself ----------------------------------------------------------------------------------


@pytest.fixture
def key_account(shop):
    customers.create_group("key", "Key accounts", actor=SYSTEM)
    services.change_weights({"groups": {"key": 25}, "may_take": ["key"]}, note="x", actor=SYSTEM)
    return customers.create_customer(
        customers.CustomerInput(name="Linde", email="l@example.com", group="key"), actor=SYSTEM
    )


def expect(shop, rare: Product, units: int, *, on: date) -> None:
    inventory.expect_receipt(
        product_id=rare.pk, warehouse_id=shop.hamburg.pk, quantity=units, expected_on=on, actor=SYSTEM
    )


def test_a_group_that_may_takes_by_itself_from_who_keeps_the_promise(shop, rare, run_debts, key_account):
    """The giver wants its goods in a month, and new ones come in a week."""
    later = timezone.localdate() + timedelta(days=30)
    giver = order(4, requested_delivery_on=later, ship_complete=True)
    expect(shop, rare, 10, on=timezone.localdate() + timedelta(days=7))

    urgent = confirmed_order({"RARE": 3}, customer_id=key_account.pk, email="")
    run_debts()

    assert (state(urgent), state(giver)) == ((3, 0, "allocated"), (1, 3, "partial"))
    assert anew(giver).promised_on == giver.promised_on
    assert EventRecord.objects.get(name="orders.units_taken").actor == "system"


def test_nothing_is_taken_by_itself_from_who_would_miss_the_promise(shop, rare, run_debts, key_account):
    giver = order(4)
    urgent = confirmed_order({"RARE": 3}, customer_id=key_account.pk, email="")
    run_debts()

    assert (state(urgent), state(giver)) == ((0, 3, "backordered"), (4, 0, "allocated"))
    assert anew(giver).promised_on == giver.promised_on
    assert not EventRecord.objects.filter(name="orders.units_given").exists()


def test_who_would_miss_it_is_spared_and_the_next_one_gives(shop, rare, run_debts, key_account):
    later = timezone.localdate() + timedelta(days=30)
    patient, tight = order(2, requested_delivery_on=later), order(2)
    expect(shop, rare, 10, on=timezone.localdate() + timedelta(days=7))

    urgent = confirmed_order({"RARE": 2}, customer_id=key_account.pk, email="")
    run_debts()

    assert (state(urgent)[0], state(patient)[0], state(tight)[0]) == (2, 0, 2)


def test_other_groups_take_nothing_by_themselves(shop, rare, run_debts, key_account):
    later = timezone.localdate() + timedelta(days=30)
    giver = order(4, requested_delivery_on=later, ship_complete=True)
    expect(shop, rare, 10, on=timezone.localdate() + timedelta(days=7))

    order(3, shipping_method="express")
    run_debts()

    assert state(giver) == (4, 0, "allocated")
    assert not EventRecord.objects.filter(name="orders.units_wanted").exists()


# --- the page -----------------------------------------------------------------------------------


def step(one: Order) -> str:
    return reverse("admin:orders_order_do", args=[one.pk, "take"])


def test_the_page_shows_who_loses_what_and_does_it(shop, rare, staff):
    giver, urgent = order(4), order(3, shipping_method="express")
    shown = services.preview_taking(urgent.pk).losses[0]

    page = staff.get(step(urgent)).content.decode()
    assert page.index(f">{giver}</label>") < page.index("Ada Byron, 50 points") < page.index("<td>3 × RARE</td>")
    assert "It gets 3 × RARE." in page
    said = {"givers": [f"{giver.pk}|{shown.after}"], "reason": "trade fair"}
    answer = staff.post(step(urgent), said)

    assert answer.status_code == 302
    assert (state(giver)[0], state(urgent)[0]) == (1, 3)


def test_a_day_that_has_changed_since_is_shown_anew_and_nothing_is_lost(shop, rare, staff):
    giver, urgent = order(4), order(3, shipping_method="express")

    answer = staff.post(step(urgent), {"givers": [f"{giver.pk}|2020-01-01"], "reason": "trade fair"})

    assert "Meanwhile something has changed" in answer.content.decode()
    assert "trade fair" in answer.content.decode()
    assert state(giver) == (4, 0, "allocated")


def test_an_order_that_misses_nothing_takes_nothing(shop, rare, staff):
    assert staff.get(step(order(1))).status_code == 409


def test_without_the_right_to_it_there_is_no_such_page(shop, rare, client, django_user_model):
    order(4)
    urgent = order(3, shipping_method="express")
    tom = django_user_model.objects.create_user("tom", password="x", is_staff=True)
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(step(urgent), {"givers": ["1|never"], "reason": "x"}).status_code in (302, 403)
    assert state(urgent)[0] == 0


@pytest.mark.parametrize(
    ("limits", "may"),
    [
        ({}, True),
        ({"channel": ["phone"]}, False),
        ({"channel": ["phone", "api"]}, True),
        ({"warehouse": ["MUC"]}, False),
        ({"warehouse": ["HAM"]}, True),
    ],
)
def test_who_is_limited_takes_nothing_from_what_is_not_there_for_him(
    shop, rare, client, django_user_model, limits, may
):
    giver, urgent = order(4), order(3, shipping_method="express", channel="phone")
    tom = django_user_model.objects.create_user("tom", password="x", is_staff=True, limits=limits)
    tom.user_permissions.set(Permission.objects.filter(codename__in=["view_order", "operate_order"]))
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")
    after = services.preview_taking(urgent.pk).losses[0].after

    page = client.get(step(urgent)).content.decode()
    client.post(step(urgent), {"givers": [f"{giver.pk}|{after}"], "reason": "fair"})

    assert (str(giver) in page) is may
    assert state(giver)[0] == (1 if may else 4)
