"""Paper is opened and read back: who gets what, in whose language, and never a price."""

from datetime import date
from io import BytesIO

import pytest
from django.utils import translation
from pypdf import PdfReader

from customers.addresses import PostalAddress
from fulfillment import documents, selectors
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder
from inventory import services as inventory
from inventory.models import StockItem
from orders.models import OrderLine
from tests.factories.shop import make_priced_product

from .helpers import TOM, line_of, packed, planned, shipped

pytestmark = pytest.mark.django_db
A6, A4 = (297.64, 419.53), (595.28, 841.89)


def pages(pdf):
    """Return the text of each page, with single spaces."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages]


def size(pdf):
    box = PdfReader(BytesIO(pdf)).pages[0].mediabox
    return round(float(box.width), 2), round(float(box.height), 2)


def parcels():
    return list(selectors.with_contents(selectors.parcels()).order_by("pk"))


def work_list():
    return list(selectors.with_lines(selectors.work_queue()).order_by("pk"))


def test_a_label_says_who_gets_which_parcel(shop):
    packed({"MUG-RED": 2})
    (parcel,) = parcels()

    pdf = documents.label_pdf(parcel)

    (text,) = pages(pdf)
    assert size(pdf) == A6
    for words in ("To Ada Byron 1 Main St 10115 Berlin DE", str(parcel.order.number), "1 of 1", "House delivery"):
        assert words in text
    assert parcel.tracking_number in text
    assert str(parcel.number) in text


def test_labels_of_several_parcels_are_pages_of_one_file(shop):
    (work,) = planned({"MUG-RED": 3})
    mug = line_of(work.order, "MUG-RED")
    fulfillment.release_fulfillment(work.pk, actor=TOM)
    fulfillment.pick(work.pk, actor=TOM)
    boxes = [fulfillment.ParcelInput(quantities={mug: units}, weight_grams=1250) for units in (2, 1)]
    fulfillment.pack(work.pk, parcels=boxes, actor=TOM)

    first, second = pages(documents.labels_pdf(parcels()))

    assert "1 of 2" in first
    assert "2 of 2" in second
    assert "1.3 kg" in first or "1.2 kg" in first


def test_a_pick_list_goes_by_bin(shop):
    for sku, place in (("MUG-RED", "B-07"), ("TEA-1", "A-12")):
        StockItem.objects.filter(product__sku=sku, warehouse__code="HAM").update(bin=place)
    planned({"MUG-RED": 2, "TEA-1": 1}, customer_note="Ring twice")

    pdf = documents.pick_list_pdf(work_list())

    (text,) = pages(pdf)
    assert size(pdf) == A4
    assert text.index("A-12 TEA-1 Morning tea 1") < text.index("B-07 MUG-RED Red mug 2")
    for words in ("Pick list", str(FulfillmentOrder.objects.get().number), "HAM", "Ring twice", "Units in all: 3"):
        assert words in text


def test_a_packing_slip_has_no_prices_and_says_what_follows(shop):
    make_priced_product("POT", "30.00", stock={"HAM": 1}, backorder=True, name="Clay pot")
    parcel = shipped({"MUG-RED": 2, "POT": 3}, gift_note="Happy birthday, Grace", purchase_order_number="PO-77")
    OrderLine.objects.filter(sku="POT").update(promised_on=date(2026, 12, 24))

    pdf = documents.packing_slips_pdf(parcels())

    (text,) = pages(pdf)
    assert size(pdf) == A4
    for words in ("MUG-RED Red mug 2", "POT Clay pot 1", "Happy birthday, Grace", "PO-77", parcel.tracking_number):
        assert words in text
    assert "Still to come 2 × Clay pot, expected by 24 December 2026" in text
    assert not [sign for sign in ("5.00", "30.00", "EUR", "€") if sign in text]


def test_a_slip_printed_before_the_parcel_leaves_counts_its_own_units_as_here(shop):
    packed({"MUG-RED": 2})

    (text,) = pages(documents.packing_slips_pdf(parcels()))

    assert "Still to come" not in text


def test_customers_read_their_own_language(shop):
    packed({"MUG-RED": 2}, language="de")

    (slip,) = pages(documents.packing_slips_pdf(parcels()))
    (label,) = pages(documents.label_pdf(parcels()[0]))

    assert "Lieferschein" in slip
    assert "Lieferung an" in slip
    assert "1 von 1" in label


def test_walkers_read_theirs(shop):
    planned({"MUG-RED": 2}, language="en")

    with translation.override("de"):
        (text,) = pages(documents.pick_list_pdf(work_list()))

    assert "Pickliste" in text


def test_what_customers_type_is_text_and_never_markup(shop):
    note = '#eval("1+1") *bold* $x$ \\ [a] <b> 茶 😀'
    packed({"MUG-RED": 1}, gift_note=note)

    (text,) = pages(documents.packing_slips_pdf(parcels()))

    assert '#eval("1+1") *bold* $x$ \\ [a] <b>' in text


def test_a_long_address_still_fits_on_one_label(shop):
    name = "Association of the friends of tea and of everything that goes with it, " * 3
    long = PostalAddress(
        name=name[:200], company=name[:200], line1=name[:200], postal_code="10115", city="Berlin", country="DE"
    )
    packed(shipping_address=long)

    assert len(pages(documents.label_pdf(parcels()[0]))) == 1


def test_how_goods_must_be_handled_stands_on_the_pick_list_and_on_the_label(shop):
    inventory.update_product(shop.mug.pk, {"handling": ["fragile"]}, actor=TOM)
    packed({"MUG-RED": 2, "TEA-1": 1}, gift_note="For you")

    (listed,) = pages(documents.pick_list_pdf(work_list()))
    (label,) = pages(documents.label_pdf(parcels()[0]))
    (slip,) = pages(documents.packing_slips_pdf(parcels()))

    assert "FRAGILE · GIFT" in listed
    assert "Red mug fragile" in listed
    assert "Morning tea fragile" not in listed
    assert "FRAGILE" in label
    assert "GIFT" not in label
    assert "FRAGILE" in slip
    assert "Red mug fragile" in slip
    assert "Morning tea fragile" not in slip


def test_goods_with_nothing_special_say_nothing(shop):
    packed({"TEA-1": 1})

    (listed,) = pages(documents.pick_list_pdf(work_list()))
    (label,) = pages(documents.label_pdf(parcels()[0]))
    (slip,) = pages(documents.packing_slips_pdf(parcels()))

    assert "FRAGILE" not in listed + label + slip
    assert "GIFT" not in listed + label
