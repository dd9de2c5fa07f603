"""Visitors of the portal, and what they bought."""

from typing import Any

import pytest

from billing import services as billing
from core.actors import SYSTEM
from customers import services as customers
from tests.factories.billing import make_seller
from tests.portal.visitors import ADDRESS


@pytest.fixture(autouse=True)
def _shop(shop: Any) -> Any:
    """Open the shop, with somebody who writes invoices."""
    make_seller()
    # Only the first page of a minute asks whether the shop has a logo.
    assert billing.shop_logo() is None
    return shop


@pytest.fixture
def ada(django_user_model: Any) -> Any:
    """Return a customer with a user name and a password."""
    customer = customers.find_or_create(email="ada@example.com", name="Ada Byron", actor=SYSTEM)
    customer.user = django_user_model.objects.create_user("ada", "ada@example.com", "kettle-and-tea")
    customer.save(update_fields=["user"])
    return customer


@pytest.fixture
def signed_in(client: Any, ada: Any) -> Any:
    """Return a browser in which Ada is signed in."""
    client.force_login(ada.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def with_mugs(client: Any) -> Any:
    """Return a guest's browser with two mugs and a tea in the cart."""
    client.post("/cart/put/", {"quantity:MUG-RED": "2", "quantity:TEA-1": "1"})
    return client


@pytest.fixture
def answers(with_mugs: Any) -> dict[str, str]:
    """Return the check-out form, filled in by a guest."""
    token = with_mugs.get("/checkout/").context["form"]["token"].value()
    return {**ADDRESS, "token": token, "place": "1"}
