"""Addresses of the desk, inside the back office."""

from django.urls import URLPattern, URLResolver, path

from desk.views import looking_up

app_name = "desk"
urlpatterns: list[URLPattern | URLResolver] = [
    path("desk/look-up/customers/", looking_up.customers, name="look-up-customers"),
    path("desk/look-up/products/", looking_up.products, name="look-up-products"),
]
