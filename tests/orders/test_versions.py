"""Any past version of an order can be opened, and is what the order was then, to the cent."""

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from core.actors import SYSTEM
from core.errors import DomainError
from customers.addresses import PostalAddress
from orders import past, versions
from orders import services as orders
from orders.models import Order, OrderCharge, OrderLine, OrderVersion
from orders.wishes import LineWish, NewLine, Wish
from tests.factories.shop import Shop
from tests.orders.test_edits import edit, quantities
from tests.scenarios import anew, confirmed_order, paid, placed_order

pytestmark = pytest.mark.django_db


def rows_of(model: Any, **which: object) -> list[dict[str, Any]]:
    """Return rows as the database has them, without what no version keeps."""
    columns = [field.attname for field in model._meta.concrete_fields if field.name not in versions.NOT_KEPT]
    return list(model.objects.filter(**which).order_by("pk").values(*columns))


def written(order: Order) -> list[list[dict[str, Any]]]:
    """Return an order as it is written down now."""
    return [rows_of(Order, pk=order.pk), rows_of(OrderLine, order=order), rows_of(OrderCharge, order=order)]


def opened(kept: OrderVersion) -> list[list[dict[str, Any]]]:
    """Return the same of a version that was opened."""
    version = versions.past(kept)
    parts: list[list[Any]] = [[version.order], version.lines, version.charges]
    return [
        [
            {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.name not in versions.NOT_KEPT}
            for row in sorted(rows, key=lambda row: row.pk)
        ]
        for rows in parts
    ]


def some_edit(order: Order, chance: random.Random) -> None:
    """Change something of an order, as people do."""
    lines = list(order.lines.all())
    street = PostalAddress(
        name="Ada", line1=f"{chance.randint(1, 99)} Side St", city="Wien", postal_code="1010", country="AT"
    )
    day = timezone.localdate() + timedelta(days=chance.randint(3, 30))
    wishes = (
        Wish(lines=(LineWish(position=chance.choice(lines).position, quantity=chance.randint(1, 9)),)),
        Wish(
            lines=(
                LineWish(position=chance.choice(lines).position, unit_price=Decimal(f"{chance.randint(1, 999)}.99")),
            )
        ),
        Wish(add=(NewLine(sku=chance.choice(("TEA-1", "MUG-RED")), quantity=chance.randint(1, 3)),)),
        Wish(shipping_address=street, shipping_method=chance.choice(("express", "standard"))),
        Wish(simple={"gift_note": f"For {chance.randint(1, 99)}", "requested_delivery_on": day}),
    )
    if chance.random() < 0.2:
        note = {"customer_note": f"Ring {chance.randint(1, 99)} times", "requested_delivery_on": day}
        orders.update_preferences(order.pk, note, actor=SYSTEM)
    else:
        edit(order, chance.choice(wishes))


def some_step(order: Order, chance: random.Random, who: int) -> None:
    """Do what counts as a version and changes nothing that is agreed."""
    steps = (
        lambda: orders.tag_order(order.pk, add=[f"tag {chance.randint(1, 99)}"], actor=SYSTEM),
        lambda: orders.assign_order(order.pk, assignee_id=chance.choice((who, None)), actor=SYSTEM),
        lambda: orders.bump_order(order.pk, points=chance.randint(1, 99), reason="Fair", actor=SYSTEM),
        lambda: orders.place_hold(order.pk, reason="Wait", actor=SYSTEM),
    )
    chance.choice(steps)()


def read(version: versions.Version) -> list[Any]:
    """Return what the page of a version says."""
    return [part(version, version) for part in (past.facts, past.goods, past.sums)]


@pytest.mark.parametrize("seed", range(3))
def test_every_version_since_it_was_placed_opens_as_it_was_then(shop: Shop, staff: Any, seed: int) -> None:
    chance, who = random.Random(seed), get_user_model().objects.get(username="maya").pk
    order = placed_order({"MUG-RED": 2, "TEA-1": 3})
    known: dict[int, list[Any]] = {anew(order).version: read(versions.now(anew(order)))}
    for number in range(12):
        now = anew(order)
        try:
            if number == 5:
                paid(now)
            elif chance.random() < 0.6:
                some_step(now, chance, who)
            else:
                some_edit(now, chance)
        except DomainError:
            continue
        # What is written down last in a version is what it was.
        known[anew(order).version] = read(versions.now(anew(order)))
    orders.cancel_order(order.pk, reason="Changed my mind", actor=SYSTEM)
    assert len(known) > 5
    last, ends = anew(order), versions.ends_of(order)
    for number, was in known.items():
        then = versions.opened(last, number, ends)
        assert then is not None
        for mine, his in zip(read(then), was, strict=True):
            assert [row for row in mine if row not in his] == [], number
            assert mine == his
    for number in range(min(known), last.version):
        assert staff.get(f"/admin/orders/order/{order.pk}/as-it-was/{number}/").status_code == 200
    for number in (0, last.version, last.version + 1):
        assert staff.get(f"/admin/orders/order/{order.pk}/as-it-was/{number}/").status_code == 404

    # What became of the cancelled units is told beside them, and the way there stands in the timeline.
    before = max(one.version for one in ends)
    assert f"as-it-was/{before}/" in staff.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    html = staff.get(f"/admin/orders/order/{order.pk}/as-it-was/{before}/").content.decode()
    assert "<mark>Cancelled</mark>" in html
    assert "cancelled: " in html

    orders.erase_people([order.pk])
    assert staff.get(f"/admin/orders/order/{order.pk}/as-it-was/{before}/").status_code == 404


@pytest.mark.parametrize("seed", range(3))
def test_each_version_opens_as_the_order_that_was_written_down(shop: Shop, staff: Any, seed: int) -> None:
    chance = random.Random(seed)
    order = confirmed_order({"MUG-RED": 2, "TEA-1": 3})
    known: dict[int, list[list[dict[str, Any]]]] = {}
    while len(known) < 8:
        now, before = anew(order), written(order)
        try:
            some_edit(now, chance)
        except DomainError:
            # Refused: nothing is otherwise, and nothing was kept of it.
            assert written(order) == before
            continue
        known[now.version] = before
    kept = {one.version: opened(one) for one in OrderVersion.objects.filter(order=order)}
    assert kept == known
    first, last = min(known), max(known)
    html = staff.get(f"/admin/orders/order/{order.pk}/as-it-was/{first}/").content.decode()
    assert "€22.06" not in html
    assert [f"as-it-was/{number}/" in html for number in known] == [True] * 8
    assert staff.get(f"/admin/orders/order/{order.pk}/as-it-was/{last}/").status_code == 200


def test_a_version_is_shown_beside_what_became_of_it(
    shop: Shop, staff: Any, django_assert_max_num_queries: Any
) -> None:
    order = confirmed_order()
    edit(order, quantities(line1=5), reason="She has guests")
    edit(order, Wish(lines=(LineWish(position=2, quantity=0),)))
    page = staff.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert page.count('class="told-before"') == 2
    first, second = OrderVersion.objects.order_by("version")
    assert f'href="/admin/orders/order/{order.pk}/as-it-was/{first.version}/"' in page

    with django_assert_max_num_queries(20):
        html = staff.get(f"/admin/orders/order/{order.pk}/as-it-was/{first.version}/").content.decode()
    assert "<mark>2 × €5.00</mark>" in html
    assert "<mark>5 × €5.00</mark>" in html
    assert "<mark>€22.06</mark>" in html
    assert "<mark>€39.99</mark>" in html
    html = staff.get(f"/admin/orders/order/{order.pk}/as-it-was/{second.version}/").content.decode()
    assert "<mark>€39.99</mark>" in html
    assert "<form" not in html.partition("<main")[2].partition("</main>")[0]


def test_only_who_sees_the_order_sees_what_it_was(shop: Shop, staff: Any, client: Any, django_user_model: Any) -> None:
    order, other = confirmed_order(), confirmed_order()
    edit(order, quantities(line1=5))
    [kept] = OrderVersion.objects.all()
    for wrong in (
        f"{order.pk}/as-it-was/{anew(order).version}",
        f"{other.pk}/as-it-was/{anew(other).version}",
        "0/as-it-was/0",
    ):
        assert staff.get(f"/admin/orders/order/{wrong}/").status_code == 404
    nobody = django_user_model.objects.create_user("tom", password="x", is_staff=True)
    client.force_login(nobody, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/admin/orders/order/{order.pk}/as-it-was/{kept.version}/").status_code == 403


def test_what_an_order_was_is_forgotten_with_the_people_on_it(shop: Shop) -> None:
    order, other = confirmed_order(), confirmed_order()
    for one in (order, other):
        edit(one, quantities(line1=5))
    orders.erase_people([order.pk])
    assert [kept.order_id for kept in OrderVersion.objects.all()] == [other.pk]


def test_tags_and_drafts_keep_no_version(shop: Shop) -> None:
    order = confirmed_order()
    orders.update_preferences(order.pk, {"tags": ["vip"]}, actor=SYSTEM)
    assert not OrderVersion.objects.exists()


@pytest.mark.parametrize("address", [f"{10**25}/as-it-was/1", "1/as-it-was/" + "9" * 25, "999/as-it-was/1"])
def test_an_address_that_leads_nowhere_is_not_found(staff: Any, address: str) -> None:
    assert staff.get(f"/admin/orders/order/{address}/").status_code == 404
