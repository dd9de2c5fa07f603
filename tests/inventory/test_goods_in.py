"""Goods in: a delivery is counted against its paper, put away, and booked once."""

from datetime import date

import pytest
from django.contrib.auth.models import Permission

from core.errors import Invalid
from core.models import EventRecord, User
from inventory import services as inventory
from inventory.errors import AlreadyBooked, NotExpected, ReceiptClosed
from inventory.models import ExpectedReceipt, StockItem, StockMovement
from inventory.papers import find_papers, paper_of, papers_due
from tests.factories.catalog import make_product, stock_of

pytestmark = pytest.mark.django_db
PAGE = "/admin/goods-in/"
PAPER = "/admin/goods-in/paper/?paper=PO-2041&at=HAM"
SOON, LATER = date(2026, 12, 1), date(2026, 12, 8)


@pytest.fixture
def mug():
    """Return a mug with a GTIN that lies in A-01 in Hamburg."""
    mug = make_product(stock={"HAM": 2}, barcode="4006381333931")
    StockItem.objects.filter(product=mug).update(bin="A-01")
    return mug


@pytest.fixture
def tea():
    """Return a tea that lies nowhere yet."""
    return make_product("TEA-1", name="Morning tea")


@pytest.fixture
def paper(places, mug, tea, maya):
    """Return what PO-2041 announces in Hamburg: mugs on two days, and tea; Munich gets some of it, too."""
    for place, product, quantity, day in (
        (0, mug, 10, LATER),
        (0, mug, 4, SOON),
        (0, tea, 5, SOON),
        (1, tea, 9, SOON),
    ):
        inventory.expect_receipt(
            product_id=product.pk,
            warehouse_id=places[place].warehouse_id,
            quantity=quantity,
            expected_on=day,
            reference="PO-2041",
            actor=maya,
        )
    return paper_of(reference="po-2041", warehouse="ham")


def receipts(product, code="HAM"):
    """Return received and closed of the receipts of a product, the earliest first."""
    rows = ExpectedReceipt.objects.filter(product=product, warehouse__code=code).order_by("expected_on")
    return list(rows.values_list("received", "closed"))


def booked(paper, maya, **given):
    """Book what arrived of a paper."""
    return inventory.receive_paper(paper.receipt_ids, actor=maya, **given)


def test_a_part_fills_what_was_announced_first_and_leaves_the_rest_expected(paper, mug, tea, maya, books_balance):
    booked(paper, maya, units={mug.pk: 6})

    assert receipts(mug) == [(4, True), (2, False)]
    assert receipts(tea) == [(0, False)]
    assert stock_of(mug).on_hand == 8
    movement = StockMovement.objects.get(reference="PO-2041")
    assert (movement.kind, movement.quantity, movement.actor) == ("receipt", 6, "staff:maya")
    changed = EventRecord.objects.filter(name="inventory.expectedreceipt.changed").order_by("pk")
    assert sorted(one.payload["after"]["received"] for one in changed) == [2, 4]
    assert EventRecord.objects.filter(name="inventory.stock_received").latest("pk").payload == {
        "warehouse_id": paper.warehouse.pk, "product_ids": [mug.pk],
    }  # fmt: skip
    books_balance()


def test_more_than_expected_is_taken_in_and_stands_on_the_last_announcement(paper, mug, maya, books_balance):
    booked(paper, maya, units={mug.pk: 20})

    assert receipts(mug) == [(4, True), (16, True)]
    assert stock_of(mug).on_hand == 22
    books_balance()


def test_nothing_more_comes_closes_the_whole_paper_here_and_nothing_elsewhere(paper, mug, tea, maya):
    booked(paper, maya, units={mug.pk: 1}, close=True)

    assert receipts(mug) == [(1, True), (0, True)]
    assert receipts(tea) == [(0, True)]
    assert receipts(tea, "MUC") == [(0, False)]
    with pytest.raises(ReceiptClosed):
        booked(paper, maya, units={mug.pk: 1})


def test_a_paper_that_never_comes_is_closed_without_a_movement(paper, mug, maya):
    before = StockMovement.objects.count()

    booked(paper, maya, units={}, close=True)

    assert receipts(mug) == [(0, True), (0, True)]
    assert StockMovement.objects.count() == before


def test_the_first_bin_of_a_product_is_kept_and_a_known_one_stays(paper, mug, tea, maya):
    booked(paper, maya, units={mug.pk: 1, tea.pk: 5}, bins={mug.pk: "X-99", tea.pk: "b-07"})

    assert (stock_of(mug).bin, stock_of(tea).bin) == ("A-01", "B-07")
    told = EventRecord.objects.get(name="inventory.stockitem.changed")
    assert (told.subject_id, told.payload["after"]) == (stock_of(tea).pk, {"bin": "B-07"})


def test_what_stands_on_no_paper_is_refused_and_leaves_no_trace(paper, mug, places, maya):
    cup = make_product("CUP-1")
    before = EventRecord.objects.count(), StockMovement.objects.count()

    with pytest.raises(NotExpected):
        booked(paper, maya, units={mug.pk: 1, cup.pk: 1}, token="t")
    with pytest.raises(Invalid):
        booked(paper, maya, units={})
    with pytest.raises(Invalid, match="one warehouse"):
        inventory.receive_paper(
            list(ExpectedReceipt.objects.values_list("pk", flat=True)), units={mug.pk: 1}, actor=maya
        )

    assert receipts(mug) == [(0, False), (0, False)]
    assert (EventRecord.objects.count(), StockMovement.objects.count()) == before


def test_the_same_booking_sent_twice_is_one(paper, mug, maya):
    booked(paper, maya, units={mug.pk: 3}, token="abc")

    with pytest.raises(AlreadyBooked) as same:
        booked(paper, maya, units={mug.pk: 3}, token="abc")
    with pytest.raises(AlreadyBooked) as other:
        booked(paper, maya, units={mug.pk: 4}, token="abc")

    assert (same.value.details["same"], other.value.details["same"]) == (True, False)
    assert stock_of(mug).on_hand == 5


def test_how_long_a_supplier_took_is_kept_from_the_first_arrival(paper, mug, maya):
    booked(paper, maya, units={mug.pk: 1})
    first = ExpectedReceipt.objects.filter(product=mug).earliest("expected_on")

    assert first.ordered_on is not None
    assert first.arrived_on is not None
    assert ExpectedReceipt.objects.filter(product=mug).latest("expected_on").arrived_on is None


def test_a_booking_takes_the_same_statements_however_many_products(places, maya, django_assert_max_num_queries):
    counts = []
    for size in (2, 40):
        products = [make_product(f"P{size}-{number}", stock={"HAM": 1}) for number in range(size)]
        made = inventory.expect_receipts(
            warehouse_id=places[0].warehouse_id, units={p.pk: 5 for p in products}, expected_on=SOON, actor=maya
        )
        with django_assert_max_num_queries(16) as taken:
            inventory.receive_paper(
                [one.pk for one in made], units={p.pk: 5 for p in products},
                bins={p.pk: f"B-{p.pk}" for p in products}, actor=maya,
            )  # fmt: skip
        counts.append(len(taken))
    # SQLite writes many rows in bites.
    assert counts[1] - counts[0] <= 1


# --- finding a paper --------------------------------------------------------------------------


def test_papers_are_listed_by_day_and_place_in_one_query(paper, mug, maya, places, django_assert_num_queries):
    for _ in range(2):
        inventory.expect_receipt(
            product_id=mug.pk, warehouse_id=places[0].warehouse_id, quantity=1, expected_on=LATER, actor=maya
        )

    with django_assert_num_queries(1):
        found = papers_due()

    assert [(due.reference, due.warehouse, due.expected_on, due.units, due.products) for due in found] == [
        ("PO-2041", "HAM", SOON, 19, 2), ("PO-2041", "MUC", SOON, 9, 1),
        ("", "HAM", LATER, 1, 1), ("", "HAM", LATER, 1, 1),
    ]  # fmt: skip


def test_a_paper_is_found_by_its_number_and_by_what_arrived(paper, mug, tea):
    assert [due.warehouse for due in find_papers(" po-2041 ")] == ["HAM", "MUC"]
    assert [due.warehouse for due in find_papers("4006381333931")] == ["HAM"]
    assert len(find_papers("tea-1")) == 2
    assert find_papers("PO-1") == find_papers("") == []


def test_a_gtin_that_two_products_of_a_paper_share_says_nothing(paper, tea):
    tea.__class__.objects.filter(pk=tea.pk).update(barcode="4006381333931")

    lines = paper_of(reference="PO-2041", warehouse="HAM").lines

    assert [line.codes for line in lines] == [("MUG-RED",), ("TEA-1",)]


# --- the page ---------------------------------------------------------------------------------


def test_the_scanned_paper_opens_and_an_unknown_one_is_an_alarm(paper, staff):
    two = staff.get(f"{PAGE}?q=PO-2041")
    one = staff.get(f"{PAGE}?q=4006381333931")
    none = staff.get(f"{PAGE}?q=PO-9\0").content.decode()

    assert [due.warehouse for due, _url in two.context["papers"]] == ["HAM", "MUC"]
    assert (one.status_code, one["Location"]) == (302, PAPER)
    assert "Nothing is expected under PO-9." in none
    assert 'aria-invalid="true"' in none


def test_what_was_counted_is_booked_and_the_rest_stays_on_the_page(paper, mug, tea, staff, books_balance):
    page = staff.get(PAPER)
    body = {
        "token": page.context["form"].initial["token"],
        f"units-{mug.pk}": "4",
        f"units-{tea.pk}": "5",
        f"bin-{tea.pk}": "B-07",
    }

    done = staff.post(PAPER, body, follow=True)

    assert page.context["scanned"]["codes"] == {"MUG-RED": mug.pk, "4006381333931": mug.pk, "TEA-1": tea.pk}
    assert done.redirect_chain == [(PAPER, 302)]
    assert "9 units are on the shelf of Warehouse HAM." in done.content.decode()
    assert [(line.product.sku, line.expected) for line in done.context["paper"].lines] == [("MUG-RED", 10)]
    assert (stock_of(mug).on_hand, stock_of(tea).on_hand, stock_of(tea).bin) == (6, 5, "B-07")
    again = staff.post(PAPER, body, follow=True)
    assert again.status_code == 200
    assert (stock_of(mug).on_hand, stock_of(tea).on_hand) == (6, 5)
    last = staff.post(PAPER, {"token": "z", "close": "on"}, follow=True)
    assert last.redirect_chain == [(PAGE, 302)]
    assert staff.post(PAPER, {"token": "y", "close": "on"}).headers["Location"] == PAGE
    books_balance()


def test_another_count_under_a_used_token_is_asked_about_and_not_lost(paper, mug, staff):
    staff.post(PAPER, {"token": "t", f"units-{mug.pk}": "1"})

    other = staff.post(PAPER, {"token": "t", f"units-{mug.pk}": "2"})

    assert other.status_code == 409
    assert "The booking before was done." in other.content.decode()
    assert f'name="units-{mug.pk}" value="2"' in other.content.decode()
    assert other.context["form"].data["token"] != "t"
    assert stock_of(mug).on_hand == 3


def test_what_went_off_the_paper_meanwhile_is_not_lost_unsaid(paper, mug, tea, staff, maya):
    booked(paper, maya, units={tea.pk: 5})

    late = staff.post(PAPER, {"token": "t", f"units-{mug.pk}": "1", f"units-{tea.pk}": "5"})

    assert late.status_code == 409
    assert "TEA-1 does not stand on this paper" in late.content.decode()
    assert (stock_of(mug).on_hand, stock_of(tea).on_hand) == (2, 5)


def test_bad_figures_are_said_beside_their_field(paper, mug, tea, staff):
    nothing = staff.post(PAPER, {"token": "t"})
    wrong = staff.post(PAPER, {"token": "t", f"units-{mug.pk}": "-1", f"bin-{tea.pk}": "B" * 21})
    huge = staff.post(PAPER, {"token": "t", f"units-{mug.pk}": "10000000"})
    crowd = staff.post(PAPER, {"token": "t", f"units-{mug.pk}": "1" * 400})

    assert "Nothing is counted yet" in nothing.content.decode()
    assert sorted(wrong.context["form"].errors) == [f"bin-{tea.pk}", f"units-{mug.pk}"]
    assert [answer.status_code for answer in (nothing, wrong, huge, crowd)] == [409] * 4
    assert stock_of(mug).on_hand == 2


def test_pages_take_the_same_statements_however_long(paper, places, staff, maya, django_assert_max_num_queries):
    counts = []
    for _ in range(2):
        for url in (PAGE, PAPER):
            staff.get(url)
            with django_assert_max_num_queries(6) as taken:
                staff.get(url)
            counts.append(len(taken))
        products = [make_product(f"P-{number}", stock={"HAM": 1}) for number in range(20)]
        inventory.expect_receipts(
            warehouse_id=places[0].warehouse_id, units={one.pk: 1 for one in products},
            expected_on=SOON, reference="PO-2041", actor=maya,
        )  # fmt: skip
        for one in products:
            one.sku = f"{one.sku}-{len(counts)}"
            one.save()
    assert counts[:2] == counts[2:]


def test_who_may_not_receive_sees_no_paper_and_who_is_limited_only_their_own(paper, mug, client):
    tom = User.objects.create_user("tom", password="x", is_staff=True)
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(PAGE).status_code == client.post(PAPER, {f"units-{mug.pk}": "1"}).status_code == 403

    tom.user_permissions.set(Permission.objects.filter(codename="change_expectedreceipt"))
    tom.limits = {"warehouse": ["MUC"]}
    tom.save()

    assert [due.warehouse for due, _url in client.get(PAGE).context["papers"]] == ["MUC"]
    assert client.post(PAPER, {"token": "t", f"units-{mug.pk}": "1"})["Location"] == PAGE
    assert stock_of(mug).on_hand == 2


def test_the_page_of_a_receipt_leads_to_its_paper(paper, mug, staff):
    receipt = ExpectedReceipt.objects.filter(product=mug).earliest("pk")

    page = staff.get(f"/admin/inventory/expectedreceipt/{receipt.pk}/change/")

    assert [(step.name, step.style) for step in page.context["steps"]][:2] == [("scan", "primary"), ("receive", "")]
    assert page.context["steps"][0].url == PAPER
    # The drawer is too small for a scanner: it leads to the page, because it was redirected.
    aside = staff.get(PAPER, headers={"X-Aside": "1"}, follow=True)
    assert (len(aside.redirect_chain), aside.status_code, aside.content) == (1, 204, b"")


def test_a_receipt_without_a_number_has_a_paper_of_its_own(places, mug, staff, maya):
    receipt = inventory.expect_receipt(
        product_id=mug.pk, warehouse_id=places[0].warehouse_id, quantity=3, expected_on=SOON, actor=maya
    )
    url = staff.get(PAGE).context["papers"][0][1]

    staff.post(url, {"token": "t", f"units-{mug.pk}": "3"})

    assert url == f"/admin/goods-in/paper/?receipt={receipt.pk}"
    assert receipts(mug) == [(3, True)]
    assert staff.get("/admin/goods-in/paper/?receipt=9%27")["Location"] == PAGE
