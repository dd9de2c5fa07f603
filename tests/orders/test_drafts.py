"""Orders that are put together, and bind nobody until they are placed."""

from decimal import Decimal

import pytest

from core.actors import SYSTEM
from orders import services
from orders.errors import NotADraft
from orders.models import OrderLine
from pricing import services as pricing
from tests.factories.catalog import stock_of
from tests.scenarios import anew, order_input

pytestmark = pytest.mark.django_db


def test_a_draft_is_priced_and_promises_nothing(shop):
    draft = services.save_draft(order_input(), actor=SYSTEM)

    assert (draft.status, draft.total, draft.placed_at, draft.reservation) == ("draft", Decimal("22.06"), None, None)
    assert stock_of(shop.mug).reserved == 0


def test_a_draft_can_be_put_together_anew(shop):
    draft = services.save_draft(order_input(), actor=SYSTEM)

    again = services.save_draft(order_input({"TEA-1": 3}), draft_id=draft.pk, actor=SYSTEM)

    assert (again.pk, again.number) == (draft.pk, draft.number)
    assert [(line.sku, line.quantity) for line in OrderLine.objects.filter(order=draft)] == [("TEA-1", 3)]


def test_a_placed_draft_is_an_order_like_any_other(shop):
    draft = services.save_draft(order_input(payment_terms="net14"), actor=SYSTEM)

    order = anew(services.place_draft(draft.pk, actor=SYSTEM))

    assert (order.pk, order.status, order.total) == (draft.pk, "confirmed", Decimal("22.06"))
    assert [line.allocated for line in order.lines.all()] == [2, 1]
    assert stock_of(shop.mug).reserved == 2


def test_a_draft_keeps_its_prices(shop):
    draft = services.save_draft(order_input(), actor=SYSTEM)
    pricing.set_price(shop.mug.pk, amount=Decimal("9.00"), actor=SYSTEM)

    assert services.place_draft(draft.pk, actor=SYSTEM).total == Decimal("22.06")


def test_a_discarded_draft_is_gone_for_good(shop):
    draft = services.save_draft(order_input(), actor=SYSTEM)

    gone = anew(services.discard_draft(draft.pk, actor=SYSTEM))

    assert (gone.status, gone.balance_due) == ("cancelled", 0)
    with pytest.raises(NotADraft):
        services.place_draft(draft.pk, actor=SYSTEM)
