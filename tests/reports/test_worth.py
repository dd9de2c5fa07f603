"""What each check is worth: counted in one statement, led on to what it found and to where it is switched off."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.sight import within
from customers.addresses import PostalAddress
from orders import services
from orders.models import CheckCatch, Order
from orders.services.catches import KEPT_FOR
from pricing.models import Channel
from reports import worth
from reports.forms import default_period
from tests.scenarios import ADA, placed_order

pytestmark = pytest.mark.django_db
MAYA = Actor("staff", "maya", frozenset({"orders.waive_check"}))
WRONG = PostalAddress(**{**ADA.as_dict(), "postal_code": "1"})
PAGE = "reports:checks"


def wrong_order(**given) -> Order:
    return placed_order(shipping_address=WRONG, **given)


def catch(
    outcome: str, *, name: str = "risk", stopped: bool = False, channel: str = "api", days: int = 0
) -> CheckCatch:
    """Note a finding on an order that is there anyway."""
    order = Order.objects.order_by("pk").first() or placed_order()
    row = {"order": order, "channel": Channel.objects.get(code=channel), "name": name, "stopped": stopped}
    return CheckCatch.objects.create(**row, outcome=outcome, at=timezone.now() - timedelta(days=days))


def measured(name: str) -> worth.Worth:
    return next(one.worth for one in worth.measure(default_period(), worth.channels()) if one.name == name)


def test_every_end_of_a_finding_is_counted_once(shop):
    waived, corrected, cancelled, expired = (wrong_order(email=f"{n}@example.com") for n in range(4))
    services.waive_check(waived.pk, "address", reason="a locker", actor=MAYA)
    Order.objects.filter(pk=corrected.pk).update(shipping_address=ADA.as_dict())
    services.recheck_order(corrected.pk, actor=MAYA)
    services.cancel_order(cancelled.pk, reason="typo", actor=SYSTEM)
    hold = expired.holds.get()
    type(hold).objects.filter(pk=hold.pk).update(expires_at=timezone.now())
    services.expire_hold(hold.pk)
    wrong_order(email="5@example.com")

    found = measured("address")

    assert (found.caught, found.held, found.warned) == (5, 5, 0)
    assert (found.waived, found.false, found.right, found.open) == (1, 2, 2, 1)
    assert (found.share, found.is_useless) == (0.5, False)


def test_the_night_tells_what_went_on_as_it_was_and_forgets_what_is_old(shop):
    gone, left, stays = (placed_order(email=f"{n}@gmial.com") for n in range(3))
    Order.objects.filter(pk=left.pk).update(status="completed")
    Order.objects.filter(pk=gone.pk).update(status="expired")
    old = catch("open", days=KEPT_FOR.days + 1)

    assert (services.settle_catches(), services.settle_catches()) == (3, 0)
    assert (services.forget_catches(), services.forget_catches()) == (1, 0)

    outcomes = dict(CheckCatch.objects.filter(name="contact").values_list("order", "outcome"))
    assert outcomes == {gone.pk: "stopped", left.pk: "passed", stays.pk: "open"}
    assert not CheckCatch.objects.filter(pk=old.pk).exists()


def test_the_page_counts_each_check_in_each_channel_and_leads_on(shop, staff, django_assert_num_queries):
    for _each in range(9):
        catch("waived", stopped=True)
    for outcome in ("different", "open"):
        catch(outcome, channel="web" if Channel.objects.filter(code="web").exists() else "api")
    catch("passed", name="price", days=200)
    channel = Channel.objects.get(code="api")

    page = staff.get(reverse(PAGE))
    with django_assert_num_queries(4):
        staff.get(reverse(PAGE))

    assert [(one["name"], one["worth"].caught) for one in page.context["checks"]] == [("risk", 11)]
    shown = page.content.decode()
    assert "Mostly false alarms" in shown
    assert f"{reverse('admin:pricing_channel_change', args=[channel.pk])}#id_checks-row-risk" in shown
    assert len(page.context["silent"]) == 9
    check = page.context["checks"][0]
    for address, expected in ((check["list"], 11), (check["false_list"], 10)):
        listed = staff.get(address)
        assert (listed.status_code, listed.context["cl"].result_count) == (200, expected)
    other = staff.get(f"{reverse(PAGE)}?first=2026-01-01&last=2020-01-01&channel=nowhere")
    assert (other.status_code, other.context["checks"][0]["worth"].caught) == (200, 11)
    assert "The last day is before the first." in other.content.decode()


def test_one_channel_is_told_alone_and_who_is_limited_counts_only_theirs(shop, staff):
    catch("waived")
    web = Channel.objects.exclude(code="api").order_by("pk").first()
    catch("waived", channel=web.code)

    page = staff.get(f"{reverse(PAGE)}?channel={web.code}")
    assert [(one["worth"].caught, one["rows"]) for one in page.context["checks"]] == [(1, [])]
    with within({"channel": frozenset({"api"})}):
        assert (measured("risk").caught, [one.code for one in worth.channels()]) == (1, ["api"])


def test_who_may_not_see_what_was_found_is_refused(shop, client, django_user_model):
    tom = django_user_model.objects.create_user("tom", password="secret", is_staff=True)
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse(PAGE)).status_code == 403
    assert client.get(reverse("admin:orders_checkcatch_changelist")).status_code == 403
