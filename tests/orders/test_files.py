"""Files that people put to an order: taken only as what they are, only handed out to be saved."""

from typing import Any
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import Permission
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core import outbox
from core.actors import Actor
from core.links import make_link
from core.models import Attachment, EventRecord, OutgoingMail, User
from core.uploads import MOST_BYTES, NewFile, made_of, why_not
from desk.dossier import file_of
from orders import services
from orders.errors import InvalidOrder, UnknownFile
from orders.models import Comment, Order, OrderFile
from tests.scenarios import placed_order

pytestmark = pytest.mark.django_db
MAYA = Actor("staff", "maya")
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
BACKEND = "django.contrib.auth.backends.ModelBackend"


def person(name: str, *powers: str, **more: Any) -> User:
    user = User.objects.create_user(name, f"{name}@example.com", "x", is_staff=True, **more)
    user.user_permissions.set(Permission.objects.filter(codename__in=powers or ("view_order", "operate_order")))
    return user


def address(order: Order, kind: str = "file", file: OrderFile | None = None) -> str:
    found = file or OrderFile.objects.filter(order=order).latest("pk")
    return reverse(f"admin:orders_order_{kind}", args=[order.pk, found.pk])


def say(client: Any, order: Order, text: str, *files: SimpleUploadedFile, **more: Any) -> Any:
    return client.post(f"/admin/orders/order/{order.pk}/do/comment/", {"text": text, "files": list(files), **more})


def test_files_come_with_a_comment_and_are_only_handed_out_to_be_saved(shop, client):
    order = placed_order()
    client.force_login(person("maya"), backend=BACKEND)

    answer = say(
        client,
        order,
        "The box",
        SimpleUploadedFile("box.png", PNG, "text/html"),
        SimpleUploadedFile("a.txt", b"<script>"),
    )

    assert answer.status_code == 302
    comment = Comment.objects.get()
    assert [(str(one), one.author, one.attachment.content_type) for one in comment.files.order_by("pk")] == [
        ("box.png", "staff:maya", "image/png"),
        ("a.txt", "staff:maya", "text/plain"),
    ]
    assert "box" not in comment.files.first().attachment.file.name
    page = client.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    picture, text = comment.files.order_by("pk")
    assert page.count(f'href="{address(order, file=picture)}"') == 2  # beside the comment, and among the files
    assert f'src="{address(order, "picture", picture)}"' in page
    for file in (picture, text):
        saved = client.get(address(order, file=file))
        assert saved.content == {"box.png": PNG, "a.txt": b"<script>"}[str(file)]
        assert saved.headers["Content-Disposition"] == f'attachment; filename="{file}"'
        assert saved.headers["X-Content-Type-Options"] == "nosniff"
        assert saved.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    services.attach_files(order.pk, [made_of('../写真 "Ü".png', PNG)], actor=MAYA)
    named = client.get(address(order)).headers["Content-Disposition"]
    assert named == "attachment; filename*=utf-8''%E5%86%99%E7%9C%9F__%C3%9C_.png"
    shown = client.get(address(order, "picture", picture))
    assert shown.headers["Content-Disposition"] == 'inline; filename="box.png"'
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert client.get(address(order, "picture", text)).status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("run.html", b"<script>", "“run.html” is of a type that is not taken."),
        ("draw.svg", b"<svg/>", "“draw.svg” is of a type that is not taken."),
        ("none", b"x", "“none” is of a type that is not taken."),
        ("page.png", b"<html>", "“page.png” is not what its name says."),
        ("void.txt", b"", "“void.txt” is empty."),
    ],
)
def test_what_is_not_taken_is_said_beside_the_field_and_nothing_typed_is_lost(shop, client, name, content, said):
    order = placed_order()
    client.force_login(person("maya"), backend=BACKEND)

    answer = say(
        client, order, "Look at this", SimpleUploadedFile("ok.txt", b"fine"), SimpleUploadedFile(name, content)
    )

    assert answer.status_code == 200
    assert answer.context["form"].errors == {"files": [said]}
    assert "Look at this" in answer.content.decode()
    assert (Comment.objects.count(), Attachment.objects.filter(thread=order.history_thread()).count()) == (0, 0)


def test_limits_of_size_and_number_hold(shop, client):
    order = placed_order()
    client.force_login(person("maya"), backend=BACKEND)

    assert why_not("a.txt", MOST_BYTES, b"x") == ""
    assert why_not("a.txt", MOST_BYTES + 1, b"x").startswith("“a.txt” is larger than 10.0")
    many = [SimpleUploadedFile(f"{n}.txt", b"x") for n in range(11)]
    assert say(client, order, "x", *many).context["form"].errors == {"files": ["At most 10 files at once."]}
    assert say(client, order, " ").context["form"].errors == {"text": ["Write something, or add a file."]}
    services.attach_files(order.pk, [NewFile("a.txt", b"x", "text/plain")] * services.MOST_FILES, actor=MAYA)
    assert "An order has at most 100 files" in str(
        say(client, order, "x", SimpleUploadedFile("a.txt", b"x")).context["form"].errors
    )
    with pytest.raises(InvalidOrder):
        services.attach_files(order.pk, [made_of("a.txt", b"x")], actor=MAYA)
    assert OrderFile.objects.count() == services.MOST_FILES


def test_a_file_is_there_only_for_who_sees_its_order_and_goes_only_by_who_works_on_it(shop, client):
    order, other = placed_order(), placed_order()
    services.attach_files(order.pk, [made_of("a.pdf", b"%PDF-1.7")], actor=MAYA)
    file = OrderFile.objects.get()
    who = {
        "reader": person("reader", "view_order"),
        "limited": person("limited", limits={"channel": ["wholesale"]}),
        "packer": person("packer", "view_product"),
    }

    def opens(name: str, kind: str = "file") -> int:
        client.force_login(who[name], backend=BACKEND)
        return client.get(address(order, kind)).status_code

    assert {name: opens(name) for name in who} == {"reader": 200, "limited": 404, "packer": 404}
    assert opens("reader", "remove_file") == 403
    client.force_login(who["reader"], backend=BACKEND)
    assert client.post(address(order, "remove_file")).status_code == 403
    assert address(order, "remove_file") not in client.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert client.get(f"/admin/orders/order/{order.pk}/do/attach/").status_code == 403
    assert client.get(reverse("admin:orders_order_file", args=[other.pk, file.pk])).status_code == 404
    client.logout()
    assert client.get(address(order)).status_code == 302


def test_what_is_taken_off_is_gone_and_the_history_keeps_its_name(shop, client, django_capture_on_commit_callbacks):
    order = placed_order()
    services.attach_files(order.pk, [made_of("secret.txt", b"only here")], actor=MAYA)
    file = OrderFile.objects.get()
    place, where = file.attachment.file.name, address(order, "remove_file")
    client.force_login(person("tom"), backend=BACKEND)

    assert "is deleted for good" in client.get(where).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(where).status_code == 302

    assert not OrderFile.objects.exists()
    assert not default_storage.exists(place)
    record = EventRecord.objects.get(name="orders.file_removed")
    assert (record.actor, record.payload) == (
        "staff:tom",
        {"before": {"files": "secret.txt"}, "after": {"files": ""}},
    )
    assert client.post(where).status_code == 404
    with pytest.raises(UnknownFile):
        services.remove_file(file.pk, actor=MAYA)


def test_the_customer_gets_the_files_of_messages_to_them_and_no_others(shop, client):
    order = placed_order()
    services.add_comment(order.pk, "Ours", files=[made_of("ours.txt", b"x")], actor=MAYA)
    services.attach_files(order.pk, [made_of("plan.txt", b"y")], actor=MAYA)
    services.add_comment(order.pk, "", public=True, files=[made_of("theirs.txt", b"z")], actor=MAYA)
    outbox.drain()
    files = {str(one): one.pk for one in OrderFile.objects.all()}

    def get(name: str) -> Any:
        return client.get(reverse("portal:file", args=[order.number, files[name]]))

    assert get("theirs.txt").status_code == 404
    page = client.get(f"/track/{make_link('order', order.history_thread())}/", follow=True).content.decode()
    assert ("theirs.txt" in page, "ours.txt" in page, "plan.txt" in page) == (True, False, False)
    assert {name: get(name).status_code for name in files} == {"ours.txt": 404, "plan.txt": 404, "theirs.txt": 200}
    assert get("theirs.txt").headers["Content-Disposition"] == 'attachment; filename="theirs.txt"'
    mail = OutgoingMail.objects.get(kind="order_comment")
    assert "With it, on the page of your order: theirs.txt" in mail.text
    assert client.get(f"/orders/{order.number}/files/{'9' * 30}/").status_code == 404


def test_files_are_in_the_dossier_and_go_with_the_people_an_order_forgets(shop):
    order, other = placed_order(), placed_order()
    services.add_comment(order.pk, "x", files=[made_of("a.txt", b"of both")], actor=MAYA)
    services.attach_files(other.pk, [made_of("b.txt", b"of both")], actor=MAYA)

    with file_of(order) as made:
        dossier = ZipFile(made)
        assert dossier.read("files/a.txt") == b"of both"
    services.erase_people([order.pk])

    assert [str(one) for one in OrderFile.objects.all()] == ["b.txt"]
    assert not Attachment.objects.filter(thread=order.history_thread()).exists()
    # The bytes are the other's, too.
    assert default_storage.exists(OrderFile.objects.get().attachment.file.name)


def test_the_page_asks_once_for_all_files(shop, client, django_assert_max_num_queries):
    order = placed_order()
    client.force_login(person("maya"), backend=BACKEND)
    page = f"/admin/orders/order/{order.pk}/change/"

    def asked() -> int:
        with django_assert_max_num_queries(100) as found:
            client.get(page)
        return len(found)

    few = asked()
    for n in range(5):
        services.add_comment(order.pk, "x", files=[made_of(f"{n}.txt", b"x")] * 3, actor=MAYA)
    assert asked() == few
