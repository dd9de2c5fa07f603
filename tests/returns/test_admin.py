"""Returns at the desk: each step is a page that says what it does, and only its POST acts."""

import pytest
from django.contrib.auth.models import Permission

from orders.models import Order
from returns.models import ReturnLine, ReturnPolicy, ReturnRequest
from tests.factories.catalog import stock_of
from tests.factories.returns import authorized, days_ago, delivered_order, inspected, received, requested

pytestmark = pytest.mark.django_db
LIST = "/admin/returns/returnrequest/"


def page(found: ReturnRequest, *rest: str) -> str:
    return "/".join([LIST.rstrip("/"), str(found.pk), *rest, ""])


def text(response) -> str:
    return response.content.decode()


def test_the_whole_way_by_clicks(seller, staff, run_debts):
    order = delivered_order()
    line = order.lines.get(sku="MUG-RED")
    shelf = stock_of(seller.mug).on_hand
    form = f"{LIST}request/{order.pk}/"
    assert f"units_{line.pk}" in text(staff.get(form))
    assert not ReturnRequest.objects.exists()

    answer = staff.post(form, {f"units_{line.pk}": "1", "units_0": "1", "reason": "Too red", "note": ""})
    found = ReturnRequest.objects.get()
    assert answer["Location"] == page(found, "change")
    (row,) = ReturnLine.objects.all()
    steps = [
        ("authorize", {"warehouse": seller.hamburg.pk}, "authorized"),
        ("receive", {"warehouse": seller.hamburg.pk, f"units_{row.pk}": "1"}, "received"),
        (
            "inspect",
            {f"disposition_{row.pk}": "restock", f"resolution_{row.pk}": "refund", f"note_{row.pk}": "Like new"},
            "inspected",
        ),
        ("resolve", {}, "resolved"),
    ]
    for step, data, status in steps:
        before = ReturnRequest.objects.get().status
        assert staff.get(page(found, "do", step)).status_code == 200
        assert ReturnRequest.objects.get().status == before
        answer = staff.post(page(found, "do", step), data)
        assert answer.status_code == 302, text(answer)
        assert ReturnRequest.objects.get().status == status
        assert staff.get(page(found, "change")).status_code == 200
    run_debts()

    assert ReturnRequest.objects.get().status == "closed"
    assert stock_of(seller.mug).on_hand == shelf + 1
    shown = text(staff.get(page(found, "change")))
    for words in ("Like new", "5.95", "CN-000001", "Too red"):
        assert words in shown


def test_settling_says_what_will_be_credited_and_sent_back(seller, staff):
    found = inspected(delivered_order(), {"MUG-RED": 2, "TEA-1": 1})

    shown = text(staff.get(page(found, "do", "resolve")))

    assert "A credit note over €22.06, with delivery charges." in shown
    assert "€22.06 goes back to the customer." in shown
    assert "checked" in shown


def test_settling_an_unpaid_order_says_that_no_money_goes_back(seller, staff):
    found = inspected(delivered_order(paid=False), {"MUG-RED": 1})

    assert "No money goes back" in text(staff.get(page(found, "do", "resolve")))


def test_what_cannot_be_is_said_beside_the_field_and_nothing_is_lost(seller, staff):
    found = received(delivered_order(), {"MUG-RED": 1})
    (row,) = ReturnLine.objects.all()
    data = {
        f"disposition_{row.pk}": "back_to_customer",
        f"resolution_{row.pk}": "refund",
        f"note_{row.pk}": "Keep these words",
    }

    shown = text(staff.post(page(found, "do", "inspect"), data))

    assert "What goes back to the customer is not refunded." in shown
    assert "Keep these words" in shown
    assert ReturnRequest.objects.get().status == "received"


def test_a_withdrawal_offers_no_way_to_decline(seller, staff):
    found = requested(delivered_order(), {"MUG-RED": 1})

    assert "/do/decline/" not in text(staff.get(page(found, "change")))
    assert staff.post(page(found, "do", "decline"), {"reason": "No"}).status_code == 409
    assert ReturnRequest.objects.get().status == "requested"


def test_declining_needs_a_reason(seller, staff):
    found = requested(delivered_order(at=days_ago(20)), {"MUG-RED": 1})

    staff.post(page(found, "do", "decline"), {"reason": ""})
    assert ReturnRequest.objects.get().status == "requested"
    staff.post(page(found, "do", "decline"), {"reason": "Worn"})
    assert ReturnRequest.objects.get().status == "declined"


@pytest.mark.parametrize("step", ["travel", "cancel", "expire"])
def test_other_ends(seller, staff, step):
    found = authorized(delivered_order(), {"MUG-RED": 1})

    assert staff.post(page(found, "do", step), {"reason": ""}).status_code == 302
    status = {"travel": "in_transit", "cancel": "cancelled", "expire": "expired"}[step]
    assert ReturnRequest.objects.get().status == status


def test_those_who_may_only_look_find_no_steps_and_take_none(seller, client, django_user_model):
    found = requested(delivered_order(), {"MUG-RED": 1})
    user = django_user_model.objects.create_user("ines", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_returnrequest"))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    assert "/do/" not in text(client.get(page(found, "change")))
    assert client.post(page(found, "do", "authorize"), {"warehouse": seller.hamburg.pk}).status_code == 403
    assert client.get(f"{LIST}request/{found.order_id}/").status_code == 403


def test_the_list_takes_the_same_statements_however_long(seller, staff, django_assert_max_num_queries):
    order = delivered_order({"MUG-RED": 9})
    for _ in range(9):
        requested(order, {"MUG-RED": 1})

    with django_assert_max_num_queries(12):
        assert text(staff.get(LIST)).count("RMA-") >= 9


def test_the_page_takes_few_statements(seller, staff, django_assert_max_num_queries):
    found = inspected(delivered_order(), {"MUG-RED": 1})

    with django_assert_max_num_queries(20):
        staff.get(page(found, "change"))


def test_an_order_and_a_customer_show_their_returns(seller, staff):
    found = requested(delivered_order(), {"MUG-RED": 1})
    order = Order.objects.get()

    assert str(found.number) in text(staff.get(f"/admin/orders/order/{order.pk}/change/"))
    assert str(found.number) in text(staff.get(f"/admin/customers/customer/{order.customer_id}/change/"))


@pytest.mark.parametrize(
    ("data", "field"),
    [({"days": "30", "withdrawal_days": "10"}, "withdrawal_days"), ({"days": "10", "withdrawal_days": "14"}, "days")],
)
def test_a_policy_keeps_to_the_law(seller, staff, data, field):
    answer = staff.post("/admin/returns/returnpolicy/add/", {**data, "refunds_delivery": "on"})

    assert field in answer.context["adminform"].form.errors
    assert not ReturnPolicy.objects.exists()


def test_there_is_one_policy_for_all_channels(seller, staff):
    data = {"days": "60", "withdrawal_days": "14", "refunds_delivery": "on"}
    assert staff.post("/admin/returns/returnpolicy/add/", data).status_code == 302

    assert staff.post("/admin/returns/returnpolicy/add/", data).status_code == 200
    assert ReturnPolicy.objects.count() == 1
