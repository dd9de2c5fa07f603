"""Types of holds: what each stops, what settles it by itself, how long it lasts, and who may lift it."""

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.models import EventRecord
from customers.addresses import PostalAddress
from inventory import services as inventory
from orders import hold_types, services
from orders.errors import InvalidHold, MayNotLift, TooLateToChange
from orders.models import FORWARD, Hold, HoldType
from tests.factories.shop import make_priced_product
from tests.scenarios import ADA, anew, confirmed_order, placed_order, shipped_order

pytestmark = pytest.mark.django_db
TOM = Actor("staff", "tom", frozenset({"orders.release_hold"}))
INES = Actor("staff", "ines", frozenset({"orders.release_hold", "orders.lift_money_hold"}))


def new_type(**given):
    values = {"code": "recall", "name": "Recall", "blocks": ["release"], **given}
    return services.create_hold_type(values, actor=SYSTEM)


def test_a_hold_is_as_its_type_says_where_nobody_says_otherwise(shop):
    new_type(auto_release="stock", hours=3)
    at = timezone.now()

    hold = services.place_hold(confirmed_order().pk, kind="recall", reason="Cracked", actor=TOM, at=at)
    other = services.place_hold(
        placed_order().pk, kind="recall", reason="Cracked", blocks=["confirm"], auto_release="", actor=TOM, at=at
    )

    assert (hold.blocks, hold.auto_release, hold.expires_at) == (["release"], "stock", at + timedelta(hours=3))
    assert (other.blocks, other.auto_release) == (["confirm"], "")


def test_the_types_of_the_first_day_are_there(shop):
    # A test that commits may have emptied the table: it is filled as the migration does.
    HoldType.objects.all().delete()
    import_module("orders.migrations.0024_hold_types").name_the_first(apps, SimpleNamespace(connection=connection))

    found = {one.code: (one.title(), tuple(one.blocks), one.auto_release) for one in HoldType.objects.all()}

    # Two of the types came later, each with a migration of its own.
    assert set(found) == set(Hold.Kind.values) - {"arrears", "approval"}
    assert found["payment"] == ("payment", FORWARD, "paid")
    assert found["manual"] == ("manual", FORWARD, "")


def test_the_types_of_the_first_day_hold_without_their_rows_too(shop):
    HoldType.objects.all().delete()

    hold = services.place_hold(placed_order().pk, kind="payment", reason="Pay first", actor=TOM)

    assert (hold.blocks, hold.auto_release) == (list(FORWARD), "paid")


def test_there_is_no_hold_of_a_type_nobody_knows(shop):
    order = placed_order()

    with pytest.raises(InvalidHold, match="There is no type of hold strange"):
        services.place_hold(order.pk, kind="strange", reason="?", actor=TOM)

    assert (anew(order).active_holds, Hold.objects.count()) == (0, 0)


def test_only_who_has_a_say_lifts_a_hold_of_its_type(shop):
    new_type(may_lift="orders.lift_money_hold")
    order = confirmed_order()
    hold = services.place_hold(order.pk, kind="recall", reason="Cracked", actor=TOM)

    with pytest.raises(MayNotLift, match="This hold may be lifted by finance and managers"):
        services.release_hold(hold.pk, actor=TOM)
    assert anew(order).active_holds == 1

    services.release_hold(hold.pk, actor=INES)
    assert anew(order).active_holds == 0


def test_over_the_api_it_takes_the_scope_of_waiving(shop, make_api):
    new_type(may_lift="orders.lift_money_hold")
    order = confirmed_order()
    services.place_hold(order.pk, kind="recall", reason="Cracked", actor=TOM)
    ask = {"path": f"/api/v1/orders/{order.number}/release-hold/", "data": {}, "format": "json"}

    refused = make_api("orders:read", "orders:write").post(**ask)
    lifted = make_api("orders:read", "orders:write", "orders:waive").post(**ask)

    assert (refused.status_code, refused.json()["code"]) == (403, "hold_not_yours")
    assert (lifted.status_code, lifted.json()["is_on_hold"]) == (200, False)


def test_a_hold_that_waits_for_stock_ends_when_everything_is_there(shop):
    pot = make_priced_product("POT", "30.00", stock={"HAM": 3}, backorder=True)
    order = confirmed_order({"POT": 5})
    services.place_hold(order.pk, reason="All or nothing", blocks=["release"], auto_release="stock", actor=TOM)

    for units in (1, 1):
        still_held = anew(order).active_holds
        inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={pot.pk: units}, reference="PO-1", actor=SYSTEM)
        services.fill_backorders([pot.pk])

    assert (still_held, anew(order).active_holds, anew(order).allocation_status) == (1, 0, "allocated")
    assert Hold.objects.get().release_note == "stock"


def test_what_is_told_is_what_stops_the_earliest_step(shop):
    order = placed_order()

    services.place_hold(order.pk, reason="Gate is closed", blocks=["release"], actor=TOM)
    services.place_hold(order.pk, reason="Ask about the colour", blocks=["confirm"], actor=TOM)

    assert anew(order).hold_reason == "Ask about the colour"
    assert anew(order).blocked_transitions == ["confirm", "release"]


def test_a_line_on_hold_leaves_the_order_free_to_go_on(shop, api):
    order = confirmed_order()
    tea = order.lines.get(sku="TEA-1")

    said = {"reason": "Recalled", "line": str(tea.pk)}
    held = api.post(f"/api/v1/orders/{order.number}/hold/", said, format="json").json()

    assert (held["blocked_because"], held["display_status"]) == (
        "Part of it is on hold: TEA-1: Recalled",
        "Partly on hold",
    )
    assert [(one["line"], one["work"], one["blocks"]) for one in held["holds"]] == [
        (str(tea.pk), "", ["release", "ship"])
    ]
    assert "release" in held["allowed_actions"]
    assert anew(order).blocked_transitions == []


@pytest.mark.parametrize("line", ["0", "seven", "9" * 19, "-1", "²"])
def test_a_line_of_nobody_is_refused(shop, api, line):
    order = confirmed_order()

    answer = api.post(f"/api/v1/orders/{order.number}/hold/", {"reason": "?", "line": line}, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/line")
    assert anew(order).active_holds == 0


def test_what_has_left_cannot_be_kept(shop):
    order = shipped_order({"MUG-RED": 1})

    with pytest.raises(TooLateToChange):
        services.place_hold(order.pk, reason="Recalled", line_id=order.lines.get().pk, actor=TOM)


def test_a_type_is_added_and_changed_in_the_back_office(shop, staff):
    added = staff.post(
        reverse("admin:orders_holdtype_add"),
        {"code": "recall", "name": "Recall", "blocks": ["release"], "hours": "48", "active": "on"},
    )
    made = HoldType.objects.get(code="recall")
    page = reverse("admin:orders_holdtype_change", args=[made.pk])
    said = {"name": "Recalled goods", "blocks": ["release", "complete"], "hours": "", "active": "on"}
    changed = staff.post(page, {**said, "may_lift": "orders.lift_risk_hold"})
    refused = staff.post(reverse("admin:orders_holdtype_add"), {"code": "odd", "blocks": ["release"], "hours": "0"})

    assert (added.status_code, changed.status_code) == (302, 302)
    made.refresh_from_db()
    assert (made.name, made.blocks, made.hours) == ("Recalled goods", ["release", "complete"], None)
    assert "Give it a name." in refused.content.decode()
    names = EventRecord.objects.filter(thread=f"orders.holdtype:{made.pk}").values_list("name", flat=True)
    assert list(names.order_by("pk")) == ["orders.holdtype.created", "orders.holdtype.changed"]


def test_a_hold_is_placed_on_a_line_from_the_page_of_the_order(shop, staff):
    order = confirmed_order()
    tea = order.lines.get(sku="TEA-1")
    page = reverse("admin:orders_order_do", args=[order.pk, "hold"])
    said = {"kind": "customer", "reason": "She asks which tea", "line": tea.pk, "auto_release": "as_the_kind"}

    asked = staff.get(page).content.decode()
    staff.post(page, {**said, "expires_at": "2020-01-01T10:00"})
    refused = Hold.objects.count()
    staff.post(page, said)

    assert "TEA-1 Morning tea" in asked
    hold = Hold.objects.get()
    assert (refused, hold.line_id, hold.kind, hold.blocks) == (0, tea.pk, "customer", ["release", "ship"])
    assert "TEA-1" in staff.get(reverse("admin:orders_hold_changelist")).content.decode()
    assert "TEA-1 ·" in staff.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()


def test_who_has_no_say_in_a_hold_does_not_lift_it_by_waiving_its_check(shop):
    rules = {"name": "Address", "blocks": list(FORWARD), "may_lift": "orders.lift_risk_hold"}
    HoldType.objects.update_or_create(code="address", defaults=rules)
    hold_types.forget()
    order = placed_order(shipping_address=PostalAddress(**{**ADA.as_dict(), "postal_code": "1"}))
    waives = TOM.can | {"orders.waive_check"}

    with pytest.raises(MayNotLift, match="This hold may be lifted by managers"):
        services.waive_check(order.pk, "address", reason="a locker", actor=Actor("staff", "tom", waives))
    assert anew(order).active_holds == 1

    services.waive_check(
        order.pk, "address", reason="a locker", actor=Actor("staff", "mo", waives | {"orders.lift_risk_hold"})
    )
    assert anew(order).active_holds == 0
