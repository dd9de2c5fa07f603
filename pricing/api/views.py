"""`/products/`: the catalogue, with what things cost on the caller's channel."""

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from core import seat
from core.api.idempotency import idempotent
from core.api.views import ApiListView, ApiView
from core.errors import Missing
from inventory import selectors as stock
from inventory import services as inventory
from inventory.models import Product
from pricing import selectors
from pricing import services as pricing
from pricing.models import Channel

from .filters import ProductFilters
from .serializers import ProductChangeSerializer, ProductCreateSerializer, ProductSerializer

SCOPES = {"GET": "inventory:read", "POST": "inventory:write", "PATCH": "inventory:write"}


class PricedView(ApiView):
    """Knows on which channel the caller asks what things cost."""

    required_scopes = SCOPES

    @property
    def channel(self) -> Channel:
        """Return the caller's channel: `api` where that is one of theirs, else their first one."""
        codes = sorted(self.channels or {"api"})
        return pricing.channel_by_code("api" if "api" in codes else codes[0])

    def shown(self, products: list[Product]) -> list[dict[str, Any]]:
        """Return the rows; all prices come in one query."""
        channel = self.channel
        prices = pricing.prices_for(channel, [product.pk for product in products], seat.today())
        currency = channel.price_list.currency if channel.price_list else channel.currency
        parts = stock.parts_of(product.pk for product in products if product.is_kit)
        rows = [
            {
                **vars(product),
                "price": prices.get(product.pk),
                "currency": currency,
                "parts": [{"sku": one.product.sku, "quantity": one.per} for one in parts.get(product.pk, ())],
            }
            for product in products
        ]
        return list(ProductSerializer(rows, many=True).data)

    def price_list(self, given: dict[str, Any]) -> str:
        """Return the list a price goes on; a currency that is not the list's is refused."""
        return selectors.price_list_for(self.channel, given.pop("currency", "")).code


class ProductsView(PricedView, ApiListView):
    """All products."""

    serializer_class = ProductSerializer
    filterset_class = ProductFilters
    saved_views = True
    ordering = ("sku",)
    ordering_fields = ("sku", "name")

    def get_queryset(self) -> QuerySet[Product]:
        """Return the catalogue."""
        return Product.objects.all()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return a page of products."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.shown(page or []))

    @extend_schema(request=ProductCreateSerializer, responses={201: ProductSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        """Take a product into the catalogue, with its price."""
        serializer = ProductCreateSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        price: Decimal | None = given.pop("price", None)
        price_list = self.price_list(given) if price is not None or "currency" in given else ""
        product = pricing.create_priced_product(
            inventory.ProductInput(**given), price=price, price_list=price_list, actor=self.actor
        )
        where = reverse("api:product", args=[product.sku], request=request)
        return Response(self.shown([product])[0], status=status.HTTP_201_CREATED, headers={"Location": where})


class ProductView(PricedView):
    """One product."""

    @extend_schema(responses=ProductSerializer)
    def get(self, request: Request, sku: str) -> Response:
        """Return a product."""
        return Response(self.shown([self._product(sku)])[0])

    @extend_schema(request=ProductChangeSerializer, responses=ProductSerializer)
    @idempotent
    def patch(self, request: Request, sku: str) -> Response:
        """Change a product, or what it costs from now on."""
        serializer = ProductChangeSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        price: Decimal | None = given.pop("price", None)
        price_list = self.price_list(given) if price is not None or "currency" in given else ""
        product = pricing.update_priced_product(
            self._product(sku).pk, given, price=price, price_list=price_list, actor=self.actor
        )
        return Response(self.shown([product])[0])

    def _product(self, sku: str) -> Product:
        product = Product.objects.filter(sku=sku.upper()).first()
        if product is None:
            raise Missing("There is no such product")
        return product
