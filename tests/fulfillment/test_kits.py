"""Kits on the floor: fetched part by part, packed and shipped as kits, short in whole kits, and put back as parts."""

from io import BytesIO

import pytest
from django.urls import reverse
from pypdf import PdfReader

from core.invariants import questions
from fulfillment import documents, selectors
from fulfillment import services as fulfillment
from fulfillment.errors import UnknownLine, WrongQuantity
from fulfillment.models import FulfillmentOrder
from inventory.models import StockItem, StockMovement
from inventory.out_of_bins import out_of_bins
from orders import services as orders
from orders.models import OrderException, OrderLine
from tests.factories.catalog import stock_of
from tests.factories.kits import make_priced_kit
from tests.factories.returns import delivered_order, resolved

from .helpers import TOM, anew, line_of, packed, planned

pytestmark = pytest.mark.django_db


def breaches():
    """Return the names of the truths that do not hold."""
    return [name for _code, name, check in questions() if check().breaches]


def pages(pdf):
    """Return the text of each page, with single spaces."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages]


@pytest.fixture
def kit(shop):
    """Return a kit of two mugs (B-02) and a tea (A-01)."""
    for product, code in ((shop.mug, "B-02"), (shop.tea, "A-01")):
        StockItem.objects.filter(product=product).update(bin=code)
    return make_priced_kit("SET", "12.00", {"MUG-RED": 2, "TEA-1": 1})


def picking(units):
    """Return work of an order that somebody walks for."""
    (work,) = planned(units, payment_terms="net14")
    fulfillment.release_fulfillment(work.pk, actor=TOM)
    fulfillment.start_picking(work.pk, actor=TOM)
    return anew(work)


def test_a_kit_is_fetched_part_by_part_and_leaves_as_one(kit, shop, django_assert_num_queries):
    work = picking({"SET": 3, "MUG-RED": 1})
    [read] = selectors.with_lines(selectors.work_queue()).filter(pk=work.pk)

    with django_assert_num_queries(1):
        groups = selectors.to_fetch([read])[work.pk]

    fetched = [(group.line.order_line.sku, [(one.bin, one.sku, one.units) for one in group.goods]) for group in groups]
    assert fetched == [
        ("SET", [("A-01", "TEA-1", 3), ("B-02", "MUG-RED", 6)]),
        ("MUG-RED", [("B-02", "MUG-RED", 1)]),
    ]
    fulfillment.pick(work.pk, actor=TOM)
    assert out_of_bins(shop.hamburg.pk, {shop.mug.pk, shop.tea.pk}) == {shop.mug.pk: 7, shop.tea.pk: 3}
    [parcel] = fulfillment.pack(work.pk, actor=TOM)
    assert parcel.weight_grams == 0
    fulfillment.ship_fulfillment_order(work.pk, actor=TOM)
    moved = StockMovement.objects.filter(kind="shipment").order_by("stock_item__product__sku")
    assert list(moved.values_list("stock_item__product__sku", "quantity")) == [("MUG-RED", -7), ("TEA-1", -3)]
    assert OrderLine.objects.get(sku="SET").shipped == 3
    assert breaches() == []


def test_paper_groups_parts_under_their_kit_and_the_customer_reads_them_in_small_print(kit):
    work = packed({"SET": 2}, payment_terms="net14")
    [read] = selectors.with_lines(selectors.work_queue())
    parcels = list(selectors.with_contents(selectors.parcels()))

    [pick_list] = pages(documents.pick_list_pdf([read]))
    [slip] = pages(documents.packing_slips_pdf(parcels))

    assert "2 × SET Gift set, to be put together from: A-01 TEA-1 Morning tea 2 B-02 MUG-RED Red mug 4" in pick_list
    assert "Units in all: 6" in pick_list
    assert "SET Gift set 2 × Red mug, 1 × Morning tea 2" in slip
    assert len(pages(documents.work_papers_pdf([anew(work)], parcels))) == 2


def test_a_part_that_is_missing_shortens_whole_kits_and_the_others_go_back(kit, shop):
    work = picking({"SET": 3})
    line = line_of(work.order, "SET")

    # One of six mugs is not there: two kits are whole, so a mug and a tea go back.
    fulfillment.short_pick(work.pk, found={}, parts={line: {shop.mug.pk: 5}}, reason="broken", actor=TOM)

    rest = FulfillmentOrder.objects.exclude(pk=work.pk).get()
    assert [one.quantity for one in (*work.lines.all(), *rest.lines.all())] == [2, 1]
    missing = OrderException.objects.get(category="short_pick")
    assert missing.payload["missing"] == {"SET": 1}
    assert missing.payload["parts"] == {"missing": {"MUG-RED": 1}, "put_back": {"MUG-RED": 1, "TEA-1": 1}}
    assert missing.title == "1 × SET (1 × MUG-RED) not found in HAM"
    fulfillment.pick(work.pk, actor=TOM)
    assert out_of_bins(shop.hamburg.pk, {shop.mug.pk}) == {shop.mug.pk: 4}
    # The units of the third stay tied to the order until somebody counts.
    assert (stock_of(shop.mug).reserved, stock_of(shop.tea).reserved) == (6, 3)
    assert breaches() == []


def test_what_is_no_part_or_too_much_of_it_is_refused(kit, shop):
    work = picking({"SET": 1})
    line = line_of(work.order, "SET")

    with pytest.raises(UnknownLine):
        fulfillment.pick(work.pk, parts={line: {kit.pk: 1}}, actor=TOM)
    with pytest.raises(WrongQuantity):
        fulfillment.pick(work.pk, parts={line: {shop.mug.pk: 3}}, actor=TOM)


def test_the_form_asks_for_each_part(kit, shop, staff):
    work = picking({"SET": 2, "TEA-1": 1})
    line, tea = line_of(work.order, "SET"), line_of(work.order, "TEA-1")
    url = reverse("admin:fulfillment_fulfillmentorder_do", args=[work.pk, "short"])

    page = staff.get(url).content.decode()

    assert "4 × MUG-RED Red mug · B-02, for SET" in page
    assert "put the other parts of one that is not complete back into their bins" in page
    name = f"line_{line}_part_"
    answers = {f"{name}{shop.mug.pk}": "3", f"{name}{shop.tea.pk}": "2", f"line_{tea}": "1", "reason": ""}
    assert staff.post(url, answers).status_code == 302
    assert {one.order_line.sku: one.quantity for one in anew(work).lines.all()} == {"SET": 1, "TEA-1": 1}
    shown = staff.get(reverse("admin:fulfillment_fulfillmentorder_change", args=[work.pk])).content.decode()
    assert "kit, picked as its parts" in shown


def test_kits_on_a_trolley_go_back_into_their_bins_as_parts(kit, shop):
    work = picking({"SET": 2})
    fulfillment.pick(work.pk, actor=TOM)
    orders.cancel_order(work.order_id, reason="changed their mind", actor=TOM)
    fulfillment.cancel_open_fulfillment(work.order_id, actor=TOM)
    assert stock_of(shop.mug).reserved == 4

    fulfillment.complete_put_back(work.pk, actor=TOM)

    assert (stock_of(shop.mug).reserved, stock_of(shop.tea).reserved, stock_of(shop.mug).on_hand) == (0, 0, 100)
    assert breaches() == []


def test_a_kit_that_comes_back_is_restocked_as_its_parts(kit, shop):
    order = delivered_order({"SET": 3})
    before = stock_of(shop.mug).on_hand, stock_of(shop.tea).on_hand

    resolved(order, {"SET": 1})

    after = stock_of(shop.mug).on_hand, stock_of(shop.tea).on_hand
    assert [new - old for new, old in zip(after, before, strict=True)] == [2, 1]
    assert breaches() == []
