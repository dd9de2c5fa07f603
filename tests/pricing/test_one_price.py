"""One quantity has one price at a time, said by both databases."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from pricing.models import Price


@pytest.mark.django_db
@pytest.mark.parametrize("start", [None, date(2026, 1, 1)])
def test_second_price_for_the_same_quantity_and_start_is_refused(shop, start):
    first = Price.objects.filter(product=shop.mug).get()
    same = {"price_list": first.price_list, "product": shop.mug, "min_quantity": 10, "valid_from": start}
    Price.objects.create(amount=Decimal("4.00"), **same)

    with pytest.raises(IntegrityError), transaction.atomic():
        Price.objects.create(amount=Decimal("3.00"), **same)
