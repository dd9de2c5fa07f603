"""Integrations answer a dispute: what they say arrives once, and what no bank reads is refused beside its field."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from billing.gateways import Answer, Outcome
from billing.models import Dispute, DisputeFile
from billing.services.evidence import settle_evidence
from core.api.keys import create_api_key
from core.models import Attachment
from orders.models import OrderFile
from tests.billing.disputing import paid_by_card, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
PDF = b"%PDF-1.7 signed by the customer \xff\xfe\r\n--"
READS, MOVES = "payments:read", "payments:write"


@pytest.fixture
def disputed(stripe: Any, run_debts: Any) -> Dispute:
    """A dispute over 22.06 EUR of an order that is completed and invoiced."""
    paid_by_card(stripe, run_debts)
    stripe.dispute("pi_1", reason="product_not_received")
    write(stripe, run_debts)
    return Dispute.objects.get()


def key_of(*scopes: str, channels: tuple[str, ...] = ()) -> APIClient:
    client = APIClient()
    _key, plain = create_api_key("bank", scopes=list(scopes), channels=list(channels))
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    return client


def address(dispute: Dispute, file: object = "") -> str:
    return f"/api/v1/disputes/{dispute.code}/evidence/" + (f"{file}/" if file else "")


def slip(content: bytes = PDF, name: str = "slip.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def say(client: APIClient, dispute: Dispute, *, key: str = "one", kind: str = "multipart", **given: Any) -> Any:
    return client.post(address(dispute), given, format=kind, headers={"Idempotency-Key": key} if key else {})


def problem(response: Any) -> tuple[int, str, list[str]]:
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    return response.status_code, body["code"], [one["pointer"] for one in body.get("errors", [])]


def test_an_answer_with_a_document_of_the_order_and_a_new_one_reaches_the_bank_once(disputed, stripe, run_debts):
    client = key_of(READS, MOVES)
    before = client.get(address(disputed)).json()
    assert (before["state"], before["takes_evidence"], before["text"], before["files"]) == ("none", True, "", [])
    assert [one["content_type"] for one in before["documents"]] == ["application/pdf"]
    given = {"text": "It arrived.", "invoice": before["documents"][0]["id"]}

    first = say(client, disputed, **given, delivery_file=slip())
    assert first.status_code == 201, first.content
    again = say(client, disputed, **given, delivery_file=slip())
    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
    assert again.json() == first.json()
    told = first.json()
    assert (told["state"], told["text"], told["given_by"]) == ("on_its_way", "It arrived.", "api:bank")
    assert [(one["kind"], one["name"]) for one in told["files"]] == [
        ("invoice", before["documents"][0]["name"]), ("delivery", "slip.pdf"),
    ]  # fmt: skip

    run_debts()
    there = stripe.disputes["dp_1"]
    assert (there["status"], there["evidence_details"]["submission_count"], len(stripe.files)) == (
        "under_review",
        1,
        2,
    )
    assert there["evidence"]["uncategorized_text"] == "It arrived."
    after = client.get(address(disputed)).json()
    assert (after["state"], after["takes_evidence"]) == ("with_bank", False)
    # A new document is kept with the order, too.
    assert OrderFile.objects.get().attachment.name == "slip.pdf"
    final = say(client, disputed, key="two", text="And more.")
    assert problem(final) == (409, "evidence_not_taken", [])
    assert (DisputeFile.objects.count(), Dispute.objects.get().evidence_text) == (2, "It arrived.")


def test_words_alone_may_be_json_and_a_refused_answer_is_given_anew(disputed, stripe, run_debts):
    client = key_of(READS, MOVES)
    assert say(client, disputed, kind="json", text="It arrived.").json()["files"] == []
    settle_evidence(disputed.pk, number=1, answer=Answer(outcome=Outcome.REFUSED, reason="Too long"))
    refused = client.get(address(disputed)).json()
    assert (refused["state"], refused["failure"], refused["takes_evidence"]) == ("refused", "Too long", True)

    assert say(client, disputed, key="two", kind="json", text="Yes.").status_code == 201
    run_debts()
    assert stripe.disputes["dp_1"]["evidence"]["uncategorized_text"] == "Yes."


def test_what_was_given_is_handed_out_to_be_saved(disputed):
    client = key_of(READS, MOVES)
    kept = say(client, disputed, text="It arrived.", other_file=slip()).json()["files"][0]

    saved = key_of(READS).get(address(disputed, kept["id"]), headers={"Accept": "text/html"})
    assert (saved.status_code, saved.content) == (200, PDF)
    assert saved["Content-Disposition"] == 'attachment; filename="slip.pdf"'
    assert [client.get(address(disputed, one)).status_code for one in (10**25, "x", int(kept["id"]) + 1)] == [404] * 3


@pytest.mark.parametrize(
    ("given", "pointers"),
    [
        ({}, ["/text"]),
        ({"text": ""}, ["/text"]),
        ({"text": "x" * 5001}, ["/text"]),
        ({"text": "x", "why": "y"}, ["/why"]),
        ({"text": "x", "invoice": "0"}, ["/invoice"]),
        ({"text": "x", "invoice": "²"}, ["/invoice"]),
        ({"text": "x", "delivery": "9" * 20}, ["/delivery"]),
        ({"text": "x", "other": "1", "other_file": slip()}, ["/other_file"]),
        ({"text": "x", "other_file": slip(b"")}, ["/other_file"]),
        ({"text": "x", "other_file": slip(b"MZ", "a.exe")}, ["/other_file"]),
        ({"text": "x", "letters_file": slip(b"hello", "a.txt")}, ["/letters_file"]),
        ({"text": "x", "letters_file": "no file"}, ["/letters_file"]),
        ({"text": "x", "delivery_file": slip(PDF + b"x" * 4_500_000)}, ["/delivery_file"]),
    ],
)
def test_what_no_bank_reads_is_refused_beside_its_field_and_nothing_is_kept(disputed, given, pointers):
    kept = Attachment.objects.count()
    status, _code, named = problem(say(key_of(MOVES), disputed, **given))

    assert (status, named) == (400, pointers)
    assert (DisputeFile.objects.count(), OrderFile.objects.count(), Attachment.objects.count()) == (0, 0, kept)
    assert Dispute.objects.get().evidence_given_at is None


def test_who_may_not_answer_reads_alone_and_another_channel_sees_nothing(disputed):
    reads = key_of(READS)
    assert reads.get(address(disputed)).json()["documents"] == []
    assert problem(say(reads, disputed, text="x"))[0] == 403
    assert problem(say(key_of(MOVES), disputed, key="", text="x")) == (400, "idempotency_key_required", [])
    elsewhere = key_of(READS, MOVES, channels=("wholesale",))
    assert elsewhere.get(address(disputed)).status_code == 404
    assert problem(say(elsewhere, disputed, text="x"))[0] == 404
    assert APIClient().get(address(disputed)).status_code == 401
    assert reads.get(f"{address(disputed)}?page=2").status_code == 400
    assert Dispute.objects.get().evidence_given_at is None


def test_what_is_read_costs_the_same_however_much_is_there(disputed, django_assert_num_queries):
    client = key_of(READS, MOVES)
    say(client, disputed, text="x", **{f"{kind}_file": slip() for kind in ("invoice", "delivery", "letters", "other")})
    client.get(address(disputed))

    with django_assert_num_queries(7):
        assert len(client.get(address(disputed)).json()["documents"]) == 5
