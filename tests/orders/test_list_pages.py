"""The list of orders, page by page: every row once, at any depth, in any order, while others arrive."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.actors import SYSTEM
from core.admin.site import site
from orders import services
from orders.models import Order
from tests.scenarios import order_input, placed_order

LIST = "/admin/orders/order/"
NUMBER = re.compile(r"SO-\d{6}(?=</a>)")
# The sixth names the colleagues whose orders can be asked for.
MOST_STATEMENTS = 8


@pytest.fixture(autouse=True)
def _pages_of_three(monkeypatch: pytest.MonkeyPatch, shop: Any) -> None:
    monkeypatch.setattr(site._registry[Order], "list_per_page", 3)


def shown(staff: Client, url: str) -> tuple[list[str], dict[str, str], str]:
    """Return the numbers on a page, the links around it, and what it says of itself."""
    page = staff.get(url)
    html = page.content.decode()
    rows = html[html.index("<tbody") :] if "<tbody" in html else ""
    around = page.context["cl"].neighbors
    said = re.search(r'aria-label="Pages">\s*<span>(.*?)</span>', html, re.DOTALL)
    return NUMBER.findall(rows), {name: LIST + address for name, address in around.items()}, said[1] if said else ""


def walk(staff: Client, url: str, link: str = "after") -> Iterator[list[str]]:
    while url:
        numbers, around, _said = shown(staff, url)
        yield numbers
        url = around.get(link, "")


def test_next_leads_through_every_order_once_and_previous_back(staff):
    made = [placed_order({"TEA-1": n % 3 + 1}).number for n in range(8)]

    pages = list(walk(staff, LIST))

    assert pages == [made[7:4:-1], made[4:1:-1], made[1::-1]]
    last = shown(staff, shown(staff, LIST)[1]["last"])
    assert last[0] == made[2::-1]
    assert last[2] == "6–8 of 8"
    assert list(walk(staff, last[1]["before"], "before")) == [made[5:2:-1], made[7:5:-1]]
    assert shown(staff, last[1]["first"])[0] == pages[0]


def test_a_page_says_where_it_is(staff):
    for _n in range(8):
        placed_order()

    first = shown(staff, LIST)
    second = shown(staff, first[1]["after"])
    third = shown(staff, second[1]["after"])

    assert [said for _rows, _around, said in (first, second, third)] == ["1–3 of 8", "4–6 of 8", "7–8 of 8"]
    assert (sorted(first[1]), sorted(third[1])) == (["after", "last"], ["before", "first"])
    assert shown(staff, third[1]["before"])[2] == "4–6 of 8"


def test_orders_that_arrive_meanwhile_repeat_nothing(staff):
    made = [placed_order().number for _n in range(6)]
    first, around, _said = shown(staff, LIST)
    placed_order()

    assert first == made[5:2:-1]
    assert shown(staff, around["after"])[0] == made[2::-1]


@pytest.mark.parametrize("order", ["4", "-4", "8", "-8", "1.-4", "-3.4", "-5"])
def test_every_order_of_the_rows_shows_each_of_them_once(staff, order):
    drafts = [services.save_draft(order_input(), actor=SYSTEM).number for _n in range(4)]  # placed never
    made = [placed_order({"TEA-1": n % 2 + 1}).number for n in range(5)]

    pages = list(walk(staff, f"{LIST}?o={order}"))
    back = list(walk(staff, shown(staff, f"{LIST}?o={order}")[1]["last"], "before"))

    assert [len(page) for page in pages] == [3, 3, 3]
    assert sorted(number for page in pages for number in page) == sorted([*drafts, *made])
    assert back == pages[::-1]


@pytest.mark.parametrize("place", ["2", "no-place", "W10", "WyJhIiwibiIsMCxbMV1d", "x" * 3000, "ä"])
def test_a_place_that_is_none_is_the_first_page(staff, place):
    made = [placed_order().number for _n in range(4)]

    assert shown(staff, f"{LIST}?p={place}")[0] == made[3:0:-1]


def test_a_page_costs_the_same_wherever_it_is(staff):
    for _n in range(8):
        placed_order()
    around = shown(staff, LIST)[1]
    second = shown(staff, around["after"])[1]

    def statements(address: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            staff.get(address)
        return len(asked)

    pages = [LIST, around["after"], second["after"], around["last"], second["before"]]
    # One more where the rows end that were placed at all: drafts are asked for by themselves.
    assert {statements(address) for address in pages} <= {MOST_STATEMENTS - 1, MOST_STATEMENTS}
    assert statements(LIST) == MOST_STATEMENTS - 1


def test_by_what_no_column_of_its_own_says_it_pages_as_well(staff):
    made = [placed_order().number for _n in range(5)]

    assert sorted(number for page in walk(staff, f"{LIST}?o=9") for number in page) == made


def test_a_shop_without_orders_has_no_pages(staff):
    assert shown(staff, LIST) == ([], {}, "")
