"""The floor at the desk: the queue, each step behind a page that says what it does, paper that opens."""

from io import BytesIO

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder, Shipment
from inventory import services as inventory
from orders import services as orders
from orders.models import OrderException
from pricing.models import ShippingMethod

from .helpers import TOM, anew, line_of, packed, planned, shipped, stock

pytestmark = pytest.mark.django_db
QUEUE = "/admin/fulfillment/fulfillmentorder/"
PARCELS = "/admin/fulfillment/shipment/"


def step(work, name):
    return reverse("admin:fulfillment_fulfillmentorder_do", args=[work.pk, name])


def say(shipment, name):
    return reverse("admin:fulfillment_shipment_do", args=[shipment.pk, name])


def text(response):
    return " ".join(response.content.decode().split())


@pytest.fixture
def walker(django_user_model):
    """Return a browser of somebody who may look, and nothing else."""
    user = django_user_model.objects.create_user("walter", password="secret", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_fulfillmentorder", "view_shipment"]))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_queue_shows_what_is_urgent_first_in_a_constant_number_of_queries(
    shop, staff, django_assert_max_num_queries
):
    for _ in range(3):
        planned({"MUG-RED": 1, "TEA-1": 1})
    staff.get(QUEUE, {"stage": "open"})
    with django_assert_max_num_queries(12) as few:
        page = staff.get(QUEUE, {"stage": "open"})
    for _ in range(4):
        planned({"MUG-RED": 1, "TEA-1": 1})
    with django_assert_max_num_queries(12) as more:
        staff.get(QUEUE, {"stage": "open"})

    assert page.status_code == 200
    assert "1 × MUG-RED, 1 × TEA-1" in text(page)
    assert len(more) == len(few)


@pytest.mark.parametrize(
    ("stage", "shown"), [("release", True), ("pick", False), ("open", True), ("put_back", False), ("nonsense", True)]
)
def test_the_queue_is_cut_by_what_is_to_be_done(shop, staff, stage, shown):
    (work,) = planned()

    page = staff.get(QUEUE, {"stage": stage}, follow=True)

    assert (str(work.number) in text(page)) is shown


def test_work_goes_from_page_to_page(shop, staff):
    (work,) = planned({"MUG-RED": 2})
    page = staff.get(f"{QUEUE}{work.pk}/change/")
    assert "Waits to be released." in text(page)
    assert step(work, "release") in text(page)
    assert step(work, "pick") not in text(page)

    found = {f"line_{line_of(work.order, 'MUG-RED')}": "2"}
    for name, status in (("release", "released"), ("start", "picking"), ("pick", "picked")):
        assert staff.get(step(work, name)).status_code == 200
        assert staff.post(step(work, name), found).status_code == 302
        assert anew(work).status == status
    assert staff.post(step(work, "pack"), {"parcels": "1", "weight_1": "900"}).status_code == 302
    assert Shipment.objects.get().weight_grams == 900
    consequences = text(staff.get(step(work, "ship")))
    assert "1 parcel leaves by House delivery." in consequences
    assert "goes down by 2 units." in consequences
    assert "ada@example.com is told what is on its way." in consequences
    assert staff.post(step(work, "ship")).status_code == 302

    assert (anew(work).status, stock("MUG-RED")) == ("shipped", (98, 0))
    page = text(staff.get(f"{QUEUE}{work.pk}/change/"))
    assert Shipment.objects.get().tracking_number in page
    assert step(work, "ship") not in page


def test_looking_at_a_step_changes_nothing(shop, staff):
    (work,) = planned()

    staff.get(step(work, "release"))

    assert anew(work).status == "planned"


def test_a_step_whose_time_has_not_come_is_explained(shop, staff):
    (work,) = planned()

    answer = staff.post(step(work, "ship"))

    assert (answer.status_code, anew(work).status) == (409, "planned")


def test_who_may_only_look_gets_no_steps(shop, walker):
    (work,) = planned()

    page = text(walker.get(f"{QUEUE}{work.pk}/change/"))

    assert str(work.number) in page
    assert "/do/" not in page
    assert walker.post(step(work, "release")).status_code == 403
    assert anew(work).status == "planned"


def test_strangers_see_nothing(shop, django_user_model):
    user = django_user_model.objects.create_user("ines", password="secret", is_staff=True)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    (work,) = planned()

    assert client.get(QUEUE).status_code == 403
    assert client.get(f"{QUEUE}{work.pk}/print/pick-list/").status_code == 403


def test_what_was_not_found_is_typed_in_the_form(shop, staff):
    (work,) = planned({"MUG-RED": 5})
    mug = line_of(work.order, "MUG-RED")
    fulfillment.release_fulfillment(work.pk, actor=TOM)

    assert "5 × MUG-RED Red mug" in text(staff.get(step(work, "pick_now")))
    assert staff.post(step(work, "pick_now"), {f"line_{mug}": "7"}).status_code == 200
    assert anew(work).status == "released"
    assert staff.post(step(work, "pick_now"), {f"line_{mug}": "3"}).status_code == 302

    assert (anew(work).status, OrderException.objects.get().title) == ("picked", "2 × MUG-RED not found in HAM")


def test_a_missing_line_is_reported_with_a_reason(shop, staff):
    (work,) = planned({"MUG-RED": 5, "TEA-1": 1})
    mug, tea = line_of(work.order, "MUG-RED"), line_of(work.order, "TEA-1")
    fulfillment.release_fulfillment(work.pk, actor=TOM)
    fulfillment.start_picking(work.pk, actor=TOM)

    whole = {f"line_{mug}": "5", f"line_{tea}": "1", "reason": "Bin empty"}
    assert "Say how many are there" in text(staff.post(step(work, "short"), whole))
    assert OrderException.objects.count() == 0
    staff.post(step(work, "short"), {**whole, f"line_{mug}": "0"})

    assert OrderException.objects.get().payload["reason"] == "Bin empty"
    assert list(anew(work).lines.values_list("order_line__sku", "quantity")) == [("TEA-1", 1)]


def test_several_parcels_are_asked_for_and_filled(shop, staff):
    (work,) = planned({"MUG-RED": 3})
    mug = line_of(work.order, "MUG-RED")
    fulfillment.release_fulfillment(work.pk, actor=TOM)
    fulfillment.pick(work.pk, actor=TOM)

    asked = text(staff.post(step(work, "pack"), {"parcels": "2", "weight_1": ""}))
    assert "Say what goes into each parcel." in asked
    assert f'name="line_{mug}_2"' in asked
    wrong = {"parcels": "2", f"line_{mug}_1": "2", f"line_{mug}_2": "2"}
    assert "4 of MUG-RED are packed, 3 were picked" in text(staff.post(step(work, "pack"), wrong))
    right = {"parcels": "2", f"line_{mug}_1": "2", f"line_{mug}_2": "1", "weight_2": "400"}
    assert staff.post(step(work, "pack"), right).status_code == 302

    boxes = Shipment.objects.order_by("position").values_list("position", "weight_grams", "lines__quantity")
    assert list(boxes) == [(1, 0, 2), (2, 400, 1)]


def test_the_number_of_a_receipt_is_typed_when_it_ships(shop, staff):
    ShippingMethod.objects.filter(code="standard").update(carrier="manual")
    work = packed()

    assert "From the receipt of the carrier" in text(staff.get(step(work, "ship")))
    staff.post(step(work, "ship"), {"tracking_1": "RR123456785DE"})

    assert Shipment.objects.get().tracking_number == "RR123456785DE"


def test_cancelled_goods_are_put_back_at_the_desk(shop, staff, run_debts):
    work = packed()
    orders.cancel_order(work.order_id, reason="Changed her mind", actor=TOM)
    run_debts()
    assert "has to go back into its bin" in text(staff.get(f"{QUEUE}{work.pk}/change/"))
    assert str(work.number) in text(staff.get(QUEUE, {"stage": "put_back"}))

    staff.post(step(work, "put_back"))

    assert (anew(work).needs_put_back, stock("MUG-RED")) == (False, (100, 0))


def test_many_are_released_at_once_and_refusals_are_named(shop, staff):
    works = [planned()[0] for _ in range(3)]
    orders.place_hold(works[1].order_id, kind="manual", reason="Call first", blocks=["release"], actor=TOM)
    data = {"action": "release_many", "_selected_action": [work.pk for work in works], "confirmed": "1"}

    answer = text(staff.post(QUEUE, data, follow=True))

    assert "2 done, 1 refused" in answer
    assert "Call first" in answer
    assert [anew(work).status for work in works] == ["released", "planned", "released"]


@pytest.mark.parametrize(("paper", "count"), [("pick-list", 1), ("packing-slips", 1), ("labels", 1)])
def test_paper_opens_from_the_page(shop, staff, paper, count):
    work = packed()

    answer = staff.get(f"{QUEUE}{work.pk}/print/{paper}/")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert len(PdfReader(BytesIO(answer.content)).pages) == count


@pytest.mark.parametrize("paper", ["print_pick_list", "print_packing_slips", "print_labels"])
def test_paper_of_many_is_one_file(shop, staff, paper):
    works = [packed() for _ in range(2)]

    answer = staff.post(QUEUE, {"action": paper, "_selected_action": [work.pk for work in works]})

    assert len(PdfReader(BytesIO(answer.content)).pages) == 2


def test_unknown_paper_is_not_found(shop, staff):
    work = packed()

    assert staff.get(f"{QUEUE}{work.pk}/print/banknotes/").status_code == 404
    assert staff.get(f"{QUEUE}999999/print/labels/").status_code == 404


def test_who_fetches_reads_how_goods_must_be_handled(shop, staff):
    inventory.update_product(shop.mug.pk, {"handling": ["fragile"]}, actor=TOM)
    (work,) = planned({"MUG-RED": 2, "TEA-1": 1}, gift_note="For you")

    page = text(staff.get(f"{QUEUE}{work.pk}/change/"))
    lines = page[page.index("Red mug") :]

    assert lines.index("Fragile") < lines.index("</td>")
    assert page.count("Fragile") == 1
    assert "Gift" in page


def test_parcels_have_a_list_and_a_page(shop, staff):
    parcel = shipped()

    assert parcel.tracking_number in text(staff.get(PARCELS, {"stage": "travelling"}))
    assert parcel.tracking_number not in text(staff.get(PARCELS, {"stage": "delivered"}))
    page = text(staff.get(f"{PARCELS}{parcel.pk}/change/"))
    assert "To Ada Byron, Berlin, Germany" in page
    assert "The carrier has said nothing yet." in page
    for paper in ("label", "packing-slip"):
        assert staff.get(f"{PARCELS}{parcel.pk}/print/{paper}/").headers["Content-Type"] == "application/pdf"


@pytest.mark.parametrize(
    ("name", "status"),
    [("deliver", "delivered"), ("fail", "delivery_failed"), ("come_back", "returned_to_sender"), ("lose", "lost")],
)
def test_staff_say_what_happened_to_a_parcel(shop, staff, name, status):
    parcel = shipped()

    assert staff.get(say(parcel, name)).status_code == 200
    assert staff.post(say(parcel, name), {"note": "By phone"}).status_code == 302

    assert Shipment.objects.get().status == status


def test_parcels_are_found_by_their_tracking_number(shop, staff):
    parcel = shipped()

    answer = staff.get("/admin/search/", {"q": parcel.tracking_number})

    assert answer.headers["Location"] == f"{PARCELS}{parcel.pk}/change/"


def test_the_order_page_shows_parcels_and_what_to_do_next(shop, staff, run_debts):
    parcel = shipped({"MUG-RED": 2})
    (other,) = planned({"MUG-RED": 1})

    sent = text(staff.get(reverse("admin:orders_order_change", args=[parcel.order_id])))
    waiting = text(staff.get(reverse("admin:orders_order_change", args=[other.order_id])))

    assert parcel.tracking_number in sent
    assert say(parcel, "deliver") in sent
    assert step(other, "release") in waiting
    assert FulfillmentOrder.objects.count() == 2


def test_the_day_begins_with_what_must_leave(shop, staff):
    planned()
    FulfillmentOrder.objects.update(ship_by_on="2026-01-01")

    page = text(staff.get("/admin/"))

    assert "1 must leave today." in page


def test_goods_that_lie_in_packing_are_named(shop, staff):
    work = packed()
    FulfillmentOrder.objects.update(packed_at="2026-01-01T08:00:00Z")

    page = text(staff.get("/admin/"))

    assert step(work, "ship") in page
    assert "still here" in page
