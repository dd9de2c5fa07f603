"""What people who are signed in may do by the API: exactly what the back office lets them do."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import URLResolver, get_resolver

from core.api.auth import SCOPE_PERMISSIONS, StaffScopes
from core.api.views import ApiView
from core.models import User

pytestmark = pytest.mark.django_db
METHODS = ("get", "post", "put", "patch", "delete")


def api_views(resolver: URLResolver) -> Iterator[type[ApiView]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from api_views(pattern)
        elif issubclass(getattr(pattern.callback, "cls", object), ApiView):
            yield pattern.callback.cls


def member(*permissions: str) -> User:
    user = User.objects.create_user(f"member{User.objects.count()}", is_staff=True)
    for permission in permissions:
        app, _, codename = permission.partition(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return user


def test_every_scope_is_declared_with_permissions_that_exist():
    views = list(api_views(get_resolver()))
    wanted = {scope for view in views for scope in view.required_scopes.values()}
    named = {permission for permissions in SCOPE_PERMISSIONS.values() for permission in permissions}
    known = {f"{app}.{codename}" for app, codename in Permission.objects.values_list("content_type__app_label",
                                                                                    "codename")}  # fmt: skip

    assert len(views) > 60
    assert wanted - set(SCOPE_PERMISSIONS) == set()
    assert named - known == set()
    assert all(SCOPE_PERMISSIONS.values())


def test_every_method_of_every_view_asks_for_a_scope():
    silent = [
        f"{view.__name__}.{method}"
        for view in api_views(get_resolver())
        for method in METHODS
        if hasattr(view, method) and method.upper() not in view.required_scopes
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("permission", "scopes"),
    [
        ("orders.operate_order", {"orders:write", "orders:price", "orders:terms", "customers:act"}),
        ("orders.waive_check", {"orders:waive"}),
        ("orders.change_orderexception", set()),
        ("orders.change_order", set()),
        ("customers.change_customergroup", set()),
        ("customers.change_customer", {"customers:write"}),
        ("inventory.change_product", set()),
        ("inventory.change_stockitem", {"inventory:write"}),
        ("fulfillment.operate_shipment", set()),
        ("fulfillment.operate_fulfillmentorder", {"fulfillment:write"}),
        ("returns.change_returnpolicy", set()),
        ("returns.operate_return", {"returns:write"}),
        ("billing.operate_payment", {"payments:write"}),
        ("core.view_eventrecord", {"events:read"}),
    ],
)
def test_a_permission_gives_the_scopes_that_name_it_and_no_other(permission: str, scopes: set[str]):
    held = StaffScopes(member(permission))

    assert {scope for scope in SCOPE_PERMISSIONS if scope in held} == scopes
    app = permission.partition(".")[0]
    assert f"{app}:invent" not in held
    assert f"{app}:something-write" not in held


def test_who_may_solve_exceptions_may_not_cancel_orders_by_the_api(shop: Any):
    client = Client()
    tom = member("orders.view_order", "orders.change_orderexception")
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get("/api/v1/orders/").status_code == 200
    assert client.post("/api/v1/orders/SO-000001/cancel/", {}, content_type="application/json").status_code == 403
    assert client.get("/api/v1/customers/").status_code == 403


def test_every_app_with_an_api_is_walked():
    walked = {view.__module__.partition(".")[0] for view in api_views(get_resolver())}
    assert walked >= {"core", "customers", "inventory", "pricing", "orders", "billing", "fulfillment", "returns"}
    assert walked <= {config.label for config in apps.get_app_configs()}
