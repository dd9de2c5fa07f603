"""Colleagues are named in a remark, and told: at the bell, and by mail as each of them wishes."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from core import bell, mentions, retention
from core.actors import Actor
from core.models import Notice, OutgoingMail, User
from core.models.user import NoticesByMail
from orders import services
from tests.scenarios import placed_order

pytestmark = pytest.mark.django_db
MAYA = Actor("staff", "maya")


def colleague(name: str, *powers: str, **more: Any) -> User:
    user = User.objects.create_user(name, f"{name}@example.com", "x", first_name=name.title(), is_staff=True, **more)
    user.user_permissions.set(Permission.objects.filter(codename__in=powers or ("view_order", "operate_order")))
    return user


def test_who_is_named_is_told_once_and_nobody_else(shop):
    order = placed_order()
    tom, ada = colleague("tom"), colleague("ada")
    for name in ("maya", "lars"):
        colleague(name)
    colleague("pia", "view_product")
    colleague("nils", limits={"channel": ["wholesale"]})

    services.add_comment(order.pk, "@tom, @maya: ask @Ada. @tom @pia @nils tom@lars.de @ghost", actor=MAYA)

    assert list(Notice.objects.order_by("user__username").values_list("user", "kind", "about", "author")) == [
        (ada.pk, "mentioned", order.number, "staff:maya"),
        (tom.pk, "mentioned", order.number, "staff:maya"),
    ]


def test_only_who_may_see_the_order_is_offered_and_no_more_statements_for_more_people(shop, django_assert_num_queries):
    order = placed_order()
    for name in ("tom", "tina", "ada"):
        colleague(name)
    colleague("theo", "view_product")
    for name in ("till", "tilda"):
        colleague(name, limits={"channel": ["wholesale"]})
    colleague("tess", is_active=False)

    assert [one.username for one in mentions.colleagues_for(order, "T")] == ["tina", "tom"]
    with django_assert_num_queries(2):  # the people, and once whether those who are limited alike see it
        mentions.colleagues_for(order, "t")


def test_a_notice_is_mailed_unless_it_was_read_in_time_and_as_each_wishes(shop):
    order = placed_order()
    colleague("tom")
    colleague("ada", notices_by_mail=NoticesByMail.ALWAYS)
    colleague("ines", notices_by_mail=NoticesByMail.NEVER)
    lars = colleague("lars")
    gone = colleague("gone")
    services.add_comment(order.pk, "@tom @ada @ines @lars @gone look", actor=MAYA)

    assert bell.mail_notices() == 1
    bell.read_all(lars.pk, up_to=Notice.objects.latest("pk").pk)
    gone.user_permissions.clear()
    Notice.objects.filter(mail_due_at__isnull=False).update(mail_due_at=timezone.now() - timedelta(seconds=1))
    assert (bell.mail_notices(), bell.mail_notices()) == (2, 0)

    mails = OutgoingMail.objects.filter(kind="notices").order_by("pk")
    assert [mail.to for mail in mails] == ["ada@example.com", "tom@example.com"]
    assert mails[0].subject == f"Maya mentioned you: {order.number}"
    assert f"/admin/notices/{Notice.objects.get(user__username='ada').pk}/" in mails[0].text
    # Who reads sent mail is not always who may see the order.
    assert all(mail.confidential for mail in mails)


def test_the_bell_counts_without_a_cookie_and_a_notice_leads_to_its_order(shop, client, django_assert_num_queries):
    order, other = placed_order(), placed_order()
    tom, ada = colleague("tom"), colleague("ada")
    said = services.add_comment(order.pk, "@tom <b>now</b>", actor=MAYA)
    services.add_comment(other.pk, "@tom @ada", actor=MAYA)
    newest = Notice.objects.filter(user=tom).latest("pk").pk
    address = reverse("bell", args=[bell.token_for(tom.pk)])

    said_once = {"count": 2, "newest": newest, "mark": f"2-{newest}"}
    assert client.get(address).json() == said_once
    with django_assert_num_queries(1):
        assert client.get(address, {"after": f"2-{newest}"}).status_code == 204
    User.objects.filter(pk=tom.pk).update(limits={"channel": ["another"]})
    assert client.get(address).json() == {"count": 0, "newest": 0, "mark": f"2-{newest}"}
    User.objects.filter(pk=tom.pk).update(limits={})
    assert client.get(reverse("bell", args=["forged"])).status_code == 404

    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("admin:notices")).content.decode()
    assert "&lt;b&gt;now" in page
    assert page.count('class="unread"') == 2
    first = Notice.objects.filter(user=tom).earliest("pk")
    answer = client.get(reverse("admin:notice", args=[first.pk]))
    assert answer.headers["Location"] == f"/admin/orders/order/{order.pk}/change/#comment-{said.pk}"
    assert f'id="comment-{said.pk}"' in client.get(answer.headers["Location"]).content.decode()
    assert client.get(address).json() == {"count": 1, "newest": newest, "mark": f"1-{newest}"}
    assert client.get(reverse("admin:notice", args=[Notice.objects.get(user=ada).pk])).status_code == 404
    client.post(reverse("admin:notices"), {"unread": first.pk})
    client.post(reverse("admin:notices"), {"unread": Notice.objects.get(user=ada).pk})
    assert client.get(address).json() == {"count": 2, "newest": newest, "mark": f"2-{newest}"}
    client.post(reverse("admin:notices"), {"read": first.pk})
    client.post(reverse("admin:notices"), {"read_all": first.pk})
    assert client.get(address).json() == {"count": 1, "newest": newest, "mark": f"1-{newest}"}
    waiting = client.get(reverse("admin:notices"), {"unread": 1, "before": "x" * 30}).content.decode()
    assert (other.number in waiting, order.number in waiting) == (True, False)
    client.post(reverse("admin:notices"), {"read_all": newest})
    assert client.get(address).json() == {"count": 0, "newest": 0, "mark": "0-0"}
    client.post(reverse("admin:notices"), {"by_mail": "never"})
    client.post(reverse("admin:notices"), {"by_mail": "nonsense"})
    assert User.objects.get(pk=tom.pk).notices_by_mail == NoticesByMail.NEVER

    tom.user_permissions.clear()
    assert order.number not in client.get(reverse("admin:notices")).content.decode()


def test_names_are_offered_only_to_who_may_remark(shop, client):
    order = placed_order()
    tom, reader = colleague("tom"), colleague("reader", "view_order")
    colleague("tony")
    address = reverse("admin:orders_order_colleagues", args=[order.pk])
    backend = "django.contrib.auth.backends.ModelBackend"

    client.force_login(tom, backend=backend)
    assert client.get(f"{address}?q=to").json() == {"people": [{"username": "tony", "name": "Tony"}]}
    assert client.get(f"{address}?q=%00%27").json() == {"people": []}
    client.force_login(reader, backend=backend)
    assert client.get(address).status_code == 403


def test_what_happened_long_ago_is_opened_as_the_history_stood_then(shop, client):
    order = placed_order()
    tom = colleague("tom")
    said = services.add_comment(order.pk, "@tom first", actor=MAYA, at=timezone.now() - timedelta(hours=1))
    for number in range(30):
        services.tag_order(order.pk, add=[f"tag {number}"], actor=MAYA)
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")

    place = client.get(reverse("admin:notice", args=[Notice.objects.get().pk])).headers["Location"]

    assert f'id="comment-{said.pk}"' not in client.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert place.endswith(f"#comment-{said.pk}")
    assert f'id="comment-{said.pk}"' in client.get(place).content.decode()


def test_a_page_of_notices_asks_the_same_for_many_as_for_few(shop, client, django_assert_max_num_queries):
    order = placed_order()
    tom = colleague("tom")
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")
    for number in range(55):
        bell.tell([tom], kind="mentioned", record=order, author="staff:maya", text=f"number {number}.")

    with django_assert_max_num_queries(14):
        page = client.get(reverse("admin:notices")).content.decode()
    assert ("number 54." in page, "number 4." in page) == (True, False)
    older = page.split('class="told-more"')[1].split('href="')[1].split('"')[0]
    assert "number 4." in client.get(reverse("admin:notices") + older).content.decode()


def test_notices_go_with_the_people_that_an_order_forgets(shop):
    order, other = placed_order(), placed_order()
    colleague("tom")
    for one in (order, other):
        services.add_comment(one.pk, "@tom call them", actor=MAYA)

    retention.forget_history([order.history_thread()])

    assert list(Notice.objects.values_list("thread", flat=True)) == [other.history_thread()]
