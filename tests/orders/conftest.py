"""Who works at the order desk, and what there is to work on."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from core.models import User
from tests.factories.billing import make_seller
from tests.scenarios import confirmed_order, placed_order


@pytest.fixture
def desk(shop):
    """Return a maker of browsers in which somebody of the order desk is signed in."""

    def sign_in(name, *codenames):
        user = User.objects.create_user(name, password="x", is_staff=True)
        names = ["view_order", "operate_order", *codenames]
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        client.user = user
        return client

    return sign_in


@pytest.fixture
def three(shop):
    """Return an order that waits for its payment, one that is confirmed, and one on hold."""
    return placed_order(), confirmed_order({"TEA-1": 2}), placed_order({"TEA-1": 3}, expected_total=Decimal(1))


@pytest.fixture
def seller(shop):
    """Return a shop that writes invoices."""
    make_seller()
    return shop
