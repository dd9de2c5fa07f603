"""`/customers/{number}/certificates/`: what makes a customer exempt from tax, with its file."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core import uploads
from core.admin.files import download
from core.api.fields import CountryField, MomentField, StrictSerializer, TextField
from core.api.filters import refuse_unknown
from core.api.idempotency import idempotent
from core.api.parsers import StrictJSONParser, UploadParser
from core.api.pdf import ANYTHING
from core.errors import Invalid
from customers import services as customers
from customers.errors import UnknownCertificate
from customers.models import TaxCertificate

from .views import CustomersApi, read

BEGINNING = 16


class CertificateSerializer(serializers.Serializer):
    """A tax certificate of a customer."""

    id = serializers.CharField(source="pk")
    number = serializers.CharField()
    country = serializers.CharField()
    region = serializers.CharField(help_text="ISO 3166-2; empty: the whole country.")
    reason = serializers.CharField(help_text="As it is printed.")
    valid_from = serializers.DateField()
    valid_until = serializers.DateField(allow_null=True, help_text="The last day; null: without an end.")
    ended_at = MomentField(allow_null=True, help_text="Since when it counts no more, whatever it says itself.")
    file = serializers.CharField(source="file.name", default=None, allow_null=True, help_text="Its name.")
    added_by = serializers.CharField()
    added_at = MomentField()


class CertificatesSerializer(serializers.Serializer):
    """The certificates of a customer, the newest first."""

    results = CertificateSerializer(many=True)


class NewCertificateSerializer(StrictSerializer):
    """A certificate as authorities gave it; as parts of a form it may bring its file."""

    number = TextField(max_length=60)
    country = CountryField()
    region = TextField(max_length=6, allow_blank=True, required=False, help_text="ISO 3166-2, as US-CA.")
    reason = TextField(max_length=200, help_text="As it is printed on invoices, e.g. with the article of the law.")
    valid_from = serializers.DateField()
    valid_until = serializers.DateField(required=False, allow_null=True, help_text="The last day.")
    file = serializers.FileField(
        required=False,
        allow_empty_file=True,
        max_length=None,
        help_text=f"One of these types: {', '.join(uploads.TYPES)}. At most 10 MB.",
    )


class CertificatesView(CustomersApi):
    """The tax certificates of a customer: orders from now on bear no tax where and while one is valid."""

    parser_classes = (StrictJSONParser, UploadParser)

    @extend_schema(operation_id="customers_certificates_list", responses=CertificatesSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Return them, the newest first, those that were ended too; there are never many."""
        refuse_unknown(request, ())
        rows = TaxCertificate.objects.filter(customer=self.one(number)).select_related("file").order_by("-pk")
        return Response({"results": CertificateSerializer(rows, many=True).data})

    @extend_schema(
        request={"application/json": NewCertificateSerializer, "multipart/form-data": NewCertificateSerializer},
        responses={201: CertificateSerializer},
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Write a certificate down, with its file where there is one. Orders that are placed stay as they are."""
        given = read(NewCertificateSerializer, request)
        file = _taken(given.pop("file", None))
        wanted = customers.CertificateInput(**given)
        made = customers.add_certificate(self.one(number).pk, wanted, file=file, actor=self.actor)
        return Response(CertificateSerializer(made).data, status=status.HTTP_201_CREATED)


class CertificateView(CustomersApi):
    """One tax certificate of a customer."""

    def certificate(self, number: str, certificate: int) -> TaxCertificate:
        """Return it. Raises UnknownCertificate, also for one of another customer."""
        rows = TaxCertificate.objects.select_related("file").filter(customer=self.one(number))
        if (found := rows.filter(pk=certificate).first()) is None:
            raise UnknownCertificate("This customer has no such certificate")
        return found


class CertificateEndView(CertificateView):
    """The end of a tax certificate."""

    @extend_schema(operation_id="customers_certificate_end", request=None, responses=CertificateSerializer)
    @idempotent
    def post(self, request: Request, number: str, certificate: int) -> Response:
        """Let it count no more; ended twice, nothing changes. What was sold under it stays."""
        ended = customers.end_certificate(self.certificate(number, certificate).pk, actor=self.actor)
        return Response(CertificateSerializer(ended).data)


class CertificateFileView(CertificateView):
    """The file of a tax certificate."""

    renderer_classes = ANYTHING

    @extend_schema(
        operation_id="customers_certificate_file", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, number: str, certificate: int) -> HttpResponse:
        """Return its bytes, to be saved."""
        refuse_unknown(request, ())
        found = self.certificate(number, certificate)
        if found.file is None:
            raise UnknownCertificate("This certificate has no file")
        return download(found.file)


def _taken(file: Any) -> uploads.NewFile | None:
    """Return a file that may be kept, where there is one. Raises Invalid with the reason beside it."""
    if file is None:
        return None
    beginning = file.read(BEGINNING)
    file.seek(0)
    if reason := uploads.why_not(file.name, file.size, beginning):
        raise Invalid(reason, errors=[{"pointer": "/file", "code": "file_not_taken", "detail": reason}])
    return uploads.made_of(file.name, file.read())
