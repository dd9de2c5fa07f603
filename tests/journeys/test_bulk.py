"""Many orders at once (U7): what was done and what was not, and why; paper in three clicks; any order by one key."""

from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from playwright.sync_api import expect
from pypdf import PdfReader

from core import outbox
from core.admin import bulk_running
from core.models import BulkJob, BulkRow, EventRecord, User
from orders.models import Order
from tests.factories.shop import make_shop
from tests.journeys.test_open_to_all import INSPECT, LOOKS
from tests.scenarios import confirmed_order, placed_order, run_debts, shipped_order

LIST = "/admin/orders/order/"
MAY = ["view_order", "operate_order", "view_fulfillmentorder", "view_shipment", "view_customer"]
# How much the page has moved under the hand since it was watched (CLS).
WATCH = """() => { window.moved = 0; new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) { window.moved += entry.hadRecentInput ? 0 : entry.value; }
}).observe({ type: "layout-shift", buffered: false }); }"""

# How long it was quiet between two questions how far a job is.
PAUSES = """() => performance.getEntriesByType("resource").filter((one) => one.name.endsWith("/progress/"))
    .map((one) => one.startTime).map((at, n, all) => all[n + 1] - at).slice(0, -1)"""


@pytest.fixture
def desk(transactional_db: None, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return a window of the order desk that counts its clicks."""
    make_shop()
    maya = User.objects.create_user("maya", password="x", first_name="Maya", is_staff=True)
    maya.user_permissions.set(Permission.objects.filter(codename__in=MAY))
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    page.clicks = 0
    return page


@pytest.fixture
def five_hundred(desk: Any) -> list[Order]:
    """Return five hundred orders, of which three have left the house; most are copies of one that was placed."""
    gone = [shipped_order({"TEA-1": n + 1}) for n in range(3)]
    pattern = placed_order({"MUG-RED": 1})
    return [*gone, *copies_of(pattern, 497)]


def copies_of(pattern: Order, wanted: int) -> list[Order]:
    """Return an order so many times, without lines, so that hundreds are there in an instant."""
    first = Order.objects.latest("pk").pk + 1
    history = list(EventRecord.objects.filter(subject_type="orders.order", subject_id=pattern.pk).order_by("pk"))
    copies = []
    for pk in range(first, first + wanted - 1):
        one = Order(**{field.attname: getattr(pattern, field.attname) for field in Order._meta.concrete_fields})
        one.pk, one.number, one.reservation_id = pk, f"{pattern.number}-{pk}", None
        copies.append(one)
    Order.objects.bulk_create(copies)
    EventRecord.objects.bulk_create(
        EventRecord(
            **{
                **{
                    f.attname: getattr(line, f.attname) for f in EventRecord._meta.concrete_fields if not f.primary_key
                },
                "subject_id": one.pk,
                "thread": f"orders.order:{one.pk}",
                "position": None,
            }
        )
        for one in copies
        for line in history
    )
    return [pattern, *copies]


def click(page: Any, target: Any) -> None:
    target.click()
    page.clicks += 1


def work_off() -> None:
    """Do what a worker does with the last job, however long it takes; the page asks meanwhile."""
    job = BulkJob.objects.latest("pk")
    outbox.drain(threads=[f"core.bulkjob:{job.pk}"])


def test_of_500_orders_three_are_refused_with_reason_and_link_and_tried_again(desk, five_hundred, monkeypatch):
    desk.goto(LIST)
    desk.evaluate(WATCH)
    row = desk.locator("#result_list tbody tr").nth(5)
    where = row.bounding_box()
    click(desk, desk.get_by_role("checkbox", name="Select all objects on this page for an action"))
    click(desk, desk.get_by_role("button", name="Select all 500 that match"))
    expect(desk.get_by_text("All 500 that match are selected")).to_be_visible()
    assert (desk.evaluate("moved"), row.bounding_box()) == (0, where)
    click(desk, desk.locator(".more-actions > summary"))
    click(desk, desk.get_by_role("button", name="Cancel", exact=True))
    desk.get_by_role("heading", name="Cancel: 500 orders").wait_for()
    expect(desk.get_by_text("All that match: the whole list")).to_be_visible()
    desk.locator("textarea:focus").wait_for()
    desk.keyboard.type("Out of season")

    click(desk, desk.get_by_role("button", name="Cancel", exact=True))
    desk.get_by_text("500 to go").wait_for()
    # A turn that is cut short: what it has done is seen by a page that asks at least once a second.
    monkeypatch.setattr(bulk_running, "TURN_S", 0.05)
    bulk_running.run_turn(BulkJob.objects.get().pk, 1)
    desk.get_by_text("500 to go").wait_for(state="hidden")
    for _twice in range(2):
        with desk.expect_response("**/progress/") as answer:
            pass
        answer.value.finished()
    assert min(desk.evaluate(PAUSES)) < 1_000
    monkeypatch.undo()
    work_off()
    desk.get_by_text("497 done, 3 refused").wait_for()

    refused = desk.locator(".job-rows tbody tr")
    expect(refused).to_have_count(3)
    left = {str(order.number) for order in five_hundred[:3]}
    assert set(refused.locator("th a").all_inner_texts()) == left
    assert (
        "cannot be cancelled" in refused.first.locator("td").inner_text() or refused.first.locator("td").inner_text()
    )
    assert desk.clicks == 5
    desk.get_by_role("button", name="Try the 3 again").click()
    desk.get_by_text("0 done, 3 refused").wait_for()
    assert Order.objects.filter(status="cancelled").count() == 497


def test_the_same_by_keyboard_alone_and_safe_to_repeat(desk):
    first, second = placed_order({"MUG-RED": 1}), placed_order({"TEA-1": 1})
    for done in ("2 done", "2 with nothing to do"):
        desk.goto(LIST)
        desk.locator("#result_list").wait_for()
        for key in ("j", "x", "j", "x"):
            desk.keyboard.press(key)
        expect(desk.locator(".action-counter")).to_have_text("2 selected")
        desk.keyboard.press("Control+k")
        desk.get_by_role("combobox").wait_for()
        desk.keyboard.type("tag")
        desk.get_by_role("option", name="Tag").first.wait_for()
        desk.keyboard.press("Enter")
        desk.locator("input[name=add]:focus").wait_for()
        desk.keyboard.type("spring")
        desk.keyboard.press("Enter")
        if done == "2 done":
            desk.get_by_text("Tag: 2 rows done.").wait_for()
        else:
            desk.get_by_text(done).wait_for()
    assert [order.tags for order in Order.objects.order_by("pk")] == [["spring"], ["spring"]]
    assert (first.tags, second.tags) == ([], [])


def test_pick_lists_and_packing_slips_of_a_page_are_three_clicks_away(desk):
    for n in range(12):
        confirmed_order({"MUG-RED": n + 1})
    unpaid = placed_order({"TEA-1": 1})
    run_debts()
    desk.goto(LIST)
    click(desk, desk.get_by_role("checkbox", name="Select all objects on this page for an action"))
    click(desk, desk.get_by_role("button", name="Print", exact=True))
    desk.get_by_role("heading", name="Print: 13 orders").wait_for()
    work_off()
    desk.get_by_text("12 done, 1 refused").wait_for()

    with desk.expect_popup() as opened:
        click(desk, desk.get_by_role("link", name="Open the PDF"))
    paper = desk.request.get(desk.get_by_role("link", name="Open the PDF").get_attribute("href"))

    assert desk.clicks == 3
    opened.value.close()
    assert len(PdfReader(BytesIO(paper.body())).pages) == 24
    expect(desk.locator(".job-rows tbody th")).to_have_text([str(unpaid.number)])
    assert BulkRow.objects.filter(status="done").count() == 12


def test_back_from_the_step_the_same_rows_are_ticked_or_all_that_match(desk):
    for n in range(55):
        placed_order({"TEA-1": 1}, email=f"a{n}@example.com")
    desk.goto(LIST)
    desk.get_by_role("checkbox", name="Select all objects on this page for an action").check()
    desk.get_by_role("button", name="Select all 55 that match").click()
    desk.get_by_role("button", name="Assign", exact=True).click()
    desk.get_by_role("heading", name="Assign: 55 orders").wait_for()

    desk.go_back()

    desk.get_by_text("All 55 that match are selected").wait_for()


@pytest.mark.parametrize("sign", ["number", "mail", "name", "reference", "po", "phone", "tracking"])
def test_one_key_a_word_and_enter_find_an_order(desk, sign):
    ada = shipped_order(
        {"TEA-1": 2},
        customer_name="Grace Hopper",
        email="grace@example.com",
        external_reference="WEB-77",
        purchase_order_number="PO-4711",
        phone="+49 171 2345678",
    )
    placed_order({"MUG-RED": 1})
    words = {
        "number": str(ada.pk),
        "mail": "grace@",
        "name": "hopper",
        "reference": "WEB-77",
        "po": "po-4711",
        "phone": "0171 2345678",
        "tracking": ada.shipments.get().tracking_number,
    }
    desk.goto(LIST)

    desk.keyboard.press("/")
    desk.keyboard.type(words[sign])
    desk.keyboard.press("Enter")

    found = desk.get_by_role("link", name=str(ada.number)).or_(desk.get_by_role("heading", name=str(ada.number)))
    found.first.wait_for()
    assert desk.clicks == 0


@pytest.mark.parametrize("look", LOOKS, ids=["phone, dark, German", "desk, light, English"])
def test_no_page_of_a_bulk_step_shuts_anybody_out(desk, open_browser, look):
    order = shipped_order({"TEA-1": 1})
    User.objects.update(language=look["locale"][:2])
    page = open_browser(**look)
    page.context.add_cookies(desk.context.cookies())
    page.goto(LIST)
    page.locator("input.action-select").first.check()
    page.locator("details[data-filter-title] summary").nth(2).click()
    faults = {"list": page.evaluate(INSPECT)}
    page.keyboard.press("Escape")
    page.locator(".actions button[value=hold_many]").click()
    page.locator(".confirm-foot").wait_for()
    faults["step"] = page.evaluate(INSPECT)
    page.goto(LIST)
    page.locator("input.action-select").first.check()
    page.locator(".more-actions > summary").click()
    page.locator(".actions button[value=cancel_many]").click()
    page.locator("textarea").fill("x")
    page.locator(".confirm-foot button").click()
    page.locator(".job-rows").get_by_text(str(order.number)).wait_for()
    faults["job"] = page.evaluate(INSPECT)
    page.goto("/admin/bulk/")
    faults["jobs"] = page.evaluate(INSPECT)

    assert faults == {"list": [], "step": [], "job": [], "jobs": []}
