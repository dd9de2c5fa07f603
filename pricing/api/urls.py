"""Addresses of pricing in the API."""

from django.urls import path

from .views import ProductsView, ProductView

urlpatterns = [
    path("products/", ProductsView.as_view(), name="products"),
    path("products/<str:sku>/", ProductView.as_view(), name="product"),
]
