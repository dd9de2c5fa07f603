"""People of the order desk, and what they know."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from core.actors import SYSTEM
from core.models import User
from customers import services as customers
from tests.scenarios import ADA

DESK = ("view_order", "operate_order", "view_customer", "add_customer", "change_price", "view_product")


def staff(name: str, *codenames: str) -> User:
    """Return somebody of the staff who may do this, and nothing else."""
    person = User.objects.create_user(name, is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return person


def client_of(person: User) -> Client:
    """Return the browser of somebody who is signed in."""
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def maya(db: None) -> Any:
    """Return the browser of the order desk."""
    return client_of(staff("maya", *DESK))


@pytest.fixture
def tom(db: None) -> Any:
    """Return the browser of somebody of the warehouse, who takes no orders."""
    return client_of(staff("tom", "view_order", "view_customer"))


@pytest.fixture
def ada(shop: Any) -> Any:
    """Return Ada, who pays by invoice."""
    given = customers.CustomerInput(name="Ada Byron", email="ada@example.com", payment_terms="net14")
    return customers.take_in(given, ADA, actor=SYSTEM)
