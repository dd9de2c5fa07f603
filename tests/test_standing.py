"""The shop that stands for all tests of a module: each finds it as it was opened, and who asks for none finds none."""

import pytest

from core.models import EventRecord
from inventory.models import StockItem, Warehouse
from orders.models import Order
from pricing import services as pricing
from tests.scenarios import placed_order
from tests.standing import standing

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("time", ["first", "second"])
def test_what_a_test_changes_is_undone_before_the_next(shop, time):
    begun = EventRecord.objects.count()
    assert not Order.objects.exists()
    assert list(StockItem.objects.values_list("on_hand", "reserved")) == [(100, 0)] * 4
    assert (shop.mug.name, pricing.channel_by_code("api").name) == ("Red mug", "API")

    placed_order({"MUG-RED": 2})
    shop.mug.name = "Broken mug"
    shop.mug.save()
    channel = shop.channel()
    channel.name = "Another"
    channel.save()
    pricing.forget()
    assert pricing.channel_by_code("api").name == "Another"
    assert EventRecord.objects.count() > begun


def test_who_asks_for_no_shop_finds_none():
    assert not Warehouse.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_commits_opens_one_of_his_own(shop):
    assert Warehouse.objects.count() == 2
    assert standing._shop is None


def test_it_stands_again_for_who_asks_next(shop):
    assert Warehouse.objects.count() == 2
    assert standing._shop is not shop
    assert standing._shop == shop
