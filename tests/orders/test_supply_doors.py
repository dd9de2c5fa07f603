"""Where it is decided by which tax rate an order is invoiced: the desk, for one order and for many, and the API."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from core import roles
from core.actors import SYSTEM
from core.models import User
from fulfillment import services as fulfillment
from orders import services as orders
from orders.models import Order, OrderChange, OrderException
from orders.tasks import watch_rates
from pricing.models import Channel
from tests.factories.shop import Shop
from tests.orders.rates import day, priced, rate_begins
from tests.orders.test_supply import gross, old_order, opened, rates
from tests.scenarios import anew, confirmed_order, run_debts

pytestmark = pytest.mark.django_db
LIST = "/admin/orders/orderexception/"


def signed_in(role: str) -> Client:
    """Return a browser in which somebody with a role is signed in."""
    user = User.objects.create_user(f"{role}-person", password="x", is_staff=True)
    roles.ensure_roles()
    user.groups.add(roles.group_of(role))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(client: Client, address: str) -> str:
    """Return what a page says."""
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_page_says_what_either_way_means(shop: Shop) -> None:
    old_order()
    exception = opened()
    finance = signed_in("finance")
    said = page(finance, f"{LIST}{exception.pk}/do/tax_anew/")
    assert "The tax of the order is €3.98 instead of €4.73." in said
    assert "The order comes to €28.88 instead of €29.63." in said
    assert "Its prices are without tax and stay: what the customer pays moves with the tax." in said
    assert "ada@example.com gets a mail." in said
    assert "Its invoices say the rate of the order" in page(finance, f"{LIST}{exception.pk}/do/keep_rates/")


def test_prices_with_tax_are_said_to_stay(shop: Shop) -> None:
    gross()
    old_order()
    said = page(signed_in("finance"), f"{LIST}{opened().pk}/do/tax_anew/")
    assert "Its prices include tax, and stay: the customer pays the same" in said
    assert "gets a mail" not in said


def test_finance_taxes_anew_with_one_click(shop: Shop) -> None:
    order = old_order()
    exception = opened()
    signed_in("finance").post(f"{LIST}{exception.pk}/do/tax_anew/")
    assert rates(order) == [(1, 4, "0.16", "20.00", "23.20")]
    assert OrderException.objects.get(pk=exception.pk).status == "resolved"


def test_the_warehouse_does_not_decide(shop: Shop) -> None:
    order = old_order()
    exception = opened()
    warehouse = signed_in("warehouse")
    for step in ("tax_anew", "keep_rates"):
        assert warehouse.post(f"{LIST}{exception.pk}/do/{step}/", {"reason": "x"}).status_code == 403
    assert rates(order) == [(1, 4, "0.19", "20.00", "23.80")]


def test_many_are_decided_at_once_and_others_are_left_alone(shop: Shop) -> None:
    first = priced(confirmed_order({"MUG-RED": 1}), days_ago=4)
    second = priced(confirmed_order({"MUG-RED": 2}), days_ago=4)
    rate_begins("0.16", days_ago=1)
    assert watch_rates() == 2
    late = orders.open_exception(category="late", title="Late", dedupe_key="x", order_id=first.pk)
    ids = list(OrderException.objects.values_list("pk", flat=True))
    finance = signed_in("finance")
    asked = {"action": "tax_anew", "_selected_action": ids}
    finance.post(LIST, {**asked, "confirmed": "1"})
    assert [rates(one)[0][2] for one in (first, second)] == ["0.16", "0.16"]
    assert OrderException.objects.get(pk=late.pk).status == "open"


def test_who_needs_approval_waits_for_it(shop: Shop) -> None:
    order = old_order()
    roles.ensure_roles()
    Channel.objects.filter(code="api").update(change_limits={roles.group_of("finance").name: "0.10"})
    exception = opened()
    signed_in("finance").post(f"{LIST}{exception.pk}/do/tax_anew/")
    change = OrderChange.objects.get()
    assert (change.status, anew(order).total) == ("requested", order.total)
    assert OrderException.objects.get(pk=exception.pk).status == "open"
    signed_in("manager").post(f"/admin/orders/orderchange/{change.pk}/do/approve/", {"note": "Fine"})
    assert rates(order) == [(1, 4, "0.16", "20.00", "23.20")]
    orders.sweep_exceptions()
    assert OrderException.objects.get(pk=exception.pk).resolution == "The cause is gone"


def test_an_integration_may_tax_an_order_anew(shop: Shop, make_api: object) -> None:
    order = old_order()
    opened()
    url = f"/api/v1/orders/{order.number}/changes/"
    body = {"taxed_on": day(0).isoformat(), "version": anew(order).version}
    api = make_api("orders:read", "orders:write")  # type: ignore[operator]
    refused = api.post(url, body, format="json", HTTP_IDEMPOTENCY_KEY="a")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "tax_not_allowed")
    api = make_api("orders:read", "orders:write", "orders:price")  # type: ignore[operator]
    shown = api.post(url, {**body, "preview": True}, format="json", HTTP_IDEMPOTENCY_KEY="b").json()
    assert (shown["before"]["taxed_on"], shown["after"]["taxed_on"]) == (day(4).isoformat(), day(0).isoformat())
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    late = api.post(url, {**body, "taxed_on": tomorrow}, format="json", HTTP_IDEMPOTENCY_KEY="c")
    assert late.json()["errors"][0]["pointer"] == "/taxed_on"
    assert api.post(url, body, format="json", HTTP_IDEMPOTENCY_KEY="d").status_code == 201
    assert Order.objects.get(pk=order.pk).total == Decimal("28.88")
    orders.sweep_exceptions()
    assert not OrderException.objects.filter(status="open").exists()


def test_what_is_shipped_over_the_api_before_that_is_answered_with_the_reason(shop: Shop, api: object) -> None:
    order = old_order()
    run_debts()
    work = order.fulfillment_orders.get()
    fulfillment.release_fulfillment(work.pk, actor=SYSTEM)
    fulfillment.pick(work.pk, actor=SYSTEM)
    fulfillment.pack(work.pk, actor=SYSTEM)
    answer = api.post(  # type: ignore[attr-defined]
        f"/api/v1/fulfillment-orders/{work.number}/ship/", {}, format="json", HTTP_IDEMPOTENCY_KEY="a"
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "old_tax_rate")
    assert anew(order).fulfillment_status == "unfulfilled"
