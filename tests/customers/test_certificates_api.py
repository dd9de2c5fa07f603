"""Tax certificates over the API: as in the back office, by who may change customers, for those the key sees."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from core.actors import SYSTEM
from core.api.keys import create_api_key
from core.models import EventRecord
from customers import services as customers
from customers.models import Customer, TaxCertificate
from customers.services import CustomerInput
from tests.factories.billing import place

pytestmark = pytest.mark.django_db
WHY = "Embassy of Ruritania, art. 151 of Directive 2006/112/EC"
GIVEN = {"number": "4711", "country": "DE", "reason": WHY, "valid_from": "2026-01-01", "valid_until": "2099-12-31"}


@pytest.fixture
def rudolf(shop: Any) -> Customer:
    return customers.create_customer(CustomerInput(name="Rudolf", email="rudolf@embassy.example"), actor=SYSTEM)


def key_of(*scopes: str, channels: tuple[str, ...] = ()) -> APIClient:
    client = APIClient()
    _key, plain = create_api_key("embassies", scopes=list(scopes), channels=list(channels))
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    return client


def address(customer: Customer, rest: str = "") -> str:
    return f"/api/v1/customers/{customer.number}/certificates/{rest}"


def faults(answer: Any) -> list[str]:
    assert answer.status_code == 400, answer.content
    return [one["pointer"] for one in answer.json()["errors"]]


def test_one_is_written_down_with_its_file_and_makes_exempt_until_it_is_ended(rudolf, django_assert_num_queries):
    writes = key_of("customers:read", "customers:write")
    paper = SimpleUploadedFile("../4711.pdf", b"%PDF-1.7 stamped")
    made = writes.post(address(rudolf), {**GIVEN, "file": paper}, format="multipart")
    assert made.status_code == 201, made.content
    said = made.json()
    assert {name: said[name] for name in GIVEN} == GIVEN
    assert (said["file"], said["added_by"], said["ended_at"]) == ("4711.pdf", "api:embassies", None)
    told = EventRecord.objects.get(name="customers.certificate_added")
    assert (told.actor, told.payload["after"]["number"]) == ("api:embassies", "4711")
    wanted = {"customer_id": rudolf.pk, "customer_name": "", "email": ""}
    assert {line.tax_category for line in place(**wanted).lines.all()} == {"E"}

    saved = writes.get(address(rudolf, f"{said['id']}/file/"))
    assert (saved.content, saved["Content-Disposition"]) == (b"%PDF-1.7 stamped", 'attachment; filename="4711.pdf"')
    assert (
        writes.post(address(rudolf), GIVEN | {"number": "4712", "valid_until": None}, format="json").status_code == 201
    )
    with django_assert_num_queries(4):
        listed = writes.get(address(rudolf)).json()["results"]
    assert [(one["number"], one["file"]) for one in listed] == [("4712", None), ("4711", "4711.pdf")]

    for one in listed:
        ended = writes.post(address(rudolf, f"{one['id']}/end/"))
        assert (ended.status_code, ended.json()["ended_at"] is not None) == (200, True)
    again = writes.post(address(rudolf, f"{listed[0]['id']}/end/"))
    assert again.json()["ended_at"] is not None
    assert EventRecord.objects.filter(name="customers.certificate_ended").count() == 2
    assert {line.tax_category for line in place(**wanted).lines.all()} == {"S"}


def test_sent_twice_with_its_key_it_is_written_once(rudolf):
    writes = key_of("customers:read", "customers:write")
    answers = [
        writes.post(address(rudolf), GIVEN, format="json", headers={"Idempotency-Key": "one"}) for _ in range(2)
    ]
    assert [one.status_code for one in answers] == [201, 201]
    assert TaxCertificate.objects.count() == 1


def test_what_is_wrong_is_said_beside_its_field(rudolf):
    writes = key_of("customers:read", "customers:write")

    def send(**given: Any) -> Any:
        return writes.post(address(rudolf), {**GIVEN, **given}, format="json")

    assert faults(send(number=" ", country="XX")) == ["/number", "/country"]
    assert faults(send(region="FR-IDF")) == ["/region"]
    assert faults(send(valid_until="2020-01-01")) == ["/valid_until"]
    assert faults(send(valid_from="tomorrow")) == ["/valid_from"]
    assert faults(send(nonsense=1)) == ["/nonsense"]
    program = SimpleUploadedFile("4711.pdf", b"MZ")
    assert faults(writes.post(address(rudolf), {**GIVEN, "file": program}, format="multipart")) == ["/file"]
    assert faults(writes.post(address(rudolf), {**GIVEN, "file": "4711.pdf"}, format="json")) == ["/file"]
    assert not TaxCertificate.objects.exists()


def test_nobody_reaches_the_certificates_of_a_customer_they_do_not_see(rudolf):
    writes = key_of("customers:read", "customers:write")
    held = writes.post(address(rudolf), GIVEN, format="json").json()["id"]
    other = customers.create_customer(CustomerInput(name="Bob", email="bob@example.com"), actor=SYSTEM)
    for end in ("end", "file"):
        method = writes.post if end == "end" else writes.get
        assert method(address(other, f"{held}/{end}/")).status_code == 404
    assert writes.get(address(rudolf, f"{held}/file/")).status_code == 404

    elsewhere = key_of("customers:read", "customers:write", channels=("api",))
    assert elsewhere.get(address(rudolf)).status_code == 404
    assert elsewhere.post(address(rudolf), GIVEN, format="json").status_code == 404
    assert elsewhere.post(address(rudolf, f"{held}/end/")).status_code == 404
    reads = key_of("customers:read")
    assert reads.get(address(rudolf)).status_code == 200
    assert reads.post(address(rudolf), GIVEN, format="json").status_code == 403
    assert reads.post(address(rudolf, f"{held}/end/")).status_code == 403
    assert TaxCertificate.objects.get().ended_at is None
