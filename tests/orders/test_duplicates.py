"""Two orders that look alike, side by side: told apart, or one of them cancelled."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from core import outbox
from core.actors import SYSTEM, Actor
from core.models import EventRecord
from orders import services
from orders.errors import AlreadyToldApart, MayNotLift, MayNotWaive, NotToldApart, OneOrder, TwinIsGone
from orders.models import CheckCatch, Hold, HoldType, Order, OrderException, ToldApart
from tests.scenarios import anew, placed_order

pytestmark = pytest.mark.django_db
MAYA = Actor("staff", "maya", frozenset({"orders.waive_check"}))


def twins() -> tuple[Order, Order]:
    """Return an order and the same once more, which its check holds."""
    first, second = placed_order(payment_terms="net14"), placed_order(payment_terms="net14")
    services.recheck_order(second.pk, actor=SYSTEM)
    assert anew(second).active_holds == 1
    return first, anew(second)


def beside(order: Order, other: Order) -> str:
    return reverse("admin:orders_order_beside", args=[order.pk, other.number])


def duplicate(order: Order) -> str:
    return next(check["result"] for check in anew(order).checks if check["name"] == "duplicate")


def outcomes() -> list[tuple[int, str]]:
    rows = CheckCatch.objects.filter(name="duplicate").order_by("pk")
    return list(rows.values_list("order", "outcome"))


def told(order: Order) -> list[tuple[str, str]]:
    rows = EventRecord.objects.filter(thread=order.history_thread(), name__startswith="orders.told").order_by("pk")
    return [(row.name, row.payload["other"]) for row in rows]


def test_what_is_told_apart_goes_on_and_both_histories_say_so(shop):
    first, second = twins()

    services.tell_apart(second.pk, first.pk, reason=" Two birthdays ", actor=MAYA)

    assert (anew(second).status, anew(second).active_holds, duplicate(second)) == ("confirmed", 0, "pass")
    pair = ToldApart.objects.get()
    assert (pair.earlier, pair.later, pair.by, pair.reason) == (first, second, "staff:maya", "Two birthdays")
    assert outcomes() == [(second.pk, "different")]
    assert told(first) == [("orders.told_apart", second.number)]
    assert told(second) == [("orders.told_apart", first.number)]
    with pytest.raises(AlreadyToldApart):
        services.tell_apart(first.pk, second.pk, actor=MAYA)


def test_behind_the_one_stands_another(shop):
    first, second = twins()
    third = placed_order(payment_terms="net14")
    services.recheck_order(third.pk, actor=SYSTEM)
    assert outcomes() == [(second.pk, "open"), (third.pk, "open")]

    services.tell_apart(third.pk, second.pk, actor=MAYA)

    hold = Hold.objects.get(order=third, status="active")
    assert (duplicate(third), first.number in hold.reason) == ("fail", True)
    assert outcomes() == [(second.pk, "open"), (third.pk, "different"), (third.pk, "open")]

    services.tell_apart(third.pk, first.pk, actor=MAYA)
    assert (duplicate(third), anew(third).active_holds) == ("pass", 0)


def test_a_verdict_is_taken_back_and_the_check_holds_again(shop):
    first, second = twins()
    services.tell_apart(first.pk, second.pk, actor=MAYA)

    services.take_back_apart(first.pk, second.pk, actor=MAYA)

    assert (duplicate(second), anew(second).active_holds, anew(second).blocked_transitions) == ("fail", 1, ["release"])
    assert outcomes() == [(second.pk, "open")]
    assert told(first) == [("orders.told_apart", second.number), ("orders.told_apart_no_more", second.number)]
    with pytest.raises(NotToldApart):
        services.take_back_apart(first.pk, second.pk, actor=MAYA)


@pytest.mark.parametrize("cancelled", [0, 1], ids=["the earlier", "the later"])
def test_of_two_that_are_the_same_either_is_cancelled_and_the_other_goes_on(shop, cancelled):
    pair = twins()
    gone, kept = pair[cancelled], pair[1 - cancelled]

    services.cancel_twin(gone.pk, kept_id=kept.pk, actor=MAYA)

    assert (anew(gone).status, anew(kept).status, anew(kept).active_holds) == ("cancelled", "confirmed", 0)
    assert outcomes() == [(pair[1].pk, ("corrected", "stopped")[cancelled])]
    assert told(kept) == [("orders.told_the_same", gone.number)]
    note = EventRecord.objects.get(thread=gone.history_thread(), transition="cancel").note
    assert note == f"Ordered twice: {kept.number} is the same"
    # Somebody else decides for the other one at the same time: one of the two has to stay.
    with pytest.raises(TwinIsGone):
        services.cancel_twin(kept.pk, kept_id=gone.pk, actor=MAYA)
    assert anew(kept).status == "confirmed"


def test_who_has_no_say_changes_nothing(shop):
    first, second = twins()
    with pytest.raises(MayNotWaive):
        services.tell_apart(first.pk, second.pk, actor=Actor("staff", "tom"))
    with pytest.raises(OneOrder):
        services.tell_apart(first.pk, first.pk, actor=MAYA)
    # A test that commits may have emptied the table; the types hold without their rows too.
    of_twins, _made = HoldType.objects.get_or_create(
        code="duplicate", defaults={"name": "Twins", "blocks": ["release"]}
    )
    services.change_hold_type(of_twins.pk, {"may_lift": "orders.lift_risk_hold"}, actor=SYSTEM)
    with pytest.raises(MayNotLift):
        services.tell_apart(first.pk, second.pk, actor=MAYA)
    assert not ToldApart.objects.exists()
    assert (anew(second).active_holds, told(first), told(second)) == (1, [], [])


def test_the_page_shows_both_with_what_differs_and_what_each_decision_does(shop, staff, django_assert_num_queries):
    first = placed_order({"MUG-RED": 2, "TEA-1": 1}, payment_terms="net14")
    second = placed_order({"MUG-RED": 2, "TEA-1": 3}, payment_terms="net14", customer_name="Ada B.")
    page = staff.get(beside(second, first))
    shown = page.content.decode()

    assert page.context["goods"].same == 1
    differing = [row.label for part in ("facts", "sums") for row in page.context[part] if row.differs]
    assert differing == ["Customer", "Goods", "Tax", "Total"]
    assert [[said.text for said in side] for side in page.context["goods"].rows[0].sides] == [
        ["1 × €4.20"],
        ["3 × €4.20"],
    ]
    assert "<mark>Ada B.</mark>" in shown
    assert f"Same: cancel {first.number}" in shown
    assert "3 units are free again." in shown
    with django_assert_num_queries(12):
        staff.get(beside(second, first))


def test_from_the_order_to_the_page_and_back_in_two_clicks(shop, staff):
    first, second = twins()
    order_page = reverse("admin:orders_order_change", args=[second.pk])
    assert staff.get(order_page).content.decode().count(f'href="{beside(second, first)}"') == 2

    answer = staff.post(beside(second, first), {"verdict": "different", "reason": "Two <b>birthdays</b>"})

    assert (answer.status_code, answer.headers["Location"]) == (302, order_page)
    shown = staff.get(beside(second, first)).content.decode()
    assert "Two &lt;b&gt;birthdays&lt;/b&gt;" in shown
    assert 'value="different"' not in shown
    assert staff.post(beside(second, first), {"verdict": "different"}).status_code == 409
    assert staff.post(beside(first, second), {"verdict": "compare"}).status_code == 302
    assert staff.post(beside(first, second), {"verdict": f"cancel-{second.pk}"}).status_code == 302
    assert anew(second).status == "cancelled"
    # A second click, and one of somebody who saw both a moment ago.
    for twice, why in (
        (second, f"{second.number} cannot be cancelled any more: Cancelled."),
        (first, f"{second.number} is cancelled itself"),
    ):
        answer = staff.post(beside(first, second), {"verdict": f"cancel-{twice.pk}"})
        assert (answer.status_code, answer.context["refused"]) == (409, why)
    assert anew(first).status == "confirmed"
    assert "nothing is left to decide" in staff.get(beside(first, second)).content.decode()
    neither = staff.post(beside(first, second), {"verdict": "burn"})
    assert (neither.status_code, neither.context["refused"]) == (409, "Say whether they are the same or different.")


def test_each_decision_asks_for_its_permission(shop, client, django_user_model):
    first, second = twins()
    tom = django_user_model.objects.create_user("tom", password="secret", is_staff=True)
    tom.user_permissions.add(Permission.objects.get(codename="view_order"))
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")

    shown = client.get(beside(second, first))
    assert shown.status_code == 200
    assert b"verdict" not in shown.content
    for verdict in ("different", "compare", f"cancel-{first.pk}"):
        assert client.post(beside(second, first), {"verdict": verdict}).status_code == 403
    assert (anew(first).status, anew(second).active_holds) == ("confirmed", 1)

    for hidden in (beside(second, second), f"{beside(second, first)[:-2]}X/"):
        assert client.get(hidden).status_code == 404
    django_user_model.objects.filter(pk=tom.pk).update(limits={"channel": ["web"]})
    assert client.get(beside(second, first)).status_code == 404


def test_the_exception_of_the_check_leads_there_and_closes_with_it(shop, staff):
    first, second = twins()
    outbox.drain()
    problem = OrderException.objects.get(order=second, category="check")
    page = reverse("admin:orders_orderexception_change", args=[problem.pk])
    assert f'href="{beside(second, first)}"' in staff.get(page).content.decode()

    services.tell_apart(first.pk, second.pk, actor=MAYA)
    outbox.drain()

    assert OrderException.objects.get(pk=problem.pk).closed_at is not None
    assert anew(second).open_exceptions == 0


def test_what_is_kept_goes_on_later_where_it_cannot_go_on_at_once(shop, staff, monkeypatch):
    first, second = twins()

    def refuse(*_args, **_said):
        raise TwinIsGone("not now")

    with monkeypatch.context() as patched:
        patched.setattr("orders.services.duplicates.look_again_at", refuse)
        done = staff.post(beside(first, second), {"verdict": f"cancel-{first.pk}"})
    # Nobody reads that nothing was changed: one of them is cancelled.
    assert (done.status_code, done.headers["Location"]) == (302, f"/admin/orders/order/{second.pk}/change/")
    assert (anew(first).status, anew(second).active_holds) == ("cancelled", 1)

    outbox.drain()

    assert (anew(second).active_holds, duplicate(second), anew(second).status) == (0, "pass", "confirmed")
    repeated = EventRecord.objects.filter(name="orders.checks_repeated", thread=second.history_thread())
    known = repeated.count()
    services.go_on_with_kept(second.pk, other=str(first))
    assert repeated.count() == known
