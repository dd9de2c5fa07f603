"""Counting in the back office: blind on the way, plain at the end, and each step for those who may take it."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import User
from inventory.models import StockCount
from tests.factories.catalog import make_product, stock_of
from tests.inventory.test_counts import LIST, entered, lines, sheet

pytestmark = pytest.mark.django_db


@pytest.fixture
def tom(client):
    """Sign Tom in, who counts and may not approve."""
    user = User.objects.create_user("tom", password="x", is_staff=True)
    may = ["view_stockcount", "add_stockcount", "change_stockcount", "view_stockitem", "view_product"]
    user.user_permissions.set(Permission.objects.filter(codename__in=may))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_sheet_is_started_counted_blind_and_finished(places, shelves, mug, tom, maya):
    body = {"warehouse": places[0].warehouse_id, "first_bin": "A-01", "last_bin": "A-09", "note": "A", "token": "t"}

    made = tom.post(f"{LIST}add/", body)
    again = tom.post(f"{LIST}add/", body)

    count = StockCount.objects.get()
    here = f"{LIST}{count.pk}/"
    assert (made.status_code, made["Location"], again.status_code) == (302, f"{here}change/", 200)
    page = tom.get(f"{here}change/")
    assert [(step.name, step.style) for step in page.context["steps"]] == [
        ("enter", "primary"), ("sheet", ""), ("cancel", "danger"),
    ]  # fmt: skip
    line = lines(count)["MUG-RED"].pk
    entering = tom.get(f"/admin/counts/{count.number}/")
    for blind in (page, entering, tom.get(f"/admin/counts/{count.number}/sheet/")):
        assert blind.status_code == 200
        assert ">10<" not in blind.content.decode()
    assert entering.context["scanned"]["codes"]["MUG-RED"] == line
    assert entering.context["scanned"]["shelves"]["A-01"] == line
    one = tom.post(f"/admin/counts/{count.number}/", {f"counted-{line}": "8"}, headers={"Accept": "application/json"})
    assert one.json() == {"differences": {str(line): "−2"}, "left": 1}
    done = tom.post(f"/admin/counts/{count.number}/", {f"counted-{line}": "8"})
    assert done["Location"] == f"{here}change/"
    finish = tom.get(f"{here}do/finish/").content.decode()
    for words in ("1 shelf differs", "1 shelf is not counted", "wait again"):
        assert words in finish
    assert tom.post(f"{here}do/finish/").status_code == 302
    assert stock_of(mug).on_hand == 8
    assert tom.get(f"/admin/counts/{count.number}/")["Location"] == f"{here}change/"
    assert "€9.00" in tom.get(f"{here}change/").content.decode()


def test_what_cannot_be_a_count_is_said_and_kept(places, shelves, mug, tom, maya):
    count = sheet(places, maya)
    line = lines(count)["MUG-RED"].pk
    url = f"/admin/counts/{count.number}/"

    wrong = tom.post(url, {f"counted-{line}": "many"})
    by_script = tom.post(url, {f"counted-{line}": "-1"}, headers={"Accept": "application/json"})
    huge = tom.post(url, {f"counted-{line}": "1" * 400})
    strange = tom.post(url, {"counted-999999": "3"})

    assert (wrong.status_code, by_script.status_code, huge.status_code, strange.status_code) == (409, 409, 409, 302)
    assert 'value="many"' in wrong.content.decode()
    assert by_script.json() == {"error": "A count is a whole number, 0 or more."}
    assert lines(count)["MUG-RED"].counted is None
    assert tom.get("/admin/counts/CC-9/").status_code == 404


@pytest.mark.parametrize(
    "ways",
    [{}, {"first_bin": "A-01", "days": "3"}, {"first_bin": "A", "goods": "TEA-1"}, {"days": "-1"}, {"first_bin": "Z"}],
)
def test_a_sheet_is_chosen_in_one_way(places, shelves, tom, ways):
    page = tom.post(f"{LIST}add/", {"warehouse": places[0].warehouse_id, "note": "", **ways})

    assert page.status_code == 200
    assert page.context["adminform"].form.errors
    assert not StockCount.objects.exists()


def test_only_who_may_approves(places, shelves, tom, maya, settings, client):
    settings.COUNT_APPROVAL_ABOVE = 0
    count = sheet(places, maya)
    entered(count, maya, MUG_RED=9)
    here = f"{LIST}{count.pk}/do"
    assert tom.post(f"{here}/finish/").status_code == 302
    assert StockCount.objects.get().status == "to_approve"

    assert tom.post(f"{here}/approve/").status_code == 403
    assert tom.post(f"{here}/again/", {"reason": "x"}).status_code == 403
    tom_user = User.objects.get(username="tom")
    tom_user.user_permissions.add(Permission.objects.get(codename="approve_stockcount"))
    assert tom.post(f"{here}/approve/").status_code == 302
    assert StockCount.objects.get().status == "booked"


def test_one_click_has_an_empty_bin_counted(places, shelves, mug, tom):
    item = stock_of(mug)
    page = tom.get(f"/admin/inventory/stockitem/{item.pk}/change/").content.decode()
    body = {"product": mug.pk, "warehouse": item.warehouse_id}

    begun = tom.post("/admin/counts/empty/", body)
    from_picking = tom.post("/admin/counts/empty/", {**body, "next": "/admin/"}, follow=True)

    assert "Bin is empty" in page
    assert begun["Location"] == "/admin/counts/CC-000001/"
    assert "CC-000001: A-01 will be counted." in from_picking.content.decode()
    assert tom.post("/admin/counts/empty/", {**body, "next": "https://evil.example/"})["Location"].startswith(
        "/admin/"
    )
    assert tom.get("/admin/counts/empty/").status_code == 404
    assert tom.post("/admin/counts/empty/", {"product": "x", "warehouse": "1"}).status_code == 404
    assert StockCount.objects.count() == 1


def test_who_is_limited_to_munich_counts_nothing_in_hamburg(places, shelves, mug, tom, maya):
    count = sheet(places, maya)
    User.objects.filter(username="tom").update(limits={"warehouse": ["MUC"]})

    assert tom.get(f"{LIST}{count.pk}/change/").status_code == 302
    assert tom.get(f"/admin/counts/{count.number}/").status_code == 404
    assert (
        tom.post("/admin/counts/empty/", {"product": mug.pk, "warehouse": places[0].warehouse_id}).status_code == 404
    )
    add = tom.post(f"{LIST}add/", {"warehouse": places[0].warehouse_id, "days": "0"})
    assert add.context["adminform"].form.errors["warehouse"]


def test_pages_take_the_same_statements_however_long(places, shelves, staff, maya):
    counts = []
    for size in (3, 20):
        made = [make_product(f"P{size}-{number}", stock={"HAM": 5}) for number in range(size)]
        count = sheet(places, maya, product_ids=frozenset(one.pk for one in made))
        for url in (LIST, f"{LIST}{count.pk}/change/", f"/admin/counts/{count.number}/"):
            staff.get(url)
            with CaptureQueriesContext(connection) as taken:
                staff.get(url)
            counts.append(len(taken))
    assert counts[:3] == counts[3:]
    assert max(counts) <= 9
