"""`/customers/`: who buys, and where their goods and invoices go."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from core.api.auth import declare_scope
from core.api.etags import expected_version, tagged
from core.api.idempotency import idempotent
from core.api.views import ApiListView, ApiView
from core.errors import Missing
from customers import selectors
from customers import services as customers
from customers.addresses import PostalAddress
from customers.models import Address, Customer

from .feed import seen_by
from .filters import CustomerFilters
from .serializers import (
    CustomerChangeSerializer,
    CustomerCreateSerializer,
    CustomerSerializer,
    SiteSerializer,
    SiteShownSerializer,
)

READ, WRITE = "customers:read", "customers:write"
SCOPES = {"GET": READ, "POST": WRITE, "PATCH": WRITE, "DELETE": WRITE}
HOME = "api"
declare_scope(READ, "customers.view_customer")
declare_scope(WRITE, "customers.change_customer")


def read(kind: type[serializers.Serializer], request: Request, **options: Any) -> dict[str, Any]:
    """Return the body as the serializer understands it, or raise with pointers."""
    serializer = kind(data=request.data, **options)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def home_of(channels: frozenset[str] | None) -> str:
    """Return the channel for which a key writes customers down: `api` where it is one of its own, else its first."""
    return min(channels, key=lambda code: (code != HOME, code)) if channels else ""


def split_site(given: dict[str, Any]) -> tuple[PostalAddress, dict[str, Any]]:
    """Return the address in a body, and what else it says about the site."""
    more: dict[str, Any] = {name: given[name] for name in ("label", "is_bill_to", "is_ship_to") if name in given}
    return PostalAddress.from_dict(given), more


class CustomersApi(ApiView):
    """Sees all customers; a key limited to channels those it wrote down, and those of the orders of its channels.

    An order that was only linked by an e-mail address opens nobody's record.
    """

    required_scopes = SCOPES

    def visible(self) -> "QuerySet[Customer]":
        """Return the customers that the caller may see, with group and sites."""
        rows = selectors.customers().prefetch_related("addresses")
        if self.channels is None:
            return rows
        return rows.filter(seen_by(self.channels))

    def one(self, number: str) -> Customer:
        """Return the customer of an address. Raises Missing for foreign ones too."""
        customer = self.visible().filter(number=number.upper()).first()
        if customer is None:
            raise Missing("There is no such customer")
        return customer


class CustomersView(CustomersApi, ApiListView):
    """All customers, the youngest first."""

    serializer_class = CustomerSerializer
    filterset_class = CustomerFilters
    saved_views = True
    ordering = ("-pk",)
    ordering_fields = ("name", "created_at")

    def get_queryset(self) -> "QuerySet[Customer]":
        """Return the customers that the caller may see."""
        return self.visible()

    @extend_schema(request=CustomerCreateSerializer, responses={201: CustomerSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        """Write a customer down. An e-mail address may be that of another customer: the oldest gets the orders."""
        given = read(CustomerCreateSerializer, request)
        sites = given.pop("addresses", [])
        given["tags"] = tuple(given.get("tags", ()))
        given["origin"] = home_of(self.channels)
        customer = customers.create_customer(customers.CustomerInput(**given), actor=self.actor)
        for site in sites:
            address, more = split_site(site)
            customers.add_address(customer.pk, address, **more, actor=self.actor)
        made = self.one(str(customer.number))
        where = reverse("api:customer", args=[made.number], request=request)
        answer = tagged(request, CustomerSerializer(made).data, made.version, status=status.HTTP_201_CREATED)
        answer.headers["Location"] = where
        return answer


class CustomerView(CustomersApi):
    """One customer."""

    @extend_schema(responses=CustomerSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Return a customer."""
        customer = self.one(number)
        return tagged(request, CustomerSerializer(customer).data, customer.version)

    @extend_schema(request=CustomerChangeSerializer, responses=CustomerSerializer)
    @idempotent
    def patch(self, request: Request, number: str) -> Response:
        """Change a customer; `If-Match` refuses to overwrite what somebody else changed."""
        given = read(CustomerChangeSerializer, request, partial=True)
        pk = self.one(number).pk
        customers.update_customer(pk, given, expected_version=expected_version(request), actor=self.actor)
        customer = self.one(number)
        return tagged(request, CustomerSerializer(customer).data, customer.version)


class SitesView(CustomersApi):
    """The sites of a customer."""

    @extend_schema(responses=SiteShownSerializer(many=True))
    def get(self, request: Request, number: str) -> Response:
        """Return them, the oldest first; there are never many."""
        rows = SiteShownSerializer(selectors.sites(self.one(number)), many=True).data
        return Response({"results": rows, "next": None, "previous": None})

    @extend_schema(request=SiteSerializer, responses={201: SiteShownSerializer})
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Write a site down."""
        address, more = split_site(read(SiteSerializer, request))
        site = customers.add_address(self.one(number).pk, address, **more, actor=self.actor)
        return Response(SiteShownSerializer(site).data, status=status.HTTP_201_CREATED)


class SiteView(CustomersApi):
    """One site of a customer."""

    @extend_schema(request=SiteSerializer, responses=SiteShownSerializer)
    @idempotent
    def patch(self, request: Request, number: str, site_id: int) -> Response:
        """Change a site; orders made before keep the address they were made with."""
        given = read(SiteSerializer, request, partial=True)
        site = customers.update_address(self._site(number, site_id).pk, given, actor=self.actor)
        return Response(SiteShownSerializer(site).data)

    @extend_schema(responses={204: None})
    @idempotent
    def delete(self, request: Request, number: str, site_id: int) -> Response:
        """Take a site off the record."""
        customers.remove_address(self._site(number, site_id).pk, actor=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _site(self, number: str, site_id: int) -> Address:
        site = Address.objects.filter(pk=site_id, customer=self.one(number)).first()
        if site is None:
            raise Missing("This customer has no such site")
        return site
