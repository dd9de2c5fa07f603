"""What helps against exceptions: each way is offered with what it costs, taken at once, and closes what it solved."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from core import invariants, roles
from core.actors import SYSTEM, Actor
from core.models import EventRecord, OutgoingMail, User
from customers.addresses import PostalAddress
from fulfillment import services as fulfillment
from fulfillment.errors import NotPlanned
from fulfillment.models import FulfillmentOrder, Shipment
from inventory import services as inventory
from inventory.models import Product
from orders import remedies, services
from orders.errors import ExceptionNotOpen, MayNotChange
from orders.models import Order, OrderException
from tests.factories.shop import make_priced_product
from tests.orders import rulesets
from tests.scenarios import anew, confirmed_order, placed_order, run_debts, shipped_order

pytestmark = pytest.mark.django_db
MAYA = Actor("staff", "maya", frozenset({"orders.change_order", "orders.approve_change"}))
LIST = "/admin/orders/orderexception/"


def offered(exception):
    """Return what is offered against an exception, by code."""
    fresh = OrderException.objects.select_related("order__channel").get(pk=exception.pk)
    return {
        one.code: offer.sentences
        for one in remedies.for_kind(fresh.category)
        if (offer := remedies.offer_of(one, fresh)) is not None
    }


@pytest.fixture
def lacking(shop):
    """Return the exception of an order for 5 mugs and a tea, of whose mugs 2 are lost."""
    Product.objects.filter(sku="MUG-RED").update(backorder=True)
    for shelf in shop.mug.stock_items.all():
        keep = 5 if shelf.warehouse == shop.hamburg else 0
        inventory.adjust_stock(stock_item_id=shelf.pk, change=keep - shelf.on_hand, reason="-", actor=SYSTEM)
    order = confirmed_order({"MUG-RED": 5, "TEA-1": 1}, ship_complete=True)
    shelf = shop.mug.stock_items.get(warehouse=shop.hamburg)
    inventory.adjust_stock(stock_item_id=shelf.pk, change=-2, reason="broken", actor=SYSTEM)
    run_debts()
    found = OrderException.objects.get(order=order)
    assert (found.category, order.lines.get(sku="MUG-RED").backordered) == ("shortfall", 2)
    return found


def test_what_is_missing_is_cancelled_for_what_it_cost(lacking):
    before = lacking.order.total
    assert offered(lacking)["cancel_missing"][:2] == (
        "2 × MUG-RED is taken off the order, the rest of it stays.",
        "The order comes to €28.05 instead of €39.99.",
    )

    services.cancel_missing(lacking.pk, reason="sold out", actor=MAYA)

    order, mugs = anew(lacking.order), lacking.order.lines.get(sku="MUG-RED")
    assert (mugs.wanted, mugs.backordered, order.open_exceptions) == (3, 0, 0)
    assert before - (order.total - order.cancelled_total) == Decimal("11.94")
    lacking.refresh_from_db()
    assert (lacking.status, lacking.resolution) == ("resolved", "What was missing was cancelled")
    with pytest.raises(ExceptionNotOpen):
        services.cancel_missing(lacking.pk, reason="twice", actor=MAYA)


def test_something_like_it_is_sent_instead(lacking, shop):
    blue = make_priced_product("MUG-BLUE", "6.00", stock={"HAM": 9})

    assert "substitute" in offered(lacking)
    services.substitute_missing(lacking.pk, sku=blue.sku, actor=MAYA)

    wanted = {line.sku: line.wanted for line in lacking.order.lines.all()}
    assert wanted == {"MUG-RED": 3, "TEA-1": 1, "MUG-BLUE": 2}
    assert anew(lacking.order).open_exceptions == 0


def test_what_is_here_leaves_and_the_rest_follows_with_its_day(lacking, shop):
    assert "in_part" in offered(lacking)

    services.send_in_part(lacking.pk, actor=MAYA)

    order = anew(lacking.order)
    assert (order.ship_complete, order.open_exceptions) == (False, 0)
    assert order.lines.get(sku="MUG-RED").backordered == 2
    assert "in_part" not in offered(lacking)


def test_an_edit_that_somebody_has_to_agree_to_is_not_taken_behind_his_back(lacking):
    order = lacking.order
    type(order.channel).objects.filter(pk=order.channel_id).update(change_limits={"Order desk": "1.00"})
    maya = User.objects.create_user("maya")
    roles.ensure_roles()
    maya.groups.add(roles.group_of("desk"))

    with pytest.raises(MayNotChange):
        services.cancel_missing(
            lacking.pk, reason="sold out", actor=Actor("staff", "maya", frozenset({"orders.change_order"}))
        )

    assert (anew(order).version, anew(order).changes.count()) == (order.version, 0)
    assert OrderException.objects.get(pk=lacking.pk).status == "open"


def test_a_wrong_address_is_corrected_where_the_check_found_it(shop):
    nowhere = PostalAddress(name="Ada", line1="1 Main St", city="Berlin", postal_code="1", country="DE")
    placed_order(shipping_address=nowhere)
    run_debts()
    found = OrderException.objects.get(category="check")
    assert found.payload["check"] == "address"

    still_wrong = PostalAddress(**{**nowhere.as_dict(), "postal_code": "22"})
    services.correct_address(found.pk, address=still_wrong, actor=MAYA)
    assert OrderException.objects.get(pk=found.pk).status == "open"
    right = PostalAddress(**{**nowhere.as_dict(), "postal_code": "10115"})
    services.correct_address(found.pk, address=right, actor=MAYA)

    order = Order.objects.get()
    assert (order.active_holds, order.open_exceptions, order.shipping_address["postal_code"]) == (0, 0, "10115")
    assert OrderException.objects.get(pk=found.pk).resolution == "The address was corrected"


def test_the_customer_is_written_to_from_what_usually_is_said(lacking, client, staff):
    page = f"{LIST}{lacking.pk}/do/write/"
    Order.objects.filter(pk=lacking.order_id).update(language="de", customer_name="Ada")
    text = staff.get(page).context_data["form"]["text"].value()
    assert "Ada" in text
    assert str(lacking.order.number) in text

    staff.post(page, {"text": text})
    run_debts()

    assert OutgoingMail.objects.filter(kind="order_comment").count() == 1
    assert OrderException.objects.get(pk=lacking.pk).status == "open"
    told = EventRecord.objects.get(name="orders.exception_told")
    assert told.payload["exception_id"] == lacking.pk


def test_what_somebody_opened_again_is_not_closed_by_itself(lacking):
    order = lacking.order
    services.cancel_order(order.pk, reason="-", actor=SYSTEM)
    run_debts()
    assert OrderException.objects.get(pk=lacking.pk).status == "resolved"

    services.reopen_exception(lacking.pk, reason="he calls every day", actor=MAYA)

    assert (services.sweep_exceptions(), services.close_what_is_over(order.pk)) == (0, 0)
    assert OrderException.objects.get(pk=lacking.pk).status == "open"


def test_lateness_that_somebody_knows_of_is_told_again_only_when_another_day_passes(shop):
    order = confirmed_order()
    today = timezone.localdate()
    Order.objects.filter(pk=order.pk).update(promised_on=today - timedelta(days=3))
    assert services.watch_late() == 1
    services.close_exception(OrderException.objects.get().pk, resolution="He knows", actor=MAYA)

    assert services.watch_late() == 0
    later = timezone.now() + timedelta(days=9)
    Order.objects.filter(pk=order.pk).update(promised_on=today + timedelta(days=5))
    assert services.watch_late(later) == 1
    first, second = OrderException.objects.order_by("pk")
    assert (first.resolution, second.earlier, second.payload["promised_on"]) == (
        "He knows",
        first,
        (today + timedelta(days=5)).isoformat(),
    )


def test_of_two_who_send_it_from_elsewhere_the_second_is_told_that_it_is_done(shop):
    order = confirmed_order({"MUG-RED": 5})
    run_debts()
    work = FulfillmentOrder.objects.get(order=order)
    fulfillment.release_fulfillment(work.pk, actor=SYSTEM)
    fulfillment.start_picking(work.pk, actor=SYSTEM)
    fulfillment.pick(work.pk, picked={order.lines.get().pk: 3}, actor=SYSTEM)
    found = OrderException.objects.get(category="short_pick")
    assert found.order == order

    fulfillment.reroute_for_exception(found.pk, actor=MAYA)
    there = FulfillmentOrder.objects.get(order=order, status="planned").warehouse_id
    with pytest.raises(ExceptionNotOpen):
        fulfillment.reroute_for_exception(found.pk, actor=MAYA)

    assert there != work.warehouse_id
    assert FulfillmentOrder.objects.get(order=order, status="planned").warehouse_id == there


@pytest.fixture
def books_balance():
    """Ask every invariant at the end."""
    yield
    findings = [invariants.ask(one) for one in invariants.INVARIANTS]
    findings += [check() for _code, _name, check in invariants.CUSTOM]
    assert {finding.name: finding.breaches for finding in findings if finding.breaches} == {}


def stock_up(shop, hamburg, munich):
    """Let so many mugs be free in each place."""
    for shelf in shop.mug.stock_items.all():
        wanted = hamburg if shelf.warehouse == shop.hamburg else munich
        if change := wanted - shelf.available:
            inventory.adjust_stock(stock_item_id=shelf.pk, change=change, reason="-", actor=SYSTEM)


def test_a_part_of_what_was_not_found_is_sent_from_elsewhere_and_the_rest_stays_asked_for(shop, books_balance):
    order = confirmed_order({"MUG-RED": 6, "TEA-1": 1})
    run_debts()
    work = FulfillmentOrder.objects.get(order=order)
    stock_up(shop, 0, 3)
    fulfillment.release_fulfillment(work.pk, actor=SYSTEM)
    fulfillment.start_picking(work.pk, actor=SYSTEM)
    lines = {line.sku: line.pk for line in order.lines.all()}
    fulfillment.pick(work.pk, picked={lines["MUG-RED"]: 1, lines["TEA-1"]: 1}, actor=SYSTEM)
    found = OrderException.objects.get(category="short_pick")
    rest = FulfillmentOrder.objects.get(order=order, status="planned")
    assert "from_elsewhere" not in offered(found)
    assert offered(found)["part_from_elsewhere"][0] == (
        "Warehouse MUC sends 3 × MUG-RED in a parcel of its own; for the rest the exception stays open."
    )

    fulfillment.reroute_part_for_exception(found.pk, actor=MAYA)

    planned = FulfillmentOrder.objects.filter(order=order, status="planned").order_by("pk")
    assert [(one.warehouse.code, one.lines.get().quantity) for one in planned] == [
        (rest.warehouse.code, 2),
        ("MUC", 3),
    ]
    found.refresh_from_db()
    assert (found.status, found.title, found.payload["missing"]) == (
        "open",
        "2 × MUG-RED not found in HAM",
        {"MUG-RED": 2},
    )
    solved = EventRecord.objects.get(name="orders.exception_narrowed")
    assert solved.payload["solved"] == "Warehouse MUC sends 3 × MUG-RED"
    assert anew(order).open_exceptions == 1
    with pytest.raises(NotPlanned):
        fulfillment.reroute_part_for_exception(found.pk, actor=MAYA)


def test_what_is_missing_comes_from_where_the_rules_would_not_send_it(shop, books_balance):
    rulesets.active(rulesets.rule("exclude", "MUC"))
    Product.objects.filter(sku="MUG-RED").update(backorder=True)
    stock_up(shop, 3, 9)
    order = confirmed_order({"MUG-RED": 5})
    run_debts()
    lost = services.open_exception(
        category="backorder", title="2 × MUG-RED missing", dedupe_key=f"late:{order.pk}", order_id=order.pk
    )
    Order.objects.filter(pk=order.pk).update(promised_on=timezone.localdate() - timedelta(days=1))
    assert order.lines.get().backordered == 2
    assert offered(lost)["fetch_missing"][0] == (
        "Warehouse MUC sends 2 × MUG-RED, which the rules would not do by themselves."
    )

    services.fetch_missing(lost.pk, actor=MAYA)
    run_debts()

    assert (order.lines.get().allocated, order.lines.get().backordered) == (5, 0)
    works = FulfillmentOrder.objects.filter(order=order).order_by("pk")
    assert [(one.warehouse.code, one.lines.get().quantity) for one in works] == [("HAM", 3), ("MUC", 2)]
    lost.refresh_from_db()
    assert (lost.status, lost.resolution) == ("resolved", "Warehouse MUC sends what was missing")
    assert EventRecord.objects.filter(name="orders.filled_by_hand").count() == 1
    with pytest.raises(ExceptionNotOpen):
        services.fetch_missing(lost.pk, actor=MAYA)


def test_less_urgent_orders_give_what_is_missing_after_all_were_shown(shop, staff, books_balance):
    Product.objects.filter(sku="MUG-RED").update(backorder=True)
    stock_up(shop, 4, 0)
    giver = confirmed_order({"MUG-RED": 4}, email="bob@example.com")
    taker = confirmed_order({"MUG-RED": 2})
    run_debts()
    services.set_priority(taker.pk, 100, reason="-", actor=MAYA)
    lacks = services.open_exception(
        category="shortfall", title="Lost", dedupe_key=services.shortfall_key(taker.pk), order_id=taker.pk
    )
    page = f"{LIST}{lacks.pk}/do/take_units/"
    form = staff.get(page).context_data["form"]
    assert [str(label) for _key, label in form.fields["givers"].choices] == [giver.number]

    refused = staff.post(page, {"givers": [], "reason": "VIP"})
    assert "givers" in refused.context_data["form"].errors
    assert taker.lines.get().backordered == 2
    staff.post(page, {"givers": form["givers"].value(), "reason": "VIP"})

    assert (taker.lines.get().backordered, giver.lines.get().backordered) == (0, 2)
    lacks.refresh_from_db()
    assert (lacks.status, lacks.resolution) == ("resolved", "Its units came from less urgent orders")


def test_a_parcel_counts_as_arrived_only_while_its_exception_is_open(shop):
    parcel = Shipment.objects.get(order=shipped_order({"TEA-1": 1}))
    fulfillment.lose_shipment(parcel.pk, actor=SYSTEM)
    found = OrderException.objects.get(category="parcel_lost")
    services.close_exception(found.pk, resolution="Paid by the carrier", actor=MAYA)

    with pytest.raises(ExceptionNotOpen):
        fulfillment.count_as_arrived(found.pk, actor=MAYA)

    assert Shipment.objects.get(pk=parcel.pk).status == "lost"


def test_warnings_close_as_soon_as_their_order_is_over(shop):
    order = placed_order()
    Order.objects.filter(pk=order.pk).update(at_risk_on=order.promised_on)
    for category, key in (("promise", f"promise:{order.pk}"), ("payment", f"part-payment:{order.pk}")):
        services.open_exception(category=category, title="T", dedupe_key=key, order_id=order.pk)
    provider = services.open_exception(
        category="payment", title="T", dedupe_key="provider-payment:P", order_id=order.pk
    )

    services.cancel_order(order.pk, reason="-", actor=SYSTEM)
    run_debts()

    # Money at the provider that fits nowhere is for a person to settle.
    assert list(OrderException.objects.exclude(closed_at=None).values_list("category", flat=True).order_by("pk")) == [
        "promise",
        "payment",
    ]
    assert OrderException.objects.get(closed_at=None) == provider


def test_nobody_sees_a_button_he_may_not_press(shop, client):
    checked = placed_order(expected_total=Decimal("22.00"))
    run_debts()
    found = OrderException.objects.get(order=checked)
    roles.ensure_roles()
    tom = User.objects.create_user("tom", is_staff=True)
    tom.groups.add(roles.group_of("warehouse"))
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")

    shown = client.get(LIST, {"state": "open"}).content.decode()
    assert str(checked.number) in shown
    assert f"{LIST}{found.pk}/do/pass/" not in shown
    assert client.get(f"{LIST}{found.pk}/do/pass/").status_code == 403
    assert client.post(f"{LIST}{found.pk}/do/pass/", {"reason": "x"}).status_code == 403
    assert anew(checked).active_holds == 1


def test_what_may_be_done_about_anything_is_not_what_helps_best(shop, client):
    order = confirmed_order()
    given_up = services.open_exception(
        category="dead_debt", title="Given up", dedupe_key="debt:1", order_id=order.pk, payload={"delivery": 1}
    )
    roles.ensure_roles()
    maya = User.objects.create_user("maya", is_staff=True)
    maya.groups.add(roles.group_of("desk"))
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")

    shown = client.get(LIST, {"state": "open"}).content.decode()

    assert "Given up" in shown
    assert f"{LIST}{given_up.pk}/do/" not in shown
    assert f"{LIST}{given_up.pk}/do/write/" in client.get(f"{LIST}{given_up.pk}/change/").content.decode()


def test_the_list_and_the_page_cost_the_same_however_many_there_are(shop, staff, django_assert_num_queries):
    def late(number):
        order = confirmed_order({"TEA-1": 1}, email=f"late{number}@example.com")
        Order.objects.filter(pk=order.pk).update(promised_on=timezone.localdate() - timedelta(days=1))

    late(1)
    run_debts()
    services.watch_late()
    staff.get(LIST, {"state": "open"})
    with django_assert_num_queries(LIST_QUERIES):
        staff.get(LIST, {"state": "open"})
    for number in range(2, 6):
        late(number)
    run_debts()
    services.watch_late()
    with django_assert_num_queries(LIST_QUERIES):
        staff.get(LIST, {"state": "open"})
    page = f"{LIST}{OrderException.objects.earliest('pk').pk}/change/"
    staff.get(page)
    with django_assert_num_queries(PAGE_QUERIES):
        staff.get(page)


# One of them: whether a cancellation would credit an invoice, or discard a draft.
LIST_QUERIES, PAGE_QUERIES = 5, 16
