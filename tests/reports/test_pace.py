"""The flow map: how long each step takes, what is much slower than before, and the orders behind it."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from core import roles
from core.actors import SYSTEM
from core.models import User
from core.sight import within
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder, Shipment
from reports import pace
from tests.orders.rulesets import draft, rule
from tests.scenarios import confirmed_order

pytestmark = pytest.mark.django_db
PICKED_PACKED = pace.EDGE["picked-packed"]


def sent(count, *, days, hours, warehouse=None):
    """Send parcels so many days ago whose goods lay so many hours between picking and packing."""
    left = timezone.now() - timedelta(days=days)
    picked = left - timedelta(hours=hours)
    for _ in range(count):
        number = FulfillmentOrder.objects.count()
        order = confirmed_order(
            {"MUG-RED": 1},
            email=f"buyer-{number}@example.com",
            placed_at=picked - timedelta(hours=2),
            historic=True,
        )
        stations = fulfillment.Stations(released=picked - timedelta(hours=1), picked=picked, packed=left)
        fulfillment.fulfil_through(order.pk, through="delivered", shipped_at=left, stations=stations, actor=SYSTEM)
    if warehouse:
        last = FulfillmentOrder.objects.order_by("-pk").values_list("pk", flat=True)[:count]
        FulfillmentOrder.objects.filter(pk__in=list(last)).update(warehouse=warehouse)


@pytest.fixture
def slow(shop, monkeypatch):
    """Let Hamburg pack in two hours before and in nineteen now, and Munich as before."""
    monkeypatch.setattr(pace, "FEWEST", 2)
    sent(3, days=40, hours=2)
    sent(3, days=5, hours=19)
    sent(2, days=41, hours=3, warehouse=shop.munich)
    sent(2, days=6, hours=3, warehouse=shop.munich)
    cache.clear()
    return shop


def test_one_step_of_one_warehouse_is_much_slower_and_no_other(slow):
    found = pace.measure()

    here = found.of(slow.hamburg.pk, PICKED_PACKED)
    assert (here.now, here.before, here.count, here.count_before) == (19 * 3600, 2 * 3600, 3, 3)
    red = {(place, code) for place, paces in found.paces.items() for code, one in paces.items() if one.is_slow}
    assert red == {(slow.hamburg.pk, "picked-packed"), (pace.EVERYWHERE, "picked-packed")}
    assert found.places == {slow.hamburg.pk: "Warehouse HAM", slow.munich.pk: "Warehouse MUC"}


def test_few_parcels_and_a_difference_of_minutes_say_nothing():
    assert not pace.Pace(19 * 3600, 2 * 3600, 19, 300).is_slow
    assert not pace.Pace(3500, 60, 300, 300).is_slow
    assert pace.Pace(7200, 3600, 20, 20).is_slow
    assert pace.Pace(3600, 7200, 20, 20).is_quick
    assert not pace.Pace(None, 3600, 0, 20).is_slow


def test_the_map_says_it_in_words_and_leads_to_the_orders_behind_it(slow, staff):
    page = staff.get(reverse("reports:pace")).content.decode()

    assert page.count('class="edge bad"') == 1
    hamburg = staff.get(reverse("reports:pace"), {"warehouse": slow.hamburg.pk})
    assert "19 h instead of 2 h" in hamburg.content.decode()
    assert "9.5 times as long" in hamburg.content.decode()
    [row] = hamburg.context["slow"]
    behind = staff.get(row["url"])
    assert [one.place for one, _span in behind.context["passages"]] == ["Warehouse HAM"] * 3
    assert [span for _one, span in behind.context["passages"]] == ["19 h"] * 3


def test_behind_a_step_of_the_house_stand_the_rules_that_may_help(slow, staff):
    rules = draft(rule("prefer", "MUC"), name="The south from Munich")

    page = staff.get(reverse("reports:pace-edge", args=["picked-packed"]))

    replay = reverse("admin:inventory_routingruleset_do", args=[rules.pk, "replay"])
    assert f'href="{replay}"' in page.content.decode()
    assert replay not in staff.get(reverse("reports:pace-edge", args=["shipped-delivered"])).content.decode()


def test_who_is_limited_to_a_warehouse_reads_of_that_alone(slow):
    with within({"warehouse": frozenset({"MUC"})}):
        assert list(pace.measure().places.values()) == ["Warehouse MUC"]
        assert {one.place for one in pace.passages(PICKED_PACKED)} == {"Warehouse MUC"}


def test_of_very_many_parcels_some_are_looked_at_and_the_questions_stay_the_same(
    slow, monkeypatch, django_assert_num_queries
):
    with django_assert_num_queries(6):
        pace.measure()
    monkeypatch.setattr(pace, "SAMPLE", 4)
    cache.clear()
    with django_assert_num_queries(6):
        few = pace.measure()
    assert 2 <= few.of(pace.EVERYWHERE, PICKED_PACKED).count <= 4
    with django_assert_num_queries(0):
        assert pace.measure() == few


@pytest.mark.parametrize("asked", ["", "x", "²", "0", "99999", "9" * 30, "-1"])
def test_nonsense_in_the_address_shows_all_warehouses(slow, staff, asked):
    page = staff.get(reverse("reports:pace"), {"warehouse": asked})
    assert (page.status_code, page.context["tabs"][0][2]) == (200, True)
    assert staff.get(reverse("reports:pace-edge", args=["picked-packed"]), {"page": asked}).status_code == 200


def test_an_unknown_step_is_not_found_and_an_empty_house_is_no_error(shop, staff):
    assert staff.get(reverse("reports:pace-edge", args=["nowhere"])).status_code == 404
    cache.clear()
    assert not Shipment.objects.exists()
    assert "–" in staff.get(reverse("reports:pace")).content.decode()
    empty = staff.get(reverse("reports:pace-edge", args=["picked-packed"])).content.decode()
    assert "No parcel went this way" in empty


def test_it_is_shut_to_who_may_not_see_orders(shop, client):
    user = User.objects.create_user("none", password="x", is_staff=True)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    for url in (reverse("reports:pace"), reverse("reports:pace-edge", args=["picked-packed"])):
        assert client.get(url).status_code == 403
    user.groups.add(roles.group_of("manager"))
    assert client.get(reverse("reports:pace")).status_code == 200
