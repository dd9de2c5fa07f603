"""Who used a promotion: on its page counted, and listed with the orders, page by page."""

from decimal import Decimal as D

import pytest
from django.contrib.auth.models import Permission

from core.actors import SYSTEM
from core.models import User
from orders import services as orders
from orders.models import Order
from pricing import services as pricing
from pricing.models import Promotion, Redemption
from tests.scenarios import placed_order

pytestmark = pytest.mark.django_db
LIST = "/admin/pricing/redemption/"


@pytest.fixture
def ten(shop) -> Promotion:
    """A code that three have used, of whom one cancelled."""
    made = Promotion.objects.create(code="TEN", name="Ten", kind="percent", value=D(10), max_uses=20)
    pricing.forget()
    for number in range(3):
        placed_order(coupon_codes=("TEN",), email=f"b{number}@example.com")
    orders.cancel_order(orders_of(made)[0].pk, reason="No", actor=SYSTEM)
    return made


def orders_of(promotion):

    numbers = Redemption.objects.filter(promotion=promotion).values("reference")
    return list(Order.objects.filter(number__in=numbers).order_by("pk"))


def test_the_page_of_a_promotion_says_how_often_it_was_used_and_leads_to_by_whom(ten, staff):
    way = f'<a href="{LIST}?promotion__id__exact={ten.pk}">2 of 20</a>'
    assert way in staff.get("/admin/pricing/promotion/").content.decode()
    assert way in staff.get(f"/admin/pricing/promotion/{ten.pk}/change/").content.decode()


def test_uses_are_listed_with_their_orders_filtered_and_counted(ten, staff, django_assert_max_num_queries):
    other = Promotion.objects.create(code="OTHER", name="Other", kind="percent", value=D(5), needs_code=True)
    pricing.forget()
    placed_order(coupon_codes=("OTHER",), email="eve@example.com")
    cancelled, *live = orders_of(ten)

    with django_assert_max_num_queries(14):
        page = staff.get(f"{LIST}?promotion__id__exact={ten.pk}")
    shown = page.content.decode()
    assert page.context["cl"].result_count == 3
    for order in (cancelled, *live):
        assert f'<a href="/admin/orders/order/{order.pk}/change/">{order.number}</a>' in shown
    assert orders_of(other)[0].number not in shown
    for more, numbers in (("yes", live), ("no", [cancelled])):
        rows = staff.get(f"{LIST}?promotion__id__exact={ten.pk}&counts={more}").context["cl"].result_list
        assert sorted(row.reference for row in rows) == sorted(order.number for order in numbers)
    found = staff.get(f"{LIST}?q=OTHER").context["cl"]
    assert [row.reference for row in found.result_list] == [orders_of(other)[0].number]
    assert staff.get(f"{LIST}?counts=²").status_code in (200, 302)


def test_who_is_limited_sees_the_uses_of_their_orders_and_who_may_not_look_sees_no_link(ten, client):
    user = User.objects.create_user("tom", is_staff=True, limits={"channel": ["nowhere"]})
    user.user_permissions.add(*Permission.objects.filter(codename__in=("view_promotion", "view_redemption")))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(LIST).status_code == 403
    assert "promotion__id__exact" not in client.get("/admin/pricing/promotion/").content.decode()
    user.user_permissions.add(*Permission.objects.filter(codename="view_order"))
    assert client.get(LIST).context["cl"].result_count == 0
