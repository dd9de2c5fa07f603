"""Store credit given by hand: as far as a role goes, above that with approval; no balance for who may not see it."""

from decimal import Decimal as D

import pytest
from django.contrib.auth.models import Group, Permission

from billing import services as billing
from billing.errors import NothingToDecide
from billing.models import StoreCredit, StoreCreditGrant, StoreCreditLimit
from core.actors import Actor
from core.models import EventRecord, User
from core.money import Money
from customers.models import Customer
from orders.models import OrderException
from tests.factories.billing import place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
LENA = Actor("staff", "lena", frozenset({"billing.approve_store_credit"}))


@pytest.fixture
def ada(seller):
    return Customer.objects.get(pk=place({"TEA-1": 1}).customer_id)


@pytest.fixture
def ines(seller) -> Actor:
    """Return somebody whose role may give fifty euros."""
    billing.create_store_credit_limit({"currency": "EUR", "limits": {"Money": "50"}}, actor=LENA)
    User.objects.create_user("ines").groups.add(Group.objects.create(name="Money"))
    return Actor("staff", "ines", frozenset({"billing.give_store_credit"}))


def offer(ada, amount, reference, actor, *, currency="EUR", **more):
    return billing.offer_store_credit(
        ada.pk, amount=Money(D(amount), currency), reason="Late parcel", reference=reference, actor=actor, **more
    )


def left(ada):
    return StoreCredit.objects.values_list("balance", flat=True).filter(customer=ada).first()


def test_within_the_limit_nobody_is_asked_and_parts_count_together(ada, ines):
    assert offer(ada, "30.00", "A", ines).amount == 30
    assert offer(ada, "20.00", "B", ines).amount == 20
    waits = offer(ada, "0.01", "C", ines)
    assert isinstance(waits, OrderException)
    assert left(ada) == 50
    # Taking back is no gift, and the same form again is no second gift.
    assert offer(ada, "5.00", "D", ines, take_back=True).amount == -5
    assert offer(ada, "30.00", "A", ines).amount == 30


def test_who_is_limited_in_one_currency_asks_in_one_of_which_nobody_thought(ada, ines):
    assert isinstance(offer(ada, "1.00", "A", ines, currency="CHF"), OrderException)
    other = Actor("staff", "other", frozenset({"billing.give_store_credit"}))
    User.objects.create_user("other")
    assert offer(ada, "99.00", "B", other, currency="CHF").amount == 99
    assert list(StoreCredit.objects.values_list("currency", "balance")) == [("CHF", 99)]
    billing.create_store_credit_limit({"currency": "CHF", "limits": {}}, actor=LENA)
    assert offer(ada, "99.00", "C", ines, currency="CHF").amount == 99


def test_beyond_it_who_may_approve_gives_it_once(ada, ines):
    waits = offer(ada, "50.01", "A", ines)
    assert offer(ada, "50.01", "A", ines) == waits
    assert (waits.queue, waits.title) == (
        "finance",
        f"ines wants to give 50.01 EUR of store credit to {ada} ({ada.number}): Late parcel",
    )
    assert StoreCreditGrant.objects.count() == 0

    done = billing.approve_for_exception(waits.pk, actor=LENA)

    assert (done.status, left(ada)) == ("resolved", D("50.01"))
    assert StoreCreditGrant.objects.get().given_by == "staff:lena"
    with pytest.raises(NothingToDecide):
        billing.approve_for_exception(waits.pk, actor=LENA)
    assert left(ada) == D("50.01")


def test_who_may_approve_and_whose_role_is_not_named_give_any_amount(ada, ines):
    assert offer(ada, "500.00", "A", LENA).amount == 500
    User.objects.create_user("tom").groups.add(Group.objects.create(name="Other"))
    assert offer(ada, "500.00", "B", Actor("staff", "tom")).amount == 500


def test_a_limit_is_set_and_changed_in_the_settings_and_written_down(staff):
    Group.objects.create(name="Money")
    url = "/admin/billing/storecreditlimit/"
    assert staff.post(f"{url}add/", {"currency": "eur", "limits": "Nobody: 5"}).status_code == 200
    assert staff.post(f"{url}add/", {"currency": "eur", "limits": "Money: 50"}).status_code == 302
    limit = StoreCreditLimit.objects.get()
    assert (limit.currency, limit.limits) == ("EUR", {"Money": "50"})
    assert staff.post(f"{url}{limit.pk}/change/", {"limits": "Money: 60"}).status_code == 302
    assert StoreCreditLimit.objects.get().limits == {"Money": "60"}
    assert EventRecord.objects.filter(name="billing.store_credit_limit_changed").count() == 2
    assert "Money: €60.00" in staff.get(url, headers={"accept-language": "en"}).content.decode()


def test_a_limit_is_held_on_the_page_and_approved_at_the_desk(ada, ines, client, staff):
    user = User.objects.get(username="ines")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    codes = ("give_store_credit", "view_storecredit", "view_customer", "view_orderexception", "change_orderexception")
    user.user_permissions.add(*Permission.objects.filter(codename__in=codes))
    client.force_login(User.objects.get(pk=user.pk), backend="django.contrib.auth.backends.ModelBackend")
    page = f"/admin/billing/payment/of-customer/{ada.pk}/store-credit/"
    said = client.post(page, {"amount": "60.00", "reason": "Late parcel", "reference": "SC-1"})
    assert (said.status_code, left(ada)) == (302, None)
    waits = OrderException.objects.get(category="store_credit")
    way = f"/admin/orders/orderexception/{waits.pk}/do/approve_credit/"
    assert client.post(way).status_code in (403, 404)
    assert left(ada) is None


@pytest.mark.parametrize("limited", [True, False])
def test_who_does_not_see_a_balance_is_not_told_it_when_they_give(ada, client, limited):
    offer(ada, "77.00", "A", LENA)
    limits = {"channel": ["web", "staff", "api"]} if limited else {}
    user = User.objects.create_user("tom", is_staff=True, limits=limits)
    codes = ("give_store_credit", "view_storecredit", "view_customer", "view_order")
    user.user_permissions.add(*Permission.objects.filter(codename__in=codes))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    page = f"/admin/billing/payment/of-customer/{ada.pk}/store-credit/"
    shown = client.get(page).content.decode()
    assert ("77.00" in shown, 'name="take_back"' in shown) == (not limited, not limited)
    # Nor by trying to take back more than is there.
    told = client.post(page, {"amount": "78.00", "reason": "-", "reference": "SC-1", "take_back": "on"})
    assert ("77.00" in told.content.decode()) is (not limited)
    assert (told.status_code, left(ada)) == (200, 77)
    if limited:
        assert "77.00" not in client.get(f"/admin/customers/customer/{ada.pk}/change/").content.decode()
