"""Nobody is offered what he may not open, and a refusal is a page that leads back."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from core.models import User
from tests.scenarios import placed_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def tom(client):
    """Return a browser in which somebody is signed in who sees orders and nothing else."""
    user = User.objects.create_user("tom", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(content_type__app_label="orders", codename="view_order"))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_record_that_is_not_ones_to_open_is_named_and_not_linked(shop, tom, staff):
    order = placed_order()
    page = reverse("admin:orders_order_change", args=[order.pk])
    links = [
        reverse("admin:customers_customer_change", args=[order.customer_id]),
        reverse("admin:pricing_channel_change", args=[order.channel_id]),
    ]

    seen, whole = tom.get(page).content.decode(), staff.get(page).content.decode()

    assert [link in seen for link in links] == [False, False]
    assert [link in whole for link in links] == [True, True]
    assert str(order.channel) in seen


def test_a_page_that_is_not_ours_is_refused_inside_the_frame(shop, tom):
    answer = tom.get(reverse("admin:pricing_channel_change", args=[placed_order().channel_id]))

    assert answer.status_code == 403
    assert "<h1>This is not yours to do</h1>" in answer.content.decode()
    assert reverse("admin:orders_order_changelist") in answer.content.decode(), "the way around is there"


def test_an_unknown_page_is_said_inside_the_frame(tom):
    answer = tom.get("/admin/no-such-page/")

    assert answer.status_code == 404
    assert "<h1>Page not found</h1>" in answer.content.decode()
    assert reverse("admin:index") in answer.content.decode()


def test_a_stranger_is_told_nothing_about_the_back_office(client):
    assert reverse("admin:index") not in client.get("/reports/no-such-page/").content.decode()


def test_the_chart_names_a_queue_that_is_not_ones_own_without_a_link(tom, staff):
    invoices = reverse("admin:billing_invoice_changelist")

    seen, whole = (
        tom.get(reverse("reports:flow")).content.decode(),
        staff.get(reverse("reports:flow")).content.decode(),
    )

    assert (f'href="{invoices}' in seen, f'href="{invoices}' in whole) == (False, True)
    assert f'href="{reverse("admin:orders_order_changelist")}' in seen


def test_what_is_in_the_way_is_told_without_links_that_lead_nowhere(shop, tom):
    order = placed_order(expected_total=Decimal(1))
    hold = order.holds.get()

    seen = tom.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()

    assert "The sender expects €1.00, we make it €22.06" in seen
    assert reverse("admin:orders_hold_change", args=[hold.pk]) not in seen


def test_leaving_a_form_is_not_called_as_cancelling_an_order_is(staff):
    User.objects.update(language="de")

    for page in ("admin:password_change", "admin:returns_returnpolicy_add"):
        shown = staff.get(reverse(page)).content.decode()
        assert ">Abbrechen</a>" in shown
        assert "Stornieren" not in shown


@pytest.mark.parametrize("typed", ["NaN", "9" * 24, "x" * 500])
def test_a_key_that_cannot_be_one_is_an_error_beside_its_field(staff, typed):
    answer = staff.post(reverse("admin:pricing_price_add"), {"product": typed})

    assert answer.status_code == 200
    assert answer.context_data["adminform"].form.errors["product"]
