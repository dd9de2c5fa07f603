"""Every list of the API that knows saved views shows what the list of the back office shows under the same slug."""

import pytest
from django.apps import apps
from rest_framework.test import APIClient

from core.actors import Actor
from core.admin.site import site
from core.api.schema import VIEW_PARAMETER
from core.looks import Look
from core.models import User
from core.saved_views import SHARE, save_view
from tests.scenarios import delivered_order

pytestmark = pytest.mark.django_db
PLACES = {
    "credit-notes": "billing.creditnote",
    "customers": "customers.customer",
    "fulfillment-orders": "fulfillment.fulfillmentorder",
    "invoices": "billing.invoice",
    "orders": "orders.order",
    "payments": "billing.payment",
    "products": "inventory.product",
    "refunds": "billing.refund",
    "disputes": "billing.dispute",
    "returns": "returns.returnrequest",
    "shipments": "fulfillment.shipment",
    "stock/movements": "inventory.stockmovement",
    "waves": "fulfillment.wave",
}


@pytest.mark.parametrize("place", PLACES)
def test_a_list_of_the_api_shows_what_the_list_of_the_desk_shows(staff, shop, api, run_debts, place):
    delivered_order()
    run_debts()
    maya = User.objects.get(username="maya")
    model = apps.get_model(PLACES[place])
    admin = site.get_model_admin(model)
    page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    actor = Actor("staff", "maya", frozenset({SHARE}))
    some = model.objects.order_by("pk").values_list("pk", flat=True)[:1]
    for name, look in {"all": Look(), "one": Look({"id__in": [",".join(map(str, some)) or "0"]})}.items():
        save_view(model._meta.label_lower, name=name, look=look, owner_id=maya.pk, actor=actor, shared=True)

    answers = {name: api.get(f"/api/v1/{place}/?view={name}") for name in ("all", "one", "none")}

    assert admin.may_keep_views()
    assert [answer.status_code for answer in answers.values()] == [200, 200, 400]
    assert len(answers["all"].json()["results"]) == len(api.get(f"/api/v1/{place}/").json()["results"])
    shown = staff.get(f"{page}?view=one").context["cl"].result_list
    assert len(answers["one"].json()["results"]) == len(shown) == len(some)


def test_these_lists_and_no_others_say_that_they_know_views(db):
    schema = APIClient().get("/api/v1/schema/?format=json").json()

    found = {
        path
        for path, operations in schema["paths"].items()
        for one in operations.get("get", {}).get("parameters", [])
        if one["name"] == VIEW_PARAMETER.name
    }
    assert found == {f"/api/v1/{place}/" for place in PLACES}
