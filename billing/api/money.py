"""`/payments/`, `/refunds/` and `/disputes/`: money that is held, comes in, is let go and goes back.

A retry moves nothing twice.
"""

from decimal import Decimal

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from billing import selectors, services
from billing.errors import CurrencyDiffers, UnknownPayment
from billing.models import Dispute, Payment, Refund, StoreCredit
from core.api.idempotency import idempotent
from core.api.views import ApiListView, ApiView
from core.money import Money
from customers.api.feed import seen_by
from customers.models import Customer
from orders import selectors as orders
from orders.errors import UnknownOrder
from orders.models import Order

from .filters import DisputeFilters, PaymentFilters, RefundFilters, StoreCreditFilters
from .serializers import (
    CaptureSerializer,
    DisputeSerializer,
    PaymentInputSerializer,
    PaymentSerializer,
    RefundInputSerializer,
    RefundSerializer,
    StoreCreditSerializer,
    VoidSerializer,
)
from .views import MOVE_MONEY, READ_MONEY, read


class MoneyView(ApiView):
    """Sees the money of the caller's channels; all other is as if it did not exist."""

    required_scopes = {"GET": READ_MONEY, "POST": MOVE_MONEY}

    def payment(self, code: str) -> Payment:
        """Return a payment. Raises UnknownPayment for foreign ones too."""
        if found := selectors.payments(self.channels).filter(code=code).first():
            return found
        raise UnknownPayment("There is no such payment")

    def refund(self, code: str) -> Refund:
        """Return a refund. Raises UnknownPayment for foreign ones too."""
        if found := selectors.refunds(self.channels).filter(code=code).first():
            return found
        raise UnknownPayment("There is no such refund")

    def shown(self, payment_id: int, *, code: int = status.HTTP_200_OK) -> Response:
        """Answer a payment as it is now."""
        return Response(PaymentSerializer(selectors.payments().get(pk=payment_id)).data, status=code)


class PaymentsView(MoneyView, ApiListView):
    """All payments, the youngest first."""

    serializer_class = PaymentSerializer
    filterset_class = PaymentFilters
    saved_views = True
    ordering = ("-pk",)

    def get_queryset(self) -> QuerySet[Payment]:
        """Return what the caller may see."""
        return selectors.payments(self.channels)


class OnePaymentView(MoneyView):
    """One payment."""

    @extend_schema(responses=PaymentSerializer)
    def get(self, request: Request, code: str) -> Response:
        """Return it."""
        return Response(PaymentSerializer(self.payment(code)).data)


class PaymentsOfOrderView(MoneyView, ApiListView):
    """The payments of one order."""

    serializer_class = PaymentSerializer
    ordering = ("-pk",)

    def order(self, number: str) -> Order:
        """Return an order. Raises UnknownOrder for foreign ones too."""
        found = orders.orders(self.channels).filter(number=number.upper()).first()
        if found is None:
            raise UnknownOrder("There is no such order")
        return found

    def get_queryset(self) -> QuerySet[Payment]:
        """Return the payments of the order."""
        if getattr(self, "swagger_fake_view", False):
            return Payment.objects.none()
        return selectors.payments().filter(order=self.order(self.kwargs["number"]))

    @extend_schema(request=PaymentInputSerializer, responses={201: PaymentSerializer})
    @idempotent(required=True)
    def post(self, request: Request, number: str) -> Response:
        """Write down money that is held, or that came in."""
        given = read(PaymentInputSerializer, request)
        order = self.order(number)
        _check_currency(order, given.get("currency"))
        said = {"method": given["method"], "amount": given["amount"], "reference": given["reference"]}
        if given["status"] == "authorized":
            payment = services.authorize_payment(order.pk, **said, actor=self.actor)
        else:
            payment = services.record_payment(order.pk, **said, is_another=given["is_another"], actor=self.actor)
        return self.shown(payment.pk, code=status.HTTP_201_CREATED)


def _check_currency(order: Order, currency: str | None) -> None:
    if currency and currency != order.currency:
        text = f"{order} is in {order.currency}"
        raise CurrencyDiffers(text, errors=[{"pointer": "/currency", "code": CurrencyDiffers.code, "detail": text}])


class CaptureView(MoneyView):
    """What is held is taken."""

    @extend_schema(request=CaptureSerializer, responses=PaymentSerializer)
    @idempotent(required=True)
    def post(self, request: Request, code: str) -> Response:
        """Take what is held, or some of it."""
        given = read(CaptureSerializer, request)
        payment = self.payment(code)
        services.capture_payment(payment.pk, given.get("amount"), actor=self.actor)
        return self.shown(payment.pk)


class VoidView(MoneyView):
    """What is held is let go."""

    @extend_schema(request=VoidSerializer, responses=PaymentSerializer)
    @idempotent(required=True)
    def post(self, request: Request, code: str) -> Response:
        """Let go of what is held."""
        given = read(VoidSerializer, request)
        payment = self.payment(code)
        services.void_payment(payment.pk, reason=given["reason"], actor=self.actor)
        return self.shown(payment.pk)


class RefundView(MoneyView):
    """What came in goes back."""

    @extend_schema(request=RefundInputSerializer, responses={201: RefundSerializer})
    @idempotent(required=True)
    def post(self, request: Request, code: str) -> Response:
        """Promise money back; the provider is asked a moment later."""
        given = read(RefundInputSerializer, request)
        payment = self.payment(code)
        amount: Decimal | None = given.get("amount")
        [promised] = services.refund_payment(
            payment.pk,
            amount=None if amount is None else Money(amount, payment.currency),
            reference=given.get("reference", ""),
            reason=given["reason"],
            to_credit=given["to_credit"],
            actor=self.actor,
        )
        found = selectors.refunds().get(pk=promised.pk)
        return Response(RefundSerializer(found).data, status=status.HTTP_201_CREATED)


class RefundsView(MoneyView, ApiListView):
    """All refunds, the youngest first."""

    serializer_class = RefundSerializer
    filterset_class = RefundFilters
    saved_views = True
    ordering = ("-pk",)

    def get_queryset(self) -> QuerySet[Refund]:
        """Return what the caller may see."""
        return selectors.refunds(self.channels)


class DisputesView(MoneyView, ApiListView):
    """All disputes, the youngest first."""

    serializer_class = DisputeSerializer
    filterset_class = DisputeFilters
    saved_views = True
    ordering = ("-pk",)

    def get_queryset(self) -> QuerySet[Dispute]:
        """Return what the caller may see."""
        return selectors.disputes(self.channels)


class OneDisputeView(MoneyView):
    """One dispute."""

    @extend_schema(responses=DisputeSerializer)
    def get(self, request: Request, code: str) -> Response:
        """Return it."""
        found = selectors.disputes(self.channels).filter(code=code).first()
        if found is None:
            raise UnknownPayment("There is no such dispute")
        return Response(DisputeSerializer(found).data)


class OneRefundView(MoneyView):
    """One refund."""

    @extend_schema(responses=RefundSerializer)
    def get(self, request: Request, code: str) -> Response:
        """Return it."""
        return Response(RefundSerializer(self.refund(code)).data)


class StoreCreditsView(MoneyView, ApiListView):
    """The store credit of customers, by currency. It is spent by a payment of the method `store_credit`."""

    serializer_class = StoreCreditSerializer
    filterset_class = StoreCreditFilters
    ordering = ("-pk",)

    def get_queryset(self) -> QuerySet[StoreCredit]:
        """Return what the caller may see: of the customers that it sees."""
        rows = StoreCredit.objects.select_related("customer")
        if self.channels is None:
            return rows
        return rows.filter(customer__in=Customer.objects.filter(seen_by(self.channels)).values("pk"))
