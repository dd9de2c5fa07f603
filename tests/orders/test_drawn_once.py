"""A page at which many look is drawn once when it changes, for all who may see the same of it, and for nobody else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connections
from django.test import Client, RequestFactory
from django.utils import translation

from core import drawings
from core.actors import Actor
from core.models import User
from orders import services
from orders.models import Order
from tests.scenarios import placed_order

BACKEND = "django.contrib.auth.backends.ModelBackend"
READS, WORKS = ("view_order",), ("view_order", "operate_order")
drawn: list[str] = []


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = drawings._drawn

    def count(request: Any, *more: Any) -> Any:
        drawn.append(request.user.get_username())
        return draw(request, *more)

    monkeypatch.setattr(drawings, "_drawn", count)
    drawn.clear()


def window(name: str, *powers: str, **more: Any) -> Client:
    user = User.objects.create_user(name, f"{name}@example.com", "x", first_name=name.title(), is_staff=True, **more)
    user.user_permissions.set(Permission.objects.filter(codename__in=powers))
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def fetched(client: Client, order: Order) -> str:
    return client.get(f"/admin/orders/order/{order.pk}/change/", headers={"X-Live": "1"}).content.decode()


@pytest.mark.django_db
def test_who_may_do_the_same_is_handed_the_same_drawing_and_everybody_their_own_words(shop):
    order = placed_order()
    maya, tom, ben = window("maya", *WORKS), window("tom", *WORKS), window("ben", *READS)
    assert fetched(maya, order) == fetched(tom, order)
    assert drawn == ["maya"]
    assert "do/hold/" in fetched(tom, order)
    assert "do/hold/" not in fetched(ben, order)
    assert drawn == ["maya", "ben"]

    # What the page says about its reader: who follows an order may stop to.
    services.follow_order(order.pk, user_id=User.objects.get(username="tom").pk)
    assert "do/unfollow/" in fetched(tom, order)
    assert "do/unfollow/" not in fetched(maya, order)

    # Nothing of anybody is handed on: no token of a form, no right to listen.
    text = fetched(maya, order)
    assert 'name="csrfmiddlewaretoken" value=""' in text
    assert "data-stream" not in text


@pytest.mark.django_db
def test_a_change_is_drawn_anew_and_language_and_zone_are_told_apart(shop):
    order = placed_order()
    maya, ada = window("maya", *WORKS), window("ada", *WORKS, language="de", time_zone="Asia/Tokyo")
    services.add_comment(order.pk, "Ring twice", actor=Actor("staff", "ben"))
    assert "Ring twice" in fetched(maya, order)
    services.add_comment(order.pk, "Ring thrice", actor=Actor("staff", "ben"))
    assert "Ring thrice" in fetched(maya, order)
    with translation.override("de"):
        assert str(Order._meta.get_field("channel").verbose_name).capitalize() in fetched(ada, order)
    assert drawn == ["maya", "maya", "ada"]


@pytest.mark.django_db
def test_who_may_not_see_the_order_is_handed_no_drawing_of_it(shop):
    order = placed_order()
    fetched(window("maya", *WORKS), order)
    limited = window("nils", *WORKS, limits={"channel": ["another"]})
    answer = limited.get(f"/admin/orders/order/{order.pk}/change/", headers={"X-Live": "1"})
    assert (answer.status_code, answer.content) == (302, b"")
    stranger = window("eve").get(f"/admin/orders/order/{order.pk}/change/", headers={"X-Live": "1"})
    assert stranger.status_code == 403
    assert drawn == ["maya"]


@pytest.mark.django_db
@pytest.mark.parametrize("asks", ["pk", "username", "groups", "email"])
def test_a_drawing_that_asks_who_reads_is_kept_for_nobody(asks):
    user = User.objects.create_user("maya", is_staff=True, is_superuser=True)
    request = RequestFactory().get("/", headers={"X-Live": "1"})
    request.user = user

    class Draft:
        def render(self) -> Any:
            # Powers are told apart beforehand; who somebody is, is not.
            assert request.user.has_perm("orders.view_order")
            self.content = str(getattr(request.user, asks)).encode()
            return self

    for _ in range(2):
        drawings.drawn_once(request, "core.user", user, Draft)  # type: ignore[arg-type]
    assert len(drawn) == 2
    assert request.user is user


@pytest.mark.django_db(transaction=True)
def test_fifty_fetches_at_once_are_one_drawing(monkeypatch):
    user = User.objects.create_user("maya", is_staff=True, is_superuser=True)
    begun, go_on = threading.Event(), threading.Event()
    many, answers = 6, []

    class Draft:
        content = b"the page"

        def render(self) -> Any:
            begun.set()
            assert go_on.wait(10)
            return self

    def fetch() -> None:
        request = RequestFactory().get("/", headers={"X-Live": "1"})
        request.user = User.objects.get(pk=user.pk)
        answers.append(drawings.drawn_once(request, "core.user", user, Draft).content)  # type: ignore[arg-type]
        connections.close_all()

    waiting = threading.Semaphore(0)
    take = drawings._turns.take

    @contextmanager
    def taken(key: str) -> Iterator[None]:
        waiting.release()
        with take(key):
            yield

    monkeypatch.setattr(drawings._turns, "take", taken)
    threads = [threading.Thread(target=fetch) for _ in range(many)]
    for one in threads:
        one.start()
    for _ in range(many):
        assert waiting.acquire(timeout=10)
    assert begun.wait(10)
    go_on.set()
    for one in threads:
        one.join(10)
    assert answers == [b"the page"] * many
    assert drawn == ["maya"]
    assert not drawings._turns.waiting
