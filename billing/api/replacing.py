"""`/invoices/{number}/replace/`: an invoice is taken back and written again for who is billed after all."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from billing import services
from core.api.idempotency import idempotent
from customers.addresses import PostalAddress
from orders.inputs import Party

from .serializers import InvoiceDetailSerializer, ReplaceSerializer
from .views import DocumentView, read


class ReplaceView(DocumentView):
    """An invoice is written again."""

    @extend_schema(request=ReplaceSerializer, responses={201: InvoiceDetailSerializer})
    @idempotent(required=True)
    def post(self, request: Request, number: str) -> Response:
        """Take back what is left of an invoice and write it again, over the same rows and amounts; return the new one.

        Money that settled the one settles the other. The order says who is billed from then on. One that was credited
        in full before is written again, too; one that was replaced is not.
        """
        given = read(ReplaceSerializer, request)
        address, reason = given.pop("billing_address", None), given.pop("reason")
        party = Party(billing_address=PostalAddress.from_dict(address) if address is not None else None, **given)
        new = services.rewrite_invoice(self.invoice(number).pk, party=party, reason=reason, actor=self.actor)
        return Response(InvoiceDetailSerializer(self.invoice(str(new.number))).data, status=status.HTTP_201_CREATED)
