"""The floor over the API: what is asked, what is answered, what is refused."""

from io import BytesIO

import pytest
from pypdf import PdfReader
from rest_framework.test import APIClient

from core.api.keys import create_api_key
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder, Shipment, TrackingEvent
from orders import services as orders
from orders.models import OrderException
from tests.factories.kits import make_priced_kit

from .helpers import TOM, anew, confirmed, line_of, packed, planned, read, shipped, stock

pytestmark = pytest.mark.django_db
WORK, PARCELS = "/api/v1/fulfillment-orders/", "/api/v1/shipments/"


def client(*scopes, channels=("api",)):
    _key, plain = create_api_key("floor", scopes=list(scopes), channels=list(channels))
    found = APIClient()
    found.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    return found


def post(api, path, body=None, **headers):
    return api.post(path, body or {}, format="json", headers=headers)


def test_work_is_taken_through_its_steps(shop, api):
    (work,) = planned({"MUG-RED": 2, "TEA-1": 1})
    mug, tea = line_of(work.order, "MUG-RED"), line_of(work.order, "TEA-1")
    path = f"{WORK}{work.number}/"

    shown = api.get(path).json()
    assert (shown["status"], shown["warehouse"], shown["allowed_actions"]) == (
        "planned",
        "HAM",
        ["release", "reroute", "split", "merge"],
    )
    assert shown["lines"] == [
        {"line": str(mug), "sku": "MUG-RED", "name": "Red mug", "quantity": 2, "picked": 0, "bin": "", "parts": []},
        {"line": str(tea), "sku": "TEA-1", "name": "Morning tea", "quantity": 1, "picked": 0, "bin": "", "parts": []},
    ]
    for step, status in (("release", "released"), ("pick", "picked"), ("pack", "packed"), ("ship", "shipped")):
        answer = post(api, f"{path}{step}/")
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert (stock("MUG-RED"), read(work.order).status) == ((98, 0), "fulfilled")


def test_lines_are_named_by_id_or_by_sku(shop, api):
    (work,) = planned({"MUG-RED": 3, "TEA-1": 1})
    mug = line_of(work.order, "MUG-RED")
    path = f"{WORK}{work.number}/"
    post(api, f"{path}release/")

    found = {"lines": [{"sku": "mug-red", "quantity": 2}]}
    assert post(api, f"{path}pick/", found).json()["status"] == "picked"
    boxes = [
        {"lines": [{"line": str(mug), "quantity": 2}], "weight_grams": 800},
        {"lines": [{"sku": "TEA-1", "quantity": 1}]},
    ]
    assert post(api, f"{path}pack/", {"parcels": boxes}).status_code == 200

    assert list(Shipment.objects.order_by("position").values_list("weight_grams", "lines__quantity")) == [
        (800, 2),
        (0, 1),
    ]
    assert OrderException.objects.get().category == "short_pick"
    assert FulfillmentOrder.objects.get(status="planned").lines.get().quantity == 1


def test_missing_units_are_reported_while_picking(shop, api):
    (work,) = planned({"MUG-RED": 3, "TEA-1": 1})
    path = f"{WORK}{work.number}/"
    post(api, f"{path}release/")

    body = {"lines": [{"sku": "MUG-RED", "quantity": 0}], "reason": "Bin empty"}
    answer = post(api, f"{path}short/", body)

    assert (answer.status_code, answer.json()["status"]) == (200, "picking")
    assert [line["sku"] for line in answer.json()["lines"]] == ["TEA-1"]


@pytest.mark.parametrize(
    ("step", "body", "pointer"),
    [
        ("pick", {"lines": [{"sku": "NOPE", "quantity": 1}]}, "/lines/0"),
        ("pick", {"lines": [{"sku": "MUG-RED", "quantity": 1}, {"sku": "MUG-RED", "quantity": 1}]}, "/lines/1"),
        ("pick", {"lines": [{"quantity": 1}]}, "/lines/0"),
        ("pick", {"lines": [{"sku": "MUG-RED", "quantity": "1"}]}, "/lines/0/quantity"),
        ("pick", {"lines": []}, "/lines"),
        ("pick", {"line": []}, "/line"),
        ("release", {"now": True}, "/now"),
        ("short", {}, "/lines"),
        ("pack", {"parcels": [{"lines": [{"sku": "NOPE", "quantity": 1}]}]}, "/parcels/0/lines/0"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_where_it_does_not(shop, api, step, body, pointer):
    (work,) = planned()

    answer = post(api, f"{WORK}{work.number}/{step}/", body)

    assert answer.status_code == 400, answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert anew(work).status == "planned"


def test_a_step_whose_time_has_not_come_is_a_conflict(shop, api):
    (work,) = planned()

    answer = post(api, f"{WORK}{work.number}/ship/")

    assert (answer.status_code, answer.json()["code"]) == (409, "transition_refused")
    assert anew(work).status == "planned"


def test_an_order_on_hold_is_a_conflict_with_its_reason(shop, api):
    (work,) = planned()
    orders.place_hold(work.order_id, kind="manual", reason="Call first", blocks=["release"], actor=TOM)

    answer = post(api, f"{WORK}{work.number}/release/")

    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (409, "order_blocked", "Call first")


def test_the_same_request_twice_ships_once(shop, api):
    work = packed()
    path = f"{WORK}{work.number}/ship/"

    first = post(api, path, **{"Idempotency-Key": "k-1"})
    again = post(api, path, **{"Idempotency-Key": "k-1"})
    other = post(api, path, {"tracking_number": "X"}, **{"Idempotency-Key": "k-1"})

    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 422)
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert stock("MUG-RED") == (98, 0)


def test_lists_are_filtered_and_paged_in_a_constant_number_of_queries(shop, api, django_assert_max_num_queries):
    for _ in range(3):
        shipped({"MUG-RED": 1, "TEA-1": 1})
    for path in (WORK, PARCELS):
        api.get(path)
        with django_assert_max_num_queries(6) as few:
            page = api.get(path, {"page_size": 1}).json()
        with django_assert_max_num_queries(6) as more:
            api.get(path, {"page_size": 3})
        assert len(few) == len(more)
        assert len(page["results"]) == 1
        following = api.get(page["next"]).json()
        assert following["results"][0]["number"] < page["results"][0]["number"]
    newest = Shipment.objects.order_by("-pk").first()
    assert [row["number"] for row in api.get(PARCELS, {"order": newest.order.number}).json()["results"]] == [
        newest.number
    ]
    assert api.get(WORK, {"status": "planned"}).json()["results"] == []
    assert api.get(WORK, {"colour": "red"}).status_code == 400
    assert api.get(WORK, {"status": "flying"}).status_code == 400


def test_a_parcel_is_told_what_the_carrier_says(shop, api):
    parcel = shipped()
    path = f"{PARCELS}{parcel.number}/tracking-events/"
    event = {"event_id": "E-1", "status": "delivered", "at": "2026-12-01T12:00:00Z", "location": "Berlin"}

    first, again = post(api, path, event), post(api, path, event)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == {**event, "description": ""}
    assert TrackingEvent.objects.count() == 1
    shown = api.get(f"{PARCELS}{parcel.number}/").json()
    assert (shown["status"], shown["delivered_at"]) == ("delivered", "2026-12-01T12:00:00Z")
    assert [told["event_id"] for told in shown["tracking_events"]] == ["E-1"]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"event_id": "1", "status": "delivered"},
        {"event_id": "1", "status": "delivered", "at": "yesterday"},
        {"event_id": "1", "status": "delivered", "at": "2026-12-01T12:00:00"},
        {"event_id": "", "status": "delivered", "at": "2026-12-01T12:00:00Z"},
        {"event_id": "1", "status": 7, "at": "2026-12-01T12:00:00Z"},
        {"event_id": "1\u0000", "status": "delivered", "at": "2026-12-01T12:00:00Z"},
    ],
)
def test_an_event_that_makes_no_sense_is_refused(shop, api, event):
    parcel = shipped()

    assert post(api, f"{PARCELS}{parcel.number}/tracking-events/", event).status_code == 400

    assert (TrackingEvent.objects.count(), Shipment.objects.get().status) == (0, "in_transit")


@pytest.mark.parametrize("paper", ["label", "packing-slip"])
def test_paper_is_a_pdf(shop, api, paper):
    parcel = shipped()

    for accept in ("application/pdf", "*/*"):
        answer = api.get(f"{PARCELS}{parcel.number}/{paper}/", headers={"Accept": accept})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
        assert parcel.tracking_number in PdfReader(BytesIO(answer.content)).pages[0].extract_text()
    missing = api.get(f"{PARCELS}SH-999999/{paper}/", headers={"Accept": "application/pdf"})
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


def test_an_order_is_released_as_a_whole(shop, api):
    order = confirmed({"MUG-RED": 150})

    answer = post(api, f"/api/v1/orders/{order.number}/release/")

    assert (answer.status_code, answer.json()["number"], answer.json()["status"]) == (200, order.number, "fulfilling")
    assert list(FulfillmentOrder.objects.values_list("status", flat=True)) == ["released", "released"]
    again = post(api, f"/api/v1/orders/{order.number}/release/")
    assert (again.status_code, "blocked_because" in again.json()) == (409, True)
    assert post(api, "/api/v1/orders/SO-999999/release/").status_code == 404


def test_scopes_are_asked_for(shop):
    work = packed()
    parcel = Shipment.objects.get()
    reader, nobody = client("fulfillment:read"), client("orders:read")

    assert reader.get(f"{WORK}{work.number}/").status_code == 200
    assert post(reader, f"{WORK}{work.number}/ship/").status_code == 403
    assert post(reader, f"{PARCELS}{parcel.number}/tracking-events/").status_code == 403
    assert nobody.get(WORK).status_code == 403
    assert APIClient().get(WORK).status_code == 401
    assert anew(work).status == "packed"


def test_what_belongs_to_another_channel_does_not_exist(shop):
    work = packed()
    parcel = Shipment.objects.get()
    stranger = client("*", channels=["web"])

    assert stranger.get(WORK).json()["results"] == []
    assert stranger.get(PARCELS).json()["results"] == []
    for path in (f"{WORK}{work.number}/", f"{PARCELS}{parcel.number}/", f"{PARCELS}{parcel.number}/label/"):
        assert stranger.get(path).status_code == 404
    for path in (f"{WORK}{work.number}/ship/", f"/api/v1/orders/{work.order.number}/release/"):
        assert post(stranger, path).status_code == 404
    assert anew(work).status == "packed"


def test_services_of_the_desk_and_of_the_api_are_the_same(shop, api):
    work = packed()
    fulfillment.ship_fulfillment_order(work.pk, actor=TOM)

    answer = post(api, f"{WORK}{work.number}/ship/")

    assert (answer.status_code, stock("MUG-RED")) == (409, (98, 0))


def test_of_a_kit_single_parts_may_be_missing(shop, api):
    make_priced_kit("SET", "20.00", {"MUG-RED": 2, "TEA-1": 1})
    (work,) = planned({"SET": 3, "MUG-RED": 1})
    path = f"{WORK}{work.number}/"
    post(api, f"{path}release/")

    def picking(**one):
        return post(api, f"{path}short/", {"lines": [{"sku": "SET", **one}]})

    def fault(answer):
        return answer.status_code, [(one["pointer"], one["code"]) for one in answer.json()["errors"]]

    assert fault(picking())[0] == 400
    assert fault(picking(quantity=1, parts=[{"sku": "MUG-RED", "quantity": 1}]))[0] == 400
    assert fault(picking(parts=[{"sku": "POT", "quantity": 1}])) == (
        400, [("/lines/0/parts/0/sku", "unknown_part")]
    )  # fmt: skip
    assert picking(parts=[{"sku": "TEA-1", "quantity": 4}]).json()["code"] == "wrong_quantity"

    answer = picking(parts=[{"sku": "mug-red", "quantity": 5}])

    assert [(line["sku"], line["quantity"]) for line in answer.json()["lines"]] == [("SET", 2), ("MUG-RED", 1)]
    assert OrderException.objects.get().payload["parts"] == {
        "missing": {"MUG-RED": 1}, "put_back": {"MUG-RED": 1, "TEA-1": 1}
    }  # fmt: skip
    rest = FulfillmentOrder.objects.exclude(pk=work.pk).get()
    post(api, f"{WORK}{rest.number}/release/")
    none = post(
        api, f"{WORK}{rest.number}/pick/", {"lines": [{"sku": "SET", "parts": [{"sku": "TEA-1", "quantity": 0}]}]}
    )
    assert (none.status_code, none.json()["status"]) == (200, "planned")
