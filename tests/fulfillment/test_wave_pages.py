"""Waves at the desk and over the API: what a wave takes is shown before the click, and who may not, does not."""

from io import BytesIO

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from fulfillment import services as fulfillment
from fulfillment.admin.waves import find_waves
from fulfillment.models import FulfillmentOrder, Wave
from inventory.models import StockItem
from orders import services as orders

from .helpers import TOM, anew, planned
from .test_api import client as key
from .test_api import post

pytestmark = pytest.mark.django_db
PLAN, WAVES, API = "/admin/fulfillment/wave/plan/", "/admin/fulfillment/wave/", "/api/v1/waves/"


def work(units=None, **given):
    (one,) = planned(units, **given)
    return one


def wave_of(shop, **given):
    return fulfillment.plan_wave(fulfillment.WaveInput(warehouse_id=shop.hamburg.pk, **given), actor=TOM)


def step(wave, name):
    return reverse("admin:fulfillment_wave_do", args=[wave.pk, name])


def text(response):
    return " ".join(response.content.decode().split())


def member(django_user_model, *codenames, **limits):
    """Return a browser of somebody with these permissions, limited to these codes."""
    user = django_user_model.objects.create_user("walter", password="secret", is_staff=True, limits=limits)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def test_the_plan_shows_what_it_takes_and_what_it_passes_over_before_it_is_made(shop, staff):
    StockItem.objects.filter(product=shop.mug, warehouse=shop.hamburg).update(bin="B-07")
    first, second, held = work({"MUG-RED": 2}), work({"MUG-RED": 3, "TEA-1": 1}), work()
    orders.place_hold(held.order_id, reason="Ask the buyer", actor=TOM)

    shown = staff.get(PLAN)

    page = text(shown)
    assert "Orders: 2 · units: 6 · bins: 2" in page
    assert page.index(str(first.number)) < page.index(str(second.number)) < page.index(str(held.number))
    assert "<b>1</b>: 2 · <b>2</b>: 3" in page
    assert "Ask the buyer" in page
    assert Wave.objects.count() == 0

    said = {"warehouse": shop.hamburg.pk, "size": "20", "seen": shown.context["proposal"].key}
    after = staff.post(PLAN, said, follow=True)

    wave = Wave.objects.get()
    assert after.redirect_chain == [(f"{WAVES}{wave.pk}/change/", 302)]
    assert (wave.planned_by, [one.pk for one in wave.works.order_by("tote")]) == ("staff:maya", [first.pk, second.pk])
    assert "Planned with 2 orders" in text(after)


def test_a_queue_that_changed_is_shown_anew_and_nothing_is_planned(shop, staff):
    work()
    seen = staff.get(PLAN).context["proposal"].key
    second = work()
    answer = staff.post(PLAN, {"warehouse": shop.hamburg.pk, "size": "20", "seen": seen})
    assert "The queue has changed since you looked at it; look again" in text(answer)
    assert str(second.number) in text(answer)
    assert Wave.objects.count() == 0


@pytest.mark.parametrize(
    "said", [{"size": "0"}, {"size": "x"}, {"warehouse": "999"}, {"leaves_by_on": "soon"}, {"carrier": "\0"}]
)
def test_a_wish_that_makes_no_sense_is_named_beside_its_field(shop, staff, said):
    work()
    for answer in (staff.get(PLAN, said), staff.post(PLAN, said)):
        assert answer.status_code == 200
        assert 'class="errorlist"' in text(answer)
    assert Wave.objects.count() == 0


def test_pages_of_waves_ask_the_same_however_many_there_are(shop, staff, django_assert_max_num_queries):
    for _ in range(3):
        work({"MUG-RED": 1, "TEA-1": 1})
    wave = wave_of(shop, size=2)
    pages = (WAVES, f"{WAVES}{wave.pk}/change/", PLAN)
    counts = {}
    for page in pages:
        staff.get(page)
        with django_assert_max_num_queries(20) as few:
            assert staff.get(page).status_code == 200
        counts[page] = len(few)
    for _ in range(4):
        work({"MUG-RED": 1, "TEA-1": 1})
    fulfillment.cancel_wave(wave.pk, actor=TOM)
    bigger = wave_of(shop, size=4)
    wave_of(shop, size=1)
    for page in (WAVES, PLAN):
        with django_assert_max_num_queries(counts[page]):
            staff.get(page)
    with django_assert_max_num_queries(counts[pages[1]]):
        staff.get(f"{WAVES}{bigger.pk}/change/")


def test_a_wave_is_released_and_picked_on_its_page(shop, staff):
    first, second = work({"MUG-RED": 2}), work({"MUG-RED": 3})
    wave = wave_of(shop)
    assert "2 orders are in fulfillment from then on." in text(staff.get(step(wave, "release")))
    staff.post(step(wave, "release"))
    assert "5 units to fetch from 1 bin." in text(staff.get(f"{WAVES}{wave.pk}/change/"))
    (name,) = list(staff.get(step(wave, "found")).context["form"].fields)
    assert "6" not in staff.post(step(wave, "found"), {name: "6"}).context["form"].cleaned_data
    assert Wave.objects.get().status == "released"

    staff.post(step(wave, "found"), {name: "4"})

    assert Wave.objects.get().status == "done"
    assert [anew(one).lines.get().picked for one in (first, second)] == [2, 2]
    assert staff.get(step(wave, "found")).status_code == 409
    assert staff.post(step(wave, "cancel"), {"reason": ""}).status_code == 409


def test_the_paper_has_each_bin_once_and_says_which_tote_is_whose(shop, staff):
    StockItem.objects.filter(product=shop.mug, warehouse=shop.hamburg).update(bin="B-07")
    works = [work({"MUG-RED": 2}), work({"MUG-RED": 3})]
    wave = wave_of(shop)
    answer = staff.get(reverse("admin:fulfillment_wave_print", args=[wave.pk, "batch"]))
    said = " ".join(" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(answer.content)).pages)
    assert "B-07 MUG-RED Red mug 5 1: 2 · 2: 3" in said
    for one in works:
        assert f"{one.order.number} {one.number}" in said
    assert str(wave.number) in said


def test_the_queue_says_which_wave_work_is_in(shop, staff):
    one = work()
    wave = wave_of(shop)
    assert f'href="{WAVES}{wave.pk}/change/"' in text(staff.get("/admin/fulfillment/fulfillmentorder/?stage=open"))
    assert str(wave.number) in text(staff.get(f"/admin/fulfillment/fulfillmentorder/{one.pk}/change/"))
    assert [hit.title for hit in find_waves(str(wave.number).lower())] == [wave.number]
    assert find_waves("SO-1") == []


def test_who_may_only_look_plans_and_steps_nothing(shop, django_user_model):
    work()
    wave = wave_of(shop)
    walker = member(django_user_model, "view_fulfillmentorder", "view_wave")
    assert "Plan a wave" not in text(walker.get("/admin/fulfillment/fulfillmentorder/"))
    page = walker.get(f"{WAVES}{wave.pk}/change/")
    assert (page.status_code, page.context["steps"]) == (200, [])
    assert walker.get(PLAN).status_code == 403
    assert walker.post(PLAN, {"warehouse": shop.hamburg.pk, "size": "1"}).status_code == 403
    for name in ("release", "found", "cancel"):
        assert walker.post(step(wave, name)).status_code == 403
    assert Wave.objects.get().status == "planned"


def test_staff_see_and_plan_waves_of_their_own_warehouses_only(shop, django_user_model):
    work()
    wave = wave_of(shop)
    other = work()
    rights = ("view_fulfillmentorder", "operate_fulfillmentorder", "view_wave")
    mine = member(django_user_model, *rights, warehouse=["MUC"])
    assert str(wave.number) not in text(mine.get(WAVES))
    assert mine.get(f"{WAVES}{wave.pk}/change/").status_code == 302
    assert mine.post(step(wave, "release")).status_code == 404
    refused = mine.post(PLAN, {"warehouse": shop.hamburg.pk, "size": "1"})
    assert (refused.status_code, Wave.objects.count(), anew(other).wave_id) == (200, 1, None)
    assert [place.code for place in refused.context["form"].fields["warehouse"].queryset] == ["MUC"]


def test_staff_of_one_channel_plan_only_for_it_and_touch_no_wave_of_others(shop, django_user_model):
    work()
    wave = wave_of(shop)
    work()
    rights = ("view_fulfillmentorder", "operate_fulfillmentorder", "view_wave")
    mine = member(django_user_model, *rights, channel=["web"])
    assert mine.get(PLAN).context["proposal"].works == []
    assert mine.post(step(wave, "release")).status_code == 404


def test_a_wave_is_planned_released_and_picked_over_the_api(shop, api):
    first, second = work({"MUG-RED": 2}), work({"MUG-RED": 3})

    made = post(api, API, {"warehouse": "HAM", "size": 5})

    body = made.json()
    assert (made.status_code, body["status"], body["orders"], body["picked"]) == (201, "planned", 2, 0)
    assert made.headers["Location"].endswith(f"{API}{body['number']}/")
    assert [(one["tote"], one["fulfillment_order"]) for one in body["totes"]] == [
        (1, first.number),
        (2, second.number),
    ]
    assert body["to_fetch"] == [
        {
            "bin": "",
            "sku": "MUG-RED",
            "name": "Red mug",
            "quantity": 5,
            "totes": [{"tote": 1, "quantity": 2}, {"tote": 2, "quantity": 3}],
        }
    ]
    path = f"{API}{body['number']}/"
    assert post(api, f"{path}release/").json()["allowed_actions"] == ["pick", "cancel"]
    wrong = post(api, f"{path}pick/", {"missing": [{"sku": "TEA-1", "quantity": 1}]})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "/missing/0")
    done = post(api, f"{path}pick/", {"missing": [{"sku": "MUG-RED", "quantity": 1}]}).json()
    assert (done["status"], done["picked"], done["to_fetch"], done["allowed_actions"]) == ("done", 2, [], [])
    assert [anew(one).lines.get().picked for one in (first, second)] == [2, 2]
    assert post(api, f"{path}cancel/").status_code == 409
    assert api.get(f"{path}pick-list/").headers["Content-Type"] == "application/pdf"
    (row,) = api.get(API, {"status": "done", "warehouse": "HAM"}).json()["results"]
    assert (row["number"], row["size"]) == (body["number"], 5)
    found = api.get("/api/v1/fulfillment-orders/", {"wave": body["number"]}).json()["results"]
    assert sorted((one["wave"], one["tote"]) for one in found) == [(body["number"], 1), (body["number"], 2)]


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"warehouse": "NOWHERE"}, "/warehouse"),
        ({"warehouse": "HAM", "size": 0}, "/size"),
        ({"warehouse": "HAM", "shipping_method": "no"}, "/shipping_method"),
        ({"warehouse": "HAM", "leaves_by_on": "soon"}, "/leaves_by_on"),
        ({"warehouse": "HAM", "carrier": "pigeon"}, "/carrier"),
        ({"warehouse": "HAM", "size": "2"}, "/size"),
        ({"warehouse": "HAM", "wave": 1}, "/wave"),
    ],
)
def test_a_wish_over_the_api_that_makes_no_sense_is_refused(shop, api, said, pointer):
    work()
    answer = post(api, API, said)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)
    assert Wave.objects.count() == 0


def test_the_same_request_twice_plans_one_wave(shop, api):
    work()
    first, again = (post(api, API, {"warehouse": "HAM"}, **{"Idempotency-Key": "w-1"}) for _ in range(2))
    assert (first.status_code, again.content, again.headers["Idempotent-Replayed"]) == (201, first.content, "true")
    assert Wave.objects.count() == 1


def test_a_key_of_another_channel_finds_no_wave_and_nothing_to_plan(shop):
    work()
    wave = wave_of(shop)
    spare = work()
    foreign = key("fulfillment:read", "fulfillment:write", channels=("web",))
    assert foreign.get(f"{API}{wave.number}/").status_code == 404
    assert post(foreign, f"{API}{wave.number}/release/").status_code == 404
    refused = post(foreign, API, {"warehouse": "HAM"})
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_for_a_wave")
    assert post(key("fulfillment:read"), API, {"warehouse": "HAM"}).status_code == 403
    assert FulfillmentOrder.objects.get(pk=spare.pk).wave_id is None


def test_lists_and_waves_of_the_api_ask_the_same_however_much_is_in_them(shop, api, django_assert_num_queries):
    for _ in range(2):
        work()
    wave = wave_of(shop, size=1)
    api.get(API)
    with django_assert_num_queries(4) as few:
        api.get(f"{API}{wave.number}/")
    for _ in range(3):
        work()
    bigger = wave_of(shop)
    with django_assert_num_queries(len(few)):
        api.get(f"{API}{bigger.number}/")
