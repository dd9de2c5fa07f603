"""Services are work too: rendered means shipped and delivered in one."""

import pytest

from core.models import EventRecord
from fulfillment import services as fulfillment
from fulfillment.errors import WrongKind
from fulfillment.models import Shipment
from tests.factories.shop import make_priced_product

from .helpers import TOM, anew, confirmed, passages, planned, read, stock, works_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def wrap(shop):
    """Return a service that is sold beside goods."""
    return make_priced_product("WRAP", "3.00", kind="service", name="Gift wrap")


def test_an_order_of_a_service_alone_runs_through_all_steps(wrap, run_debts):
    order = confirmed({"WRAP": 1})
    run_debts()
    (work,) = works_of(order)
    assert (work.kind, work.warehouse, work.status) == ("service", None, "planned")

    fulfillment.release_fulfillment(work.pk, actor=TOM)
    assert read(order).status == "fulfilling"
    fulfillment.render_service(work.pk, note="Done at the counter", actor=TOM)

    done = read(order)
    assert (done.fulfillment_status, list(done.lines.values_list("shipped", "delivered"))) == ("delivered", [(1, 1)])
    assert done.status in ("fulfilled", "completed")
    assert passages(work) == [("release", "planned", "released"), ("render", "released", "rendered")]
    shipped = EventRecord.objects.get(name="orders.goods_shipped")
    assert shipped.payload["reference"] == work.number
    assert Shipment.objects.count() == 0


def test_gift_wrap_is_work_of_its_own_beside_the_goods(wrap):
    goods, service = planned({"MUG-RED": 2, "WRAP": 1})

    assert (goods.kind, service.kind) == ("goods", "service")
    fulfillment.release_fulfillment(goods.pk, actor=TOM)
    fulfillment.pick(goods.pk, actor=TOM)
    fulfillment.pack(goods.pk, actor=TOM)
    fulfillment.ship_fulfillment_order(goods.pk, actor=TOM)
    assert read(goods.order).fulfillment_status == "partially_shipped"
    fulfillment.release_fulfillment(service.pk, actor=TOM)
    fulfillment.render_service(service.pk, actor=TOM)

    assert (read(goods.order).status, read(goods.order).fulfillment_status) == ("fulfilled", "partially_delivered")


def test_digital_goods_are_rendered_too(shop):
    make_priced_product("PDF-1", "9.00", kind="digital", name="Tea book")

    (work,) = planned({"PDF-1": 1})

    assert work.kind == "service"


def test_services_are_not_picked_and_goods_are_not_rendered(wrap):
    goods, service = planned({"MUG-RED": 2, "WRAP": 1})
    for work in (goods, service):
        fulfillment.release_fulfillment(work.pk, actor=TOM)

    with pytest.raises(WrongKind):
        fulfillment.start_picking(service.pk, actor=TOM)
    with pytest.raises(WrongKind):
        fulfillment.render_service(goods.pk, actor=TOM)

    assert (anew(goods).status, anew(service).status, stock("MUG-RED")) == ("released", "released", (100, 2))
