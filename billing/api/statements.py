"""`/customers/…/statement/`: what moved on the account of a customer, and what is open, from the ledger."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing import statements
from core.api.filters import refuse_unknown
from core.api.views import ApiView
from core.errors import Invalid, Missing
from core.money import plain
from customers.models import Customer

from .views import READ_DOCUMENTS

PARAMETERS = ("from", "to", "currency", "after", "open_after")
# So many open items are on a page.
OPEN_AT_ONCE = 1_000


class StatementLineSerializer(serializers.Serializer):
    """A posting: what it adds to the debt, and the debt after it."""

    booked_on = serializers.DateField()
    kind = serializers.CharField()
    document = serializers.CharField()
    order = serializers.CharField(allow_null=True)
    amount = serializers.CharField()
    balance = serializers.CharField()


class OpenItemSerializer(serializers.Serializer):
    """An invoice that is open at the end of the time; none where money was paid without one."""

    invoice = serializers.CharField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    days_overdue = serializers.IntegerField()
    amount = serializers.CharField()


class StatementSerializer(serializers.Serializer):
    """A page of a statement. `next` is the `after` of the page that follows, `next_open` the `open_after` of further
    open items; all of them together are the closing balance."""

    customer = serializers.CharField()
    currency = serializers.CharField()
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    opening_balance = serializers.CharField()
    closing_balance = serializers.CharField()
    lines = StatementLineSerializer(many=True)
    open_items = OpenItemSerializer(many=True)
    open_count = serializers.IntegerField()
    next_open = serializers.IntegerField(allow_null=True)
    next = serializers.CharField(allow_null=True)


class PeriodSerializer(serializers.Serializer):
    """Which days, and which account."""

    to = serializers.DateField(required=False)
    currency = serializers.CharField(required=False, max_length=3)
    after = serializers.CharField(required=False, allow_blank=True, max_length=40)
    open_after = serializers.IntegerField(required=False, min_value=0, max_value=10_000_000)

    def get_fields(self) -> dict[str, Any]:
        """Add `from`, which Python keeps for itself."""
        return {"from": serializers.DateField(required=False), **super().get_fields()}


class StatementView(ApiView):
    """The account of a customer with the seller of new documents."""

    required_scopes = {"GET": READ_DOCUMENTS}

    @extend_schema(
        parameters=[OpenApiParameter(name, str, required=False) for name in PARAMETERS],
        responses=StatementSerializer,
    )
    def get(self, request: Request, number: str) -> Response:
        """Return a page of it; this month and the two before where no days are named. For keys of all channels."""
        refuse_unknown(request, PARAMETERS)
        asked = PeriodSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        customer = Customer.objects.filter(number=number.upper()).first() if self.channels is None else None
        if customer is None:
            # Whoever sees some channels only sees no account: it is of all of them.
            raise Missing("There is no such customer")
        usual = statements.usual_period()
        last = given.get("to", usual[1])
        first = given.get("from", min(usual[0], last.replace(day=1)))
        if first > last:
            raise Invalid("from is after to", errors=[{"pointer": "/from", "code": "invalid"}])
        return Response(StatementSerializer(_said(customer, given, first, last)).data)


def _said(customer: Customer, given: dict[str, Any], first: Any, last: Any) -> dict[str, Any]:
    accounts = statements.accounts_of(customer.pk)
    wanted = given.get("currency", "").upper()
    account = next((one for one in accounts if not wanted or one.currency == wanted), None)
    currency = account.currency if account else wanted or customer.currency
    nothing = plain(statements.LEAST * 0, currency)
    said: dict[str, Any] = {
        "customer": customer.number,
        "currency": currency,
        "first_day": first,
        "last_day": last,
        "opening_balance": nothing,
        "closing_balance": nothing,
        "lines": [],
        "open_items": [],
        "open_count": 0,
        "next_open": None,
        "next": None,
    }
    if account is None:
        return said
    page = statements.page(account, first, last, after=given.get("after", ""))
    open_ = statements.open_items(account, last, start=given.get("open_after", 0), limit=OPEN_AT_ONCE)
    return said | {
        "opening_balance": plain(page.opening, currency),
        "closing_balance": plain(statements.balance(account, last), currency),
        "lines": [
            {
                "booked_on": line.transaction.booked_on,
                "kind": line.transaction.kind,
                "document": line.document,
                "order": line.transaction.order.number if line.transaction.order else None,
                "amount": plain(line.amount, currency),
                "balance": plain(line.balance, currency),
            }
            for line in page.lines
        ],
        "open_items": [
            {
                "invoice": item.invoice.number if item.invoice else None,
                "due_on": item.invoice.due_on if item.invoice else None,
                "days_overdue": item.days,
                "amount": plain(item.amount, currency),
            }
            for item in open_.items
        ],
        "open_count": open_.count,
        "next_open": open_.next or None,
        "next": page.next or None,
    }
