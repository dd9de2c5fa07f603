"""Two orders of a new customer at the same moment make one customer."""

from functools import partial

import pytest

from core.actors import SYSTEM
from customers import services as customers
from customers.models import Customer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def test_one_address_at_the_same_moment_is_one_customer(concurrently):
    """Fails on PostgreSQL without the call of `_lock_email` in `find_or_create`: several customers."""
    for number in range(10):
        find = partial(customers.find_or_create, email=f"new-{number}@example.com", name="New", actor=SYSTEM)
        outcomes = concurrently(*[find] * 6)
        assert len({outcome.value.pk for outcome in outcomes}) == 1
    assert Customer.objects.count() == 10


def test_two_changes_at_the_same_moment_both_count(concurrently):
    """Fails without `.locked()` in `_locked`: a version is lost."""
    ada = customers.create_customer(customers.CustomerInput(name="Ada"), actor=SYSTEM)

    concurrently(
        *[partial(customers.update_customer, ada.pk, {"notes": f"note {number}"}, actor=SYSTEM) for number in range(6)]
    )

    assert Customer.objects.get().version == 6
