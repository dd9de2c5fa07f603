"""`/disputes/{id}/evidence/`: what is said to a customer's bank, as on the page of the dispute: once, and final."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from billing import selectors, services
from billing.errors import InvalidEvidence, UnknownPayment
from billing.models import Dispute, DisputeFile
from core import uploads
from core.admin.files import download
from core.api.auth import scopes_of
from core.api.fields import MomentField, StrictSerializer, TextField
from core.api.filters import refuse_unknown
from core.api.idempotency import idempotent
from core.api.parsers import StrictJSONParser, UploadParser
from core.api.pdf import ANYTHING
from core.models import Attachment

from .money import MoneyView
from .views import MOVE_MONEY, read

Kind = DisputeFile.Kind
STATES = ("none", "on_its_way", "with_bank", "refused")
BEGINNING = 16
LARGEST = 2**63


class DocumentSerializer(serializers.Serializer):
    """A document of the order that a bank could read."""

    id = serializers.CharField(source="pk", help_text="To name it when the dispute is answered.")
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField(help_text="In bytes.")


class EvidenceFileSerializer(serializers.Serializer):
    """A document that was given to the bank, kept as it was given."""

    id = serializers.CharField(source="pk")
    kind = serializers.ChoiceField(choices=Kind.values)
    name = serializers.CharField(source="attachment.name")
    content_type = serializers.CharField(source="attachment.content_type")
    size = serializers.IntegerField(source="attachment.size", help_text="In bytes.")
    sha256 = serializers.CharField(source="attachment.sha256")


class EvidenceSerializer(serializers.Serializer):
    """The last answer to a bank, and how it stands; `documents` is what of the order may be given."""

    dispute = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    takes_evidence = serializers.BooleanField(help_text="Whether the dispute may be answered now.")
    due_at = MomentField(allow_null=True)
    text = serializers.CharField()
    given_at = MomentField(allow_null=True)
    given_by = serializers.CharField()
    failure = serializers.CharField(help_text="Why the provider did not take it; then it may be answered anew.")
    files = EvidenceFileSerializer(many=True)
    documents = DocumentSerializer(many=True, help_text="Empty for keys that may not answer.")


class EvidenceInputSerializer(StrictSerializer):
    """What is said, with at most one document of each kind: one of the order by its `id`, or a new one as a file.

    Files come as parts of a form; without any it may be JSON. Banks read PDF, PNG and JPEG, 4.5 MB in all.
    """

    text = TextField(max_length=5000, help_text="Why the money is yours.")
    invoice = TextField(max_length=20, required=False)
    delivery = TextField(max_length=20, required=False)
    letters = TextField(max_length=20, required=False)
    other = TextField(max_length=20, required=False)
    invoice_file = serializers.FileField(allow_empty_file=True, max_length=None, required=False)
    delivery_file = serializers.FileField(allow_empty_file=True, max_length=None, required=False)
    letters_file = serializers.FileField(allow_empty_file=True, max_length=None, required=False)
    other_file = serializers.FileField(allow_empty_file=True, max_length=None, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse two documents where the bank takes one."""
        twice = [kind for kind in Kind.values if kind in attrs and f"{kind}_file" in attrs]
        if twice:
            text = "The bank takes one document of each kind"
            raise serializers.ValidationError({f"{kind}_file": text for kind in twice})
        return attrs


class EvidenceView(MoneyView):
    """What is said to the bank about a dispute."""

    parser_classes = (StrictJSONParser, UploadParser)

    def dispute(self, code: str) -> Dispute:
        """Return a dispute. Raises UnknownPayment for foreign ones too."""
        if found := selectors.disputes(self.channels).filter(code=code).first():
            return found
        raise UnknownPayment("There is no such dispute")

    def answered(self, dispute: Dispute, *, code: int = status.HTTP_200_OK) -> Response:
        """Answer the last answer to the bank as it stands."""
        files = DisputeFile.objects.filter(dispute=dispute, number=dispute.evidence_number)
        # What is kept with an order is for those who may answer, as on the page that asks for it.
        may_answer = MOVE_MONEY in scopes_of(self.request)
        documents: list[Attachment] = services.evidence_at_hand(dispute) if may_answer else []
        shown = {
            "dispute": dispute.code,
            "state": _state_of(dispute),
            "takes_evidence": dispute.takes_evidence,
            "due_at": dispute.evidence_due_at,
            "text": dispute.evidence_text,
            "given_at": dispute.evidence_given_at,
            "given_by": dispute.evidence_given_by,
            "failure": dispute.evidence_failure,
            "files": list(files.select_related("attachment").order_by("pk")),
            "documents": documents,
        }
        return Response(EvidenceSerializer(shown).data, status=code)

    @extend_schema(operation_id="disputes_evidence_retrieve", responses=EvidenceSerializer)
    def get(self, request: Request, code: str) -> Response:
        """Return what was said last, how it stands, and what may be given with an answer."""
        refuse_unknown(request, ())
        return self.answered(self.dispute(code))

    @extend_schema(
        operation_id="disputes_evidence_create",
        request={"multipart/form-data": EvidenceInputSerializer, "application/json": EvidenceInputSerializer},
        responses={201: EvidenceSerializer},
    )
    @idempotent(required=True)
    def post(self, request: Request, code: str) -> Response:
        """Answer the bank. It is final: the provider is told once, however often an answer of his is lost."""
        dispute = self.dispute(code)
        given = read(EvidenceInputSerializer, request)
        pieces = [piece for kind in Kind.values if (piece := _piece(kind, given)) is not None]
        answered = services.give_evidence(dispute.pk, text=given["text"], pieces=pieces, actor=self.actor)
        return self.answered(answered, code=status.HTTP_201_CREATED)


class EvidenceFileView(EvidenceView):
    """One document that was given to the bank."""

    http_method_names = ["get", "head", "options"]  # noqa: RUF012 - as Django has it
    renderer_classes = ANYTHING

    @extend_schema(
        operation_id="disputes_evidence_file_retrieve",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, code: str, file: str) -> HttpResponse:  # type: ignore[override]
        """Return its bytes, to be saved."""
        refuse_unknown(request, ())
        key = int(file) if file.isdecimal() and len(file) < len(str(LARGEST)) else 0
        files = DisputeFile.objects.filter(dispute=self.dispute(code)).select_related("attachment")
        if found := files.filter(pk=key).first():
            return download(found.attachment)
        raise UnknownPayment("There is no such file")


def _state_of(dispute: Dispute) -> str:
    if dispute.evidence_sent:
        return "with_bank"
    if dispute.is_on_its_way:
        return "on_its_way"
    return "refused" if dispute.evidence_failure else "none"


def _piece(kind: str, given: dict[str, Any]) -> services.Piece | None:
    """Return the document of a kind, if one is given. Raises InvalidEvidence for what cannot be kept."""
    if (file := given.get(f"{kind}_file")) is not None:
        return services.Piece(kind, file=_taken(kind, file))
    if (chosen := given.get(kind)) is None:
        return None
    known = chosen.isascii() and chosen.isdecimal() and len(chosen) < len(str(LARGEST))
    return services.Piece(kind, attachment=int(chosen) if known else 0)


def _taken(kind: str, file: Any) -> uploads.NewFile:
    beginning = file.read(BEGINNING)
    file.seek(0)
    reason = uploads.why_not(file.name, file.size, beginning)
    if not reason and file.size > services.MOST_EVIDENCE:
        reason = "Together the documents may have at most 4.5 MB"
    if reason:
        fault = {"pointer": f"/{kind}_file", "code": "file_not_taken", "detail": reason}
        raise InvalidEvidence(reason, errors=[fault])
    return uploads.made_of(file.name, file.read())
