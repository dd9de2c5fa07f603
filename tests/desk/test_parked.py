"""What is typed on the page of a new order is kept, and gone on with."""

import json
import re

import pytest

from core.actors import SYSTEM
from orders import services
from orders.models import Draft, Order
from tests.desk.conftest import DESK, client_of, staff
from tests.desk.said import KEEP, PLACE, TOKEN, line, send
from tests.scenarios import anew, order_input, placed_order

pytestmark = pytest.mark.django_db


def test_what_is_typed_is_kept_and_gone_on_with(ada, maya):
    kept = send(maya, KEEP, customer=ada.number, customer_note="ring twice", lines=[line("MUG-RED", "2x")])

    order = Order.objects.get()
    assert kept == {"number": order.number, "version": 0, "at": f"/desk/orders/{order.number}/", "url": ""}
    state = page_state(maya, kept["at"])
    assert (state["token"], state["version"], state["card"]["label"]) == (TOKEN, 0, "Ada Byron")
    assert state["typed"]["customer_note"] == "ring twice"
    assert state["typed"]["lines"] == [line("MUG-RED", "2x")]


def page_state(client, address):
    text = client.get(address).content.decode()
    return json.loads(re.search(r'<script id="state" type="application/json">(.*?)</script>', text)[1])


def test_a_draft_of_another_door_is_gone_on_with(ada, maya):
    draft = services.save_draft(order_input(customer_id=ada.pk, purchase_order_number="PO-1"), actor=SYSTEM)

    typed = page_state(maya, f"/desk/orders/{draft.number}/")["typed"]

    assert [(one["sku"], one["quantity"]) for one in typed["lines"]] == [("MUG-RED", "2"), ("TEA-1", "1")]
    assert (typed["purchase_order_number"], typed["ship_to"]["city"]) == ("PO-1", "Berlin")


def test_an_order_is_not_gone_on_with(ada, maya):
    order = placed_order()

    assert maya.get(f"/desk/orders/{order.number}/").headers["Location"] == f"/admin/orders/order/{order.pk}/change/"
    assert maya.get("/desk/orders/SO-999999/").status_code == 404
    assert maya.get("/desk/orders/%00/").status_code == 404


def test_two_who_type_into_one_draft_see_both(ada, maya):
    first = send(maya, KEEP, customer=ada.number)
    second = send(maya, KEEP, customer=ada.number, version=first["version"], customer_note="theirs")

    answer = send(maya, KEEP, customer=ada.number, version=first["version"], lines=[line("TEA-1", 5)])

    overtaken = answer["overtaken"]
    assert (overtaken["version"], overtaken["by"]) == (second["version"], "staff:maya")
    assert overtaken["rows"] == [
        {"label": "Lines", "mine": "5 × TEA-1", "theirs": "2 × MUG-RED, 1 × TEA-1"},
        {"label": "Note", "mine": "", "theirs": "theirs"},
    ]
    assert Draft.objects.get().typed["customer_note"] == "theirs"
    again = send(maya, PLACE, customer=ada.number, version=first["version"])
    assert again["overtaken"]["version"] == second["version"]
    assert anew(Order.objects.get()).status == "draft"


def test_a_page_that_was_placed_says_so(ada, maya):
    url = send(maya, PLACE, customer=ada.number)["url"]

    answer = send(maya, KEEP, customer=ada.number)

    assert answer == {"done": {"text": f"{Order.objects.get().number} is no draft any more.", "url": url}}


def test_parked_drafts_are_listed_what_was_changed_last_first(ada, maya, django_assert_num_queries):
    assert "Nothing is parked" in maya.get("/desk/orders/").content.decode()
    for n in range(3):
        send(maya, KEEP, customer=ada.number, token=f"00000000-0000-0000-0000-00000000000{n}", aside=True)
    with django_assert_num_queries(5):
        text = maya.get("/desk/orders/").content.decode()
    numbers = re.findall(r"/desk/orders/(SO-\d+)/", text)
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == 3


def test_a_draft_is_thrown_away(ada, maya):
    at = send(maya, KEEP, customer=ada.number)["at"]

    assert maya.post(f"{at}discard/").status_code == 302
    assert maya.post(f"{at}discard/").status_code == 302
    assert Order.objects.get().status == "cancelled"
    assert not Draft.objects.filter(open=True).exists()


def test_the_page_of_a_draft_leads_on(ada, maya):
    at = send(maya, KEEP, customer=ada.number)["at"]
    order = Order.objects.get()
    page = f"/admin/orders/order/{order.pk}/change/"

    assert f'href="{at}"' in maya.get(page).content.decode()
    send(maya, PLACE, customer=ada.number, version=0)
    assert f'href="{at}"' not in maya.get(page).content.decode()


def test_a_new_order_is_one_click_away_from_every_page_for_who_may(ada, maya, tom):
    link = 'href="/desk/orders/new/"'

    assert link in maya.get("/admin/").content.decode()
    assert link in maya.get("/admin/orders/order/").content.decode()
    assert link not in tom.get("/admin/").content.decode()


@pytest.mark.parametrize(
    "note",
    ["a\0b", "\ud800", "💥" * 3, "\\u0000", float("nan"), 1e999, {"a": [[["\0"]]]}, ["x"] * 99, None],
)
def test_whatever_is_sent_is_kept_or_left_out_and_never_breaks(ada, maya, note):
    for name in ("customer_note", "page", "ship_to", "lines", "requested_delivery_on", "unknown"):
        answer = send(maya, KEEP, customer=ada.number, token="00000000-0000-0000-0000-00000000000a", **{name: note})
        assert {"number", "overtaken"} & answer.keys(), name


def test_a_price_of_who_may_set_none_is_not_kept_for_who_may(ada, maya):
    tess = client_of(staff("tess", *(name for name in DESK if name != "change_price")))
    planted = [line("MUG-RED", 2, price="0.01", discount="1")]

    kept = send(tess, KEEP, customer=ada.number, lines=planted, discount="5", discount_reason="for me")

    typed = page_state(maya, kept["at"])["typed"]
    assert typed["lines"] == [{"sku": "MUG-RED", "quantity": "2", "wait": ""}]
    assert "discount" not in typed
    send(maya, KEEP, customer=ada.number, version=kept["version"], lines=planted)
    assert page_state(maya, kept["at"])["typed"]["lines"] == planted


def test_an_order_of_a_customer_begins_on_their_page_for_who_may_take_one(ada, maya, tom):
    page, link = f"/admin/customers/customer/{ada.pk}/change/", f"/desk/orders/new/?customer={ada.number}"

    assert f'href="{link}"' in maya.get(page).content.decode()
    assert page_state(maya, link)["card"]["label"] == "Ada Byron"
    shown = tom.get(page)
    assert (shown.status_code, link in shown.content.decode()) == (200, False)
