"""`/stock/` and `/warehouses/`, as the contract says."""

from datetime import date

import pytest

from inventory import services as inventory
from inventory.models import ExpectedReceipt, StockItem, StockMovement, Warehouse
from inventory.services import Demand
from tests.factories.catalog import make_product, make_warehouse, stock_of

pytestmark = pytest.mark.django_db
STOCK, WAREHOUSES = "/api/v1/stock/", "/api/v1/warehouses/"


def post(api, path, body, **headers):
    """Send a body."""
    return api.post(path, body, format="json", headers=headers)


def problem(response):
    """Return status, code and pointers of a problem."""
    body = response.json()
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, body["code"], [fault["pointer"] for fault in body.get("errors", [])]


def test_a_row_of_stock_has_exactly_the_figures_of_the_contract(places, api, maya):
    mug = make_product(stock={"HAM": 10, "MUC": 4})
    inventory.reserve(demand=[Demand(1, mug.pk, 3)], places=places, actor=maya)
    inventory.expect_receipt(
        product_id=mug.pk,
        warehouse_id=places[1].warehouse_id,
        quantity=8,
        expected_on=date(2026, 12, 1),
        actor=maya,
    )

    page = api.get(STOCK).json()

    assert page == {
        "results": [
            {"sku": "MUG-RED", "warehouse": "HAM", "on_hand": 10, "reserved": 3, "available": 7, "incoming": 0},
            {"sku": "MUG-RED", "warehouse": "MUC", "on_hand": 4, "reserved": 0, "available": 4, "incoming": 8},
        ],
        "next": None,
        "previous": None,
    }


def test_a_page_of_stock_takes_two_statements_however_long(places, api, django_assert_num_queries):
    make_product(stock={"HAM": 1})
    api.get(STOCK)
    for number in range(30):
        make_product(f"P-{number}", stock={"HAM": 1, "MUC": 1})

    with django_assert_num_queries(2):  # the key, the page
        rows = api.get(f"{STOCK}?page_size=200").json()["results"]

    assert len(rows) == 61


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("sku=mug-red", [("MUG-RED", "HAM"), ("MUG-RED", "MUC")]),
        ("sku=mug-red&warehouse=muc", [("MUG-RED", "MUC")]),
        ("warehouse=HAM", [("MUG-RED", "HAM"), ("TEA-1", "HAM")]),
        ("sku=NONE", []),
    ],
)
def test_stock_is_filtered_by_sku_and_warehouse(places, api, query, rows):
    make_product(stock={"HAM": 1, "MUC": 1})
    make_product("TEA-1", stock={"HAM": 1})

    assert [(row["sku"], row["warehouse"]) for row in api.get(f"{STOCK}?{query}").json()["results"]] == rows


def test_pages_of_stock_hold_every_row_once(places, api):
    for number in range(7):
        make_product(f"P-{number}", stock={"HAM": 1})
    url, seen = f"{STOCK}?page_size=3", []
    while url:
        page = api.get(url).json()
        seen += [row["sku"] for row in page["results"]]
        url = page["next"]

    assert seen == [f"P-{number}" for number in range(7)]


@pytest.mark.parametrize(
    "address",
    [f"{STOCK}?colour=red", f"{STOCK}?cursor=nonsense", f"{STOCK}movements/?kind=theft", f"{WAREHOUSES}?active=maybe"],
)
def test_a_question_that_makes_no_sense_is_refused(places, api, address):
    assert problem(api.get(address))[0] == 400


def test_a_receipt_puts_units_on_the_shelf(places, api, books_balance):
    make_product(stock={"HAM": 1})
    make_product("TEA-1")
    lines = [{"sku": "mug-red", "quantity": 4}, {"sku": "TEA-1", "quantity": 5}, {"sku": "MUG-RED", "quantity": 1}]

    response = post(api, f"{STOCK}receipts/", {"warehouse": "ham", "lines": lines, "reference": "PO-1"})

    assert response.status_code == 201, response.json()
    assert response.json() == {
        "warehouse": "HAM",
        "reference": "PO-1",
        "expected_on": None,
        "lines": [{"sku": line["sku"].upper(), "quantity": line["quantity"]} for line in lines],
        "stock": [
            {"sku": "MUG-RED", "warehouse": "HAM", "on_hand": 6, "reserved": 0, "available": 6, "incoming": 0},
            {"sku": "TEA-1", "warehouse": "HAM", "on_hand": 5, "reserved": 0, "available": 5, "incoming": 0},
        ],
    }
    assert set(StockMovement.objects.filter(reference="PO-1").values_list("actor", flat=True)) == {"api:tests"}
    books_balance()


def test_a_receipt_that_is_on_its_way_is_incoming(places, api):
    mug = make_product()

    response = post(
        api,
        f"{STOCK}receipts/",
        {"warehouse": "HAM", "lines": [{"sku": "MUG-RED", "quantity": 4}], "expected_on": "2026-12-01"},
    )

    assert response.json()["stock"] == [
        {"sku": "MUG-RED", "warehouse": "HAM", "on_hand": 0, "reserved": 0, "available": 0, "incoming": 4}
    ]
    assert ExpectedReceipt.objects.get(product=mug).expected_on == date(2026, 12, 1)


def test_a_receipt_sent_twice_with_a_key_is_booked_once(places, api):
    mug = make_product()
    body = {"warehouse": "HAM", "lines": [{"sku": "MUG-RED", "quantity": 4}]}

    first, second = (post(api, f"{STOCK}receipts/", body, **{"Idempotency-Key": "k1"}) for _ in range(2))

    assert (first.content, second["Idempotent-Replayed"]) == (second.content, "true")
    assert stock_of(mug).on_hand == 4


GOOD = {"warehouse": "HAM", "lines": [{"sku": "MUG-RED", "quantity": 1}]}


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/warehouse", "/lines"]),
        (GOOD | {"warehouse": "MARS"}, ["/warehouse"]),
        (GOOD | {"lines": []}, ["/lines"]),
        (GOOD | {"lines": [{"sku": "MUG-RED", "quantity": 1}, {"sku": "X", "quantity": 1}]}, ["/lines/1/sku"]),
        (GOOD | {"lines": [{"sku": "MUG-RED", "quantity": 0}]}, ["/lines/0/quantity"]),
        (GOOD | {"lines": [{"sku": "MUG-RED", "quantity": 1.5}]}, ["/lines/0/quantity"]),
        (GOOD | {"lines": [{"sku": "MUG-RED", "quantity": 1_000_001}]}, ["/lines/0/quantity"]),
        (GOOD | {"lines": [{"sku": "MUG-RED", "quantity": 1, "price": 1}]}, ["/lines/0/price"]),
        (GOOD | {"expected_on": "tomorrow"}, ["/expected_on"]),
        (GOOD | {"reference": "x\x00"}, ["/reference"]),
    ],
)
def test_a_receipt_that_can_never_be_right_is_refused_where_it_is_wrong(places, api, body, pointers):
    make_product()

    assert (problem(post(api, f"{STOCK}receipts/", body))[0::2]) == (400, pointers)
    assert not StockItem.objects.exists()


def test_a_service_is_not_received(places, api):
    make_product("WRAP", kind="service")
    body = {"warehouse": "HAM", "lines": [{"sku": "WRAP", "quantity": 1}]}

    assert problem(post(api, f"{STOCK}receipts/", body))[:2] == (400, "not_stocked")


def test_an_adjustment_corrects_the_shelf(places, api, books_balance):
    make_product(stock={"HAM": 10})

    response = post(
        api, f"{STOCK}adjustments/", {"sku": "mug-red", "warehouse": "ham", "change": -3, "reason": "broken"}
    )

    assert (response.status_code, response.json()) == (
        201,
        {"sku": "MUG-RED", "warehouse": "HAM", "on_hand": 7, "reserved": 0, "available": 7, "incoming": 0},
    )
    books_balance()


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [(-11, 409, "below_zero"), (0, 400, "invalid"), ("2", 400, "invalid"), (2_000_000, 400, "invalid")],
)
def test_an_adjustment_that_cannot_be_is_refused(places, api, change, status, code):
    mug = make_product(stock={"HAM": 10})

    response = post(
        api, f"{STOCK}adjustments/", {"sku": "MUG-RED", "warehouse": "HAM", "change": change, "reason": "count"}
    )

    assert problem(response)[:2] == (status, code)
    assert stock_of(mug).on_hand == 10


def test_movements_tell_what_happened_the_youngest_first(places, api, maya, django_assert_num_queries):
    mug = make_product(stock={"HAM": 10})
    inventory.adjust_stock(stock_item_id=stock_of(mug).pk, change=-3, reason="broken", actor=maya)
    make_product("TEA-1", stock={"MUC": 2})
    api.get(STOCK)

    with django_assert_num_queries(2):
        rows = api.get(f"{STOCK}movements/").json()["results"]

    assert [(row["sku"], row["warehouse"], row["kind"], row["quantity"]) for row in rows] == [
        ("TEA-1", "MUC", "opening", 2),
        ("MUG-RED", "HAM", "adjustment", -3),
        ("MUG-RED", "HAM", "opening", 10),
    ]
    assert rows[1]["actor"] == "staff:maya"
    for query, count in (
        ("sku=MUG-RED&kind=adjustment", 1),
        ("warehouse=muc", 1),
        ("reference=opening", 2),
        ("after=2099-01-01T00:00:00Z", 0),
    ):
        assert len(api.get(f"{STOCK}movements/?{query}").json()["results"]) == count


def test_a_warehouse_is_opened_shown_and_changed(api):
    body = {
        "code": "ber",
        "name": "Berlin",
        "country": "DE",
        "address": {"line1": "1 Main St", "city": "Berlin"},
        "time_zone": "Europe/Berlin",
    }

    made = post(api, WAREHOUSES, body)

    assert made.status_code == 201, made.json()
    assert made["Location"].endswith("/api/v1/warehouses/BER/")
    days = {"open_days": ["mon", "tue", "wed", "thu", "fri"], "closures": [], "cut_off": None, "handling_days": None}
    usual = {"priority": 50, "last_resort": False, "handles": ["fragile", "gift"], "active": True}
    assert made.json() == body | days | usual | {"code": "BER"}
    changed = api.patch(f"{WAREHOUSES}ber/", {"last_resort": True, "priority": 90}, format="json")
    assert (changed.status_code, changed.json()["last_resort"]) == (200, True)
    assert api.get(f"{WAREHOUSES}BER/").json() == changed.json()
    assert api.patch(f"{WAREHOUSES}ber/", {"handles": ["cold"]}, format="json").json()["handles"] == ["cold"]
    assert api.patch(f"{WAREHOUSES}ber/", {"handles": ["hot"]}, format="json").status_code == 400
    assert problem(post(api, WAREHOUSES, body))[:2] == (409, "duplicate_code")
    assert api.get(f"{WAREHOUSES}MARS/").status_code == 404


def test_the_days_of_a_warehouse_are_read_and_changed(api):
    make_warehouse("HAM")
    said = {"closures": [{"from": "2026-12-24", "until": "2026-12-26", "name": "Christmas"}, {"from": "2027-01-01"}]}
    said |= {"open_days": ["sat", "mon"], "cut_off": "14:00", "handling_days": 2}

    changed = api.patch(f"{WAREHOUSES}HAM/", said, format="json")

    assert changed.status_code == 200, changed.json()
    shown = {name: changed.json()[name] for name in said}
    new_year = {"from": "2027-01-01", "until": "2027-01-01", "name": ""}
    assert shown == said | {"open_days": ["mon", "sat"], "closures": [said["closures"][0], new_year]}
    for wrong in ({"open_days": []}, {"closures": [{"from": "soon"}]}, {"cut_off": "25:00"}, {"handling_days": 99}):
        refused = api.patch(f"{WAREHOUSES}HAM/", wrong, format="json")
        assert (refused.status_code, next(iter(wrong)) in refused.json()["errors"][0]["pointer"]) == (400, True)


def test_a_page_of_warehouses_takes_two_statements(api, django_assert_num_queries):
    for code in ("HAM", "MUC", "SHOP"):
        make_warehouse(code)
    api.get(WAREHOUSES)

    with django_assert_num_queries(2):
        rows = api.get(f"{WAREHOUSES}?active=true&ordering=-code").json()["results"]

    assert [row["code"] for row in rows] == ["SHOP", "MUC", "HAM"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"code": "X"}, "/code"),
        ({"active": "yes"}, "/active"),
        ({"country": "XX"}, "/country"),
        ({"time_zone": "Mars/Base"}, "/time_zone"),
        ({"priority": -1}, "/priority"),
        ({"address": {"street": "x"}}, "/address/street"),
    ],
)
def test_a_wrong_change_of_a_warehouse_is_named(api, change, pointer):
    make_warehouse("HAM")

    assert problem(api.patch(f"{WAREHOUSES}HAM/", change, format="json"))[0::2] == (400, [pointer])
    assert Warehouse.objects.get().active


def test_without_the_scope_nothing_moves(places, make_api):
    make_product()
    reader = make_api("inventory:read")

    assert reader.get(STOCK).status_code == 200
    assert problem(post(reader, f"{STOCK}receipts/", GOOD))[:2] == (403, "not_allowed")
    assert make_api("orders:read").get(STOCK).status_code == 403
    assert not StockItem.objects.exists()


def test_without_a_key_nothing_is_shown(client):
    assert [client.get(path).status_code for path in (STOCK, f"{STOCK}movements/", WAREHOUSES)] == [401] * 3
