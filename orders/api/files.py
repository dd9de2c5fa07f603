"""`/orders/{number}/files/`: what belongs to an order as a file, brought by a key or by people."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core import uploads
from core.admin.files import download
from core.api.auth import scopes_of
from core.api.fields import StrictSerializer, TextField
from core.api.filters import refuse_unknown
from core.api.idempotency import idempotent
from core.api.parsers import UploadParser
from core.api.pdf import ANYTHING
from core.errors import Invalid
from orders import services
from orders.errors import UnknownFile
from orders.models import OrderFile

from .views import OrderView

WRITES = "orders:write"
BEGINNING = 16
LARGEST = 2**63
KINDS = ", ".join(uploads.TYPES)


class FileSerializer(serializers.Serializer):
    """A file of an order."""

    id = serializers.CharField(source="pk")
    name = serializers.CharField(source="attachment.name")
    content_type = serializers.CharField(source="attachment.content_type")
    size = serializers.IntegerField(source="attachment.size", help_text="In bytes.")
    sha256 = serializers.CharField(source="attachment.sha256")
    public = serializers.BooleanField(source="is_shown", help_text="Whether the customer sees it.")
    author = serializers.CharField()
    created_at = serializers.DateTimeField(source="at")


class FilesSerializer(serializers.Serializer):
    """The files of an order, the newest first."""

    results = FileSerializer(many=True)


class UploadSerializer(StrictSerializer):
    """Files to keep, as parts of a form; with `text` they come with a comment, which may be for the customer."""

    file = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True, max_length=None),
        min_length=1,
        max_length=uploads.MOST_AT_ONCE,
        help_text=f"One or more, of these types: {KINDS}. At most 10 MB each, 25 MB together, 100 on an order.",
    )
    text = TextField(max_length=5_000, required=False)
    public = serializers.BooleanField(required=False, help_text="Whether the customer sees them; needs a `text`.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse to show files to the customer that come without a word."""
        if attrs.get("public") and not attrs.get("text"):
            raise serializers.ValidationError({"text": "What the customer is shown comes with a comment"})
        return attrs


class OrderFilesView(OrderView):
    """The files of an order: all of them, or those the customer sees where the key does not write orders."""

    parser_classes = (UploadParser,)

    def files(self, number: str) -> QuerySet[OrderFile]:
        """Return the files that the caller sees."""
        rows = OrderFile.objects.filter(order=self.order_id(number)).select_related("attachment", "comment")
        return rows if WRITES in scopes_of(self.request) else rows.filter(comment__public=True)

    @extend_schema(operation_id="orders_files_list", responses=FilesSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Return them, the newest first; there are at most a hundred."""
        refuse_unknown(request, ())
        return Response({"results": FileSerializer(self.files(number).order_by("-pk"), many=True).data})

    @extend_schema(request={"multipart/form-data": UploadSerializer}, responses={201: FilesSerializer})
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Keep files with the order; answers those that were kept."""
        order_id = self.order_id(number)
        said = self.said(UploadSerializer)
        given = [_taken(index, one) for index, one in enumerate(said["file"])]
        if sum(one.size for one in said["file"]) > uploads.MOST_IN_ALL:
            raise Invalid(
                "Together these files are too large", errors=[_fault("", "too_large", "At most 25 MB at once")]
            )
        if text := said.get("text"):
            shown = said.get("public", False)
            comment = services.add_comment(order_id, text, public=shown, files=given, actor=self.actor)
            kept = list(comment.files.select_related("attachment", "comment").order_by("pk"))
        else:
            kept = services.attach_files(order_id, given, actor=self.actor)
        return Response({"results": FileSerializer(kept, many=True).data}, status=status.HTTP_201_CREATED)


class OrderFileView(OrderFilesView):
    """One file of an order."""

    http_method_names = ["get", "head", "options"]  # noqa: RUF012 - as Django has it
    renderer_classes = ANYTHING

    @extend_schema(
        operation_id="orders_file_retrieve", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, number: str, file: str) -> HttpResponse:  # type: ignore[override]
        """Return its bytes, to be saved."""
        refuse_unknown(request, ())
        key = int(file) if file.isdecimal() and len(file) < len(str(LARGEST)) else 0
        if found := self.files(number).filter(pk=key).first():
            return download(found.attachment)
        raise UnknownFile("There is no such file")


def _taken(index: int, file: Any) -> uploads.NewFile:
    """Return a file that may be kept. Raises Invalid with the reason beside it."""
    beginning = file.read(BEGINNING)
    file.seek(0)
    if reason := uploads.why_not(file.name, file.size, beginning):
        raise Invalid(reason, errors=[_fault(f"/{index}", "file_not_taken", reason)])
    return uploads.made_of(file.name, file.read())


def _fault(pointer: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/file{pointer}", "code": code, "detail": detail}
