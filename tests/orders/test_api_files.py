"""Files of an order over the API: taken only as what they are, seen by who sees the order, saved and never shown."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from core import uploads
from core.actors import Actor
from core.api.keys import create_api_key
from orders import services
from orders.models import Comment, Order, OrderFile
from tests.scenarios import placed_order

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 drawing"


@pytest.fixture
def order(shop: Any) -> Order:
    return placed_order()


def key_of(*scopes: str, channels: tuple[str, ...] = ()) -> APIClient:
    client = APIClient()
    _key, plain = create_api_key("files", scopes=list(scopes), channels=list(channels))
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    return client


def address(order: Order, file: object = "") -> str:
    return f"/api/v1/orders/{order.number}/files/" + (f"{file}/" if file else "")


def send(client: APIClient, order: Order, *files: tuple[str, bytes], key: str = "", **more: Any) -> Any:
    parts = [SimpleUploadedFile(name, content) for name, content in files]
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(address(order), {"file": parts, **more}, format="multipart", headers=headers)


def test_files_are_kept_listed_and_handed_out_to_be_saved(order, django_assert_num_queries):
    writes = key_of("orders:read", "orders:write")
    answer = send(writes, order, ("drawing.pdf", PDF), ("../note.txt", b"<script>"))
    assert answer.status_code == 201, answer.content
    drawing, note = answer.json()["results"]
    assert (drawing["name"], drawing["content_type"], drawing["size"]) == ("drawing.pdf", "application/pdf", len(PDF))
    assert (note["name"], note["public"], note["author"]) == ("note.txt", False, "api:files")

    for number in range(5):
        services.attach_files(order.pk, [uploads.made_of(f"{number}.txt", b"x")], actor=Actor("staff", "maya"))
    writes.get(address(order))
    with django_assert_num_queries(3):
        listed = writes.get(address(order)).json()["results"]
    assert [one["name"] for one in listed] == [*(f"{n}.txt" for n in range(4, -1, -1)), "note.txt", "drawing.pdf"]

    saved = writes.get(address(order, note["id"]), headers={"Accept": "text/html"})
    assert (saved.status_code, saved.content) == (200, b"<script>")
    assert saved["Content-Disposition"] == 'attachment; filename="note.txt"'
    assert saved["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in saved["Content-Security-Policy"]


def test_who_only_reads_sees_what_the_customer_sees_and_nobody_another_channel(order):
    writes, reads = key_of("orders:read", "orders:write"), key_of("orders:read")
    inner = send(writes, order, ("inner.txt", b"margin")).json()["results"][0]
    shown = send(writes, order, ("manual.pdf", PDF), text="Here it is", public="true").json()["results"][0]
    assert shown["public"] is True
    assert Comment.objects.get().public

    assert [one["name"] for one in reads.get(address(order)).json()["results"]] == ["manual.pdf"]
    assert reads.get(address(order, shown["id"])).content == PDF
    assert reads.get(address(order, inner["id"])).status_code == 404
    assert send(reads, order, ("a.txt", b"a")).status_code == 403

    other = placed_order()
    for client, where in (
        (writes, address(other, inner["id"])),
        (writes, address(order, 10**25)),
        (writes, address(order, "x")),
        (key_of("orders:read", "orders:write", channels=("wholesale",)), address(order)),
        (key_of("orders:read", "orders:write", channels=("wholesale",)), address(order, shown["id"])),
    ):
        answer = client.get(where)
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json"), where
    assert APIClient().get(address(order, shown["id"])).status_code == 401


@pytest.mark.parametrize(
    ("files", "more", "pointer"),
    [
        ([("page.html", b"<p>")], {}, "/file/0"),
        ([("a.txt", b"a"), ("picture.svg", b"<svg>")], {}, "/file/1"),
        ([("drawing.pdf", b"MZ")], {}, "/file/0"),
        ([("empty.txt", b"")], {}, "/file/0"),
        ([], {}, "/file"),
        ([("a.txt", b"a")], {"public": "true"}, "/text"),
        ([("a.txt", b"a")], {"text": "a\0b"}, "/text"),
        ([(f"{n}.txt", b"a") for n in range(11)], {}, "/file"),
    ],
)
def test_what_is_not_taken_is_refused_beside_it_and_nothing_is_kept(order, files, more, pointer):
    answer = send(key_of("orders:read", "orders:write"), order, *files, **more)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), answer.content
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert not OrderFile.objects.exists()
    assert not Comment.objects.exists()


def test_what_is_too_large_or_no_form_is_refused(order, monkeypatch):
    writes = key_of("orders:read", "orders:write")
    monkeypatch.setattr(uploads, "MOST_BYTES", 3)
    assert send(writes, order, ("a.txt", b"four")).json()["errors"][0]["code"] == "file_not_taken"
    huge = writes.generic("POST", address(order), b"--x--", "multipart/form-data; boundary=x", CONTENT_LENGTH=10**9)
    assert huge.status_code == 413
    assert writes.post(address(order), {"file": "x"}, format="json").status_code == 415
    assert writes.generic("POST", address(order), b"nothing", "multipart/form-data").status_code == 400
    assert not OrderFile.objects.exists()


def test_an_upload_sent_twice_is_kept_once_and_other_bytes_are_another_request(order):
    writes = key_of("orders:read", "orders:write")
    first = send(writes, order, ("a.txt", b"one"), key="up")
    again = send(writes, order, ("a.txt", b"one"), key="up")
    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
    assert again.content == first.content
    assert send(writes, order, ("a.txt", b"two"), key="up").status_code == 422
    assert OrderFile.objects.count() == 1
