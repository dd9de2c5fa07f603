"""The dossier: everything about an order in one ZIP that can be read back, for who may take it out of the house."""

import email
import hashlib
import json
from email import policy
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from core.actors import Actor
from core.files import keep_file
from core.models import Attachment, EventRecord, OutgoingMail
from desk.dossier import file_of
from orders import services
from orders.models import Order
from tests.desk.conftest import client_of, staff
from tests.factories.billing import make_seller
from tests.scenarios import confirmed_order, delivered_order, run_debts

pytestmark = pytest.mark.django_db


@pytest.fixture
def done(shop):
    """Return an order that arrived, with its invoice, mails, a comment and a file of somebody."""
    make_seller()
    order = delivered_order(customer_name="Ada Byron")
    services.add_comment(order.pk, "Box was <wet>", public=False, actor=Actor("staff", "maya"))
    for _twice in range(2):
        keep_file(name="box.png", content=b"\x89PNG", content_type="image/png", thread=order.history_thread())
    run_debts()
    return Order.objects.get(pk=order.pk)


def take(client, order):
    answer = client.post(f"/desk/orders/{order.number}/dossier/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/zip"
    return ZipFile(BytesIO(b"".join(answer.streaming_content)))


def test_all_about_an_order_is_read_back_from_one_file(done):
    boss = client_of(staff("boss", "view_order", "take_dossier"))

    dossier = take(boss, done)

    assert dossier.testzip() is None
    names = dossier.namelist()
    assert {"order.json", "history.json", "index.html", "manifest.json", "files/box.png", "files/2-box.png"} < set(
        names
    )
    invoice = done.invoices.get()
    (paper,) = [name for name in names if name.startswith("documents/")]
    assert paper == f"documents/{invoice.number}.pdf"
    assert invoice.number in PdfReader(BytesIO(dossier.read(paper))).pages[0].extract_text()
    mails = [email.message_from_bytes(dossier.read(name), policy=policy.default) for name in names if "mails/" in name]
    assert [mail["To"] for mail in mails] == [done.email] * len(mails)
    assert any(done.number in mail["Subject"] for mail in mails)

    data = json.loads(dossier.read("order.json"))
    assert (data["order"]["number"], data["order"]["total"]) == (done.number, str(done.total))
    assert [line["sku"] for line in data["lines"]] == ["MUG-RED", "TEA-1"]
    assert [one["text"] for one in data["comments"]] == ["Box was <wet>"]
    assert len(data["parcels"]) == 1
    assert "goods_key" not in data["order"]
    told = [one["name"] for one in json.loads(dossier.read("history.json"))]
    assert {"orders.order_placed", "billing.invoice_issued", "orders.dossier_taken"} <= set(told)
    page = dossier.read("index.html").decode()
    assert "Ada Byron" in page
    assert "Box was &lt;wet&gt;" in page

    listed = json.loads(dossier.read("manifest.json"))
    assert {one["name"] for one in listed["files"]} == set(names) - {"manifest.json"}
    assert all(hashlib.sha256(dossier.read(one["name"])).hexdigest() == one["sha256"] for one in listed["files"])
    assert listed["lost"] == []
    assert EventRecord.objects.get(name="orders.dossier_taken").actor == "staff:boss"


def test_what_is_about_another_order_stays_out(done):
    other = confirmed_order({"TEA-1": 3}, email="grace@example.com", customer_name="Grace Hopper")
    services.add_comment(other.pk, "Grace called", public=False, actor=Actor("staff", "maya"))
    keep_file(name="grace.png", content=b"grace", content_type="image/png", thread=other.history_thread())
    run_debts()
    boss = client_of(staff("boss", "view_order", "take_dossier"))

    dossier = take(boss, done)

    for name in dossier.namelist():
        content = dossier.read(name)
        assert not [word for word in (b"Grace", b"grace", other.number.encode()) if word in content], name


def test_it_asks_the_same_of_the_database_however_much_there_is(done):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            file_of(done).close()
        return len(queries)

    asked()
    before = asked()
    mail = OutgoingMail.objects.filter(attachments__isnull=False).first()
    for n in range(5):
        services.add_comment(done.pk, f"Word {n}", actor=Actor("staff", "maya"))
        paper = keep_file(name=f"{n}.png", content=b"%d" % n, content_type="image/png", thread=done.history_thread())
        twin = OutgoingMail.objects.create(
            **{name: getattr(mail, name) for name in ("kind", "thread", "to", "language", "subject", "text")},
            dedupe_key=f"twin {n}",
            message_id=f"<{n}@example.com>",
        )
        twin.attachments.set([paper])
    assert asked() == before


def test_a_lost_file_is_named_and_spoils_nothing(done):
    default_storage.delete(str(Attachment.objects.filter(name="box.png").first().file.name))
    boss = client_of(staff("boss", "view_order", "take_dossier"))

    listed = json.loads(take(boss, done).read("manifest.json"))

    assert listed["lost"] == ["files/box.png", "files/box.png"]


def test_who_may_not_take_it_gets_nothing_and_leaves_no_trace(done):
    maya = client_of(staff("maya", "view_order", "operate_order"))
    limited = staff("tom", "view_order", "take_dossier")
    limited.limits = {"channel": ["shop"]}
    limited.save(update_fields=["limits"])
    address = f"/desk/orders/{done.number}/dossier/"

    assert maya.post(address).status_code == 403
    assert client_of(limited).post(address).status_code == 404
    assert client_of(limited).get(address).status_code == 405
    assert b"Take the dossier" not in maya.get(f"/admin/orders/order/{done.pk}/change/").content
    assert not EventRecord.objects.filter(name="orders.dossier_taken").exists()
