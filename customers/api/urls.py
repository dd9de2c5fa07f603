"""Addresses of customers in the API."""

from django.urls import path

from . import feed
from .views import CustomersView, CustomerView, SitesView, SiteView

__all__ = ["feed", "urlpatterns"]

urlpatterns = [
    path("customers/", CustomersView.as_view(), name="customers"),
    path("customers/<str:number>/", CustomerView.as_view(), name="customer"),
    path("customers/<str:number>/addresses/", SitesView.as_view(), name="customer-addresses"),
    path("customers/<str:number>/addresses/<int:site_id>/", SiteView.as_view(), name="customer-address"),
]
