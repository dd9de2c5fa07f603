"""What a warehouse offers on the list of orders: to release them, and all the paper for their work in one file."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from core import outbox
from core.bulk import Tally, tally
from core.files import read_file
from core.models import BulkJob, BulkRow
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder
from orders import services as orders
from tests.fulfillment.helpers import packed
from tests.scenarios import SYSTEM, anew, confirmed_order, placed_order, shipped_order

pytestmark = pytest.mark.django_db
LIST = "/admin/orders/order/"


def planned(lines=None):
    order = confirmed_order(lines or {"MUG-RED": 1})
    fulfillment.plan_fulfillment(order.pk, actor=SYSTEM)
    return order


def act(staff, step, chosen, **said):
    staff.post(LIST, {"action": step, "_selected_action": [order.pk for order in chosen], **said})
    job = BulkJob.objects.latest("pk")
    outbox.drain(threads=[f"core.bulkjob:{job.pk}"])
    return BulkJob.objects.get(pk=job.pk)


def reasons(job):
    return dict(BulkRow.objects.filter(job=job).exclude(reason="").values_list("subject_id", "reason"))


def test_orders_are_released_from_their_list(shop, staff):
    ready, held, unpaid = planned(), planned({"TEA-1": 1}), placed_order()
    orders.place_hold(held.pk, kind="manual", reason="Call first", blocks=["release"], actor=SYSTEM)

    job = act(staff, "release_many", [ready, held, unpaid], confirmed="1")
    again = act(staff, "release_many", [ready], confirmed="1")

    assert tally(job) == Tally(total=3, done=1, refused=2)
    assert reasons(job) == {held.pk: "Call first", unpaid.pk: "The order is verified"}
    assert [anew(ready).status, anew(held).status] == ["fulfilling", "confirmed"]
    assert tally(again) == Tally(total=1, skipped=1)


def test_the_paper_of_many_orders_is_one_file_with_a_result_for_each(shop, staff):
    first, second = planned(), planned({"MUG-RED": 1, "TEA-1": 2})
    gone, unpaid = shipped_order(), placed_order()

    job = act(staff, "print_many", [first, second, gone, unpaid])

    pages = [page.extract_text() for page in PdfReader(BytesIO(read_file(job.file))).pages]
    assert ["Pick list" in page for page in pages] == [True, False, True, False]
    assert [number in page for number, page in zip([first.number] * 2 + [second.number] * 2, pages, strict=True)] == [
        True, True, True, True,
    ]  # fmt: skip
    assert "Morning tea" in pages[3]
    nothing = "Nothing to pick: no open work in a warehouse."
    assert (tally(job), reasons(job)) == (
        Tally(total=4, done=2, refused=2), {gone.pk: nothing, unpaid.pk: nothing},
    )  # fmt: skip
    assert job.status == "partially_succeeded"


def test_what_was_packed_has_a_slip_for_each_parcel(shop, staff):
    order = packed({"MUG-RED": 2}).order

    job = act(staff, "print_many", [order])

    pages = [page.extract_text() for page in PdfReader(BytesIO(read_file(job.file))).pages]
    [parcel] = order.shipments.all()
    assert len(pages) == 2
    assert "1 of 1" in pages[1]
    assert parcel.tracking_number in pages[1]


def test_work_that_the_person_does_not_see_is_not_printed(shop, staff, monkeypatch):
    from core.admin.site import site

    table = type(site._registry[FulfillmentOrder])
    monkeypatch.setattr(table, "get_queryset", lambda self, request: FulfillmentOrder.objects.none())

    job = act(staff, "print_many", [planned()])

    assert (job.status, job.file) == ("failed", None)


def test_paper_for_many_costs_the_same_statements(shop, staff, django_assert_max_num_queries):
    few, many = [planned()], [planned() for _ in range(4)]

    for chosen in (few, many):
        staff.post(LIST, {"action": "print_many", "_selected_action": [order.pk for order in chosen]})
        job = BulkJob.objects.latest("pk")
        with django_assert_max_num_queries(45):
            outbox.drain(threads=[f"core.bulkjob:{job.pk}"])
