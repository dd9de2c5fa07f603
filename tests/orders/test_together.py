"""Working together on an order: handed over with a word, followed at the bell, looked at again on its day."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from core import outbox, today
from core.actors import SYSTEM, Actor
from core.models import EventRecord, Notice, User
from orders import services
from orders.errors import InvalidOrder
from orders.models import Follower, FollowUp, Order
from tests.scenarios import anew, confirmed_order, placed_order

pytestmark = pytest.mark.django_db
MAYA = Actor("staff", "maya")
BACKEND = "django.contrib.auth.backends.ModelBackend"


def colleague(name: str, *powers: str, **more: Any) -> User:
    user = User.objects.create_user(name, f"{name}@example.com", "x", first_name=name.title(), is_staff=True, **more)
    user.user_permissions.set(Permission.objects.filter(codename__in=powers or ("view_order", "operate_order")))
    return user


def told(user: User) -> list[tuple[str, str, str]]:
    return list(Notice.objects.filter(user=user).order_by("pk").values_list("kind", "author", "text"))


def next_round() -> int:
    outbox.sequence_events()
    return services.tell_followers()


def step(client: Any, order: Order, name: str, **said: Any) -> Any:
    return client.post(f"/admin/orders/order/{order.pk}/do/{name}/", said)


def test_who_gets_an_order_is_told_why_and_follows_it(shop):
    order = placed_order()
    tom, maya = colleague("tom"), colleague("maya")

    services.hand_over_order(order.pk, to_id=tom.pk, note="She calls at noon", actor=MAYA)
    services.hand_over_order(order.pk, to_id=tom.pk, note="Make that one", actor=MAYA)
    services.hand_over_order(order.pk, to_id=maya.pk, actor=MAYA)
    services.hand_over_order(order.pk, to_id=None, actor=MAYA)

    assert told(tom) == [
        ("handed_over", "staff:maya", "She calls at noon"),
        ("handed_over", "staff:maya", "Make that one"),
    ]
    assert told(maya) == []
    assert anew(order).assignee is None
    assert set(Follower.objects.values_list("user", flat=True)) == {tom.pk, maya.pk}
    changes = EventRecord.objects.filter(name="orders.assigned").order_by("pk")
    assert [(one.note, one.payload["after"].get("assignee")) for one in changes] == [
        ("She calls at noon", "tom"),
        ("Make that one", None),
        ("", "maya"),
        ("", ""),
    ]


@pytest.mark.parametrize("who", [{"limits": {"channel": ["wholesale"]}}, {"is_active": False}])
def test_nobody_gets_an_order_who_may_not_see_it(shop, who):
    order, nils = placed_order(), colleague("nils", **who)

    with pytest.raises(InvalidOrder):
        services.hand_over_order(order.pk, to_id=nils.pk, actor=MAYA)

    assert (anew(order).assignee, Follower.objects.count(), Notice.objects.count()) == (None, 0, 0)


def test_followers_hear_what_others_do_once_and_not_what_they_do_themselves(shop, django_assert_num_queries):
    next_round()
    order, other = placed_order(), placed_order()
    next_round()
    tom, ada, nils = colleague("tom"), colleague("ada"), colleague("nils", limits={"channel": ["wholesale"]})
    for person in (tom, ada, nils):
        assert services.follow_order(order.pk, user_id=person.pk)
        assert not services.follow_order(order.pk, user_id=person.pk)

    services.add_comment(order.pk, "@ada look", actor=Actor("staff", "tom"))
    services.add_comment(other.pk, "Nobody follows", actor=MAYA)
    hold = services.place_hold(order.pk, kind="fraud", reason="Odd", actor=MAYA)
    services.release_hold(hold.pk, note="fine", actor=Actor("staff", "ada"))
    services.tag_order(order.pk, add=["x"], actor=MAYA)
    assert services.unfollow_order(order.pk, user_id=nils.pk)
    services.cancel_order(order.pk, reason="Changed her mind", actor=MAYA)
    next_round()
    next_round()

    assert [kind for kind, _author, _text in told(tom)] == [
        "orders.hold_placed",
        "orders.hold_released",
        "orders.order_cancelled",
    ]
    assert [(kind, text) for kind, _author, text in told(ada)] == [
        ("mentioned", "@ada look"),
        ("orders.hold_placed", ""),
        ("orders.order_cancelled", "Changed her mind"),
    ]
    assert told(nils) == []
    with django_assert_num_queries(3):  # there is a cursor, where it stands, and that nothing came since
        services.tell_followers()


def test_an_order_has_so_many_followers_and_no_more(shop, monkeypatch):
    order = placed_order()
    monkeypatch.setattr("orders.services.together.MOST_FOLLOWERS", 1)
    services.follow_order(order.pk, user_id=colleague("tom").pk)

    with pytest.raises(InvalidOrder):
        services.follow_order(order.pk, user_id=colleague("ada").pk)

    assert Follower.objects.count() == 1


def test_the_day_to_look_again_is_told_once_to_who_looks_after_it_and_ends_with_one_button(shop, client):
    order, later = confirmed_order(), placed_order()
    tom, maya = colleague("tom"), colleague("maya")
    day = timezone.localdate()
    services.assign_order(order.pk, assignee_id=tom.pk, actor=SYSTEM)
    services.set_follow_up(order.pk, on=day, note="Did the vase arrive?", actor=MAYA)
    services.set_follow_up(later.pk, on=day + timedelta(days=1), actor=MAYA)

    assert [services.tell_follow_ups() for _twice in range(2)] == [1, 0]
    assert (told(tom), told(maya)) == ([("follow_up_due", "system", "Did the vase arrive?")], [])
    assert EventRecord.objects.get(name="orders.follow_up_due").payload["order_id"] == order.pk

    client.force_login(maya, backend=BACKEND)
    rows = [one for one in client.get("/admin/").context["today"].todos if one.page.endswith(f"/{order.pk}/change/")]
    assert [(one.text.endswith("follow up today · Did the vase arrive?"), one.detail) for one in rows] == [
        (True, "tom")
    ]
    assert client.post(rows[0].url).status_code == 302
    today.acted(maya.pk)
    assert "follow up today" not in client.get("/admin/").content.decode()
    assert list(FollowUp.objects.values_list("order", flat=True)) == [later.pk]
    change = EventRecord.objects.get(name="orders.followed_up")
    assert (change.actor, change.payload["before"]) == (
        "staff:maya",
        {"follow_up": day.isoformat(), "note": "Did the vase arrive?"},
    )


def test_a_day_that_is_over_is_refused_beside_the_field_and_the_note_stays(shop, client):
    order = placed_order()
    client.force_login(colleague("maya"), backend=BACKEND)

    for on in ("2020-01-01", "soon", "9999-99-99"):
        answer = step(client, order, "follow-up", on=on, note="Call her")
        assert list(answer.context["form"].errors) == ["on"]
        assert 'value="Call her"' in answer.content.decode()
    with pytest.raises(InvalidOrder):
        services.set_follow_up(order.pk, on=timezone.localdate() - timedelta(days=1), actor=MAYA)

    assert not FollowUp.objects.exists()


def test_lists_show_whose_they_are_what_i_follow_and_what_is_due(shop, client):
    mine, followed, due, rest = (placed_order() for _ in range(4))
    maya, tom = colleague("maya"), colleague("tom")
    services.assign_order(mine.pk, assignee_id=maya.pk, actor=SYSTEM)
    services.unfollow_order(mine.pk, user_id=maya.pk)
    services.follow_order(followed.pk, user_id=maya.pk)
    services.assign_order(rest.pk, assignee_id=tom.pk, actor=SYSTEM)
    services.set_follow_up(due.pk, on=timezone.localdate(), actor=MAYA)
    services.set_follow_up(rest.pk, on=timezone.localdate() + timedelta(days=3), actor=MAYA)
    client.force_login(maya, backend=BACKEND)

    def listed(**query: Any) -> set[int]:
        return {one.pk for one in client.get("/admin/orders/order/", query).context["cl"].result_list}

    assert listed(who="mine") == {mine.pk}
    assert listed(who="followed") == {followed.pk}
    assert listed(who="nobody") == {followed.pk, due.pk}
    assert listed(who=f"user-{tom.pk}") == {rest.pk}
    assert client.get("/admin/orders/order/", {"who": "user-x9"}).status_code == 302
    assert listed(follow_up="due") == {due.pk}
    assert listed(follow_up="later") == {rest.pk}


def test_who_only_reads_may_follow_and_nothing_else(shop, client):
    order = placed_order()
    reader = colleague("reader", "view_order")
    client.force_login(reader, backend=BACKEND)

    page = client.get(f"/admin/orders/order/{order.pk}/change/").content.decode()

    assert "/do/follow/" in page
    for name in ("hand-over", "take-it", "follow-up", "followed-up"):
        assert f"/do/{name}/" not in page
        assert step(client, order, name).status_code == 403
    assert step(client, order, "follow").status_code == 302
    assert Follower.objects.get().user == reader
    assert "/do/unfollow/" in client.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    client.force_login(colleague("nils", limits={"channel": ["wholesale"]}), backend=BACKEND)
    assert step(client, order, "follow").status_code == 404


def test_all_of_it_goes_when_the_order_forgets_its_people(shop):
    order = placed_order()
    tom = colleague("tom")
    services.hand_over_order(order.pk, to_id=tom.pk, note="Ask Mrs Byron", actor=MAYA)
    services.set_follow_up(order.pk, on=timezone.localdate(), note="Ask Mrs Byron", actor=MAYA)

    services.erase_people([order.pk])

    assert (Follower.objects.count(), FollowUp.objects.count(), Notice.objects.count()) == (0, 0, 0)
