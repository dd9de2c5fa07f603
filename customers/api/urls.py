"""Addresses of customers in the API."""

from django.urls import path

from . import feed
from .certificates import CertificateEndView, CertificateFileView, CertificatesView
from .views import CustomersView, CustomerView, SitesView, SiteView

__all__ = ["feed", "urlpatterns"]

urlpatterns = [
    path("customers/", CustomersView.as_view(), name="customers"),
    path("customers/<str:number>/", CustomerView.as_view(), name="customer"),
    path("customers/<str:number>/addresses/", SitesView.as_view(), name="customer-addresses"),
    path("customers/<str:number>/addresses/<int:site_id>/", SiteView.as_view(), name="customer-address"),
    path("customers/<str:number>/certificates/", CertificatesView.as_view(), name="customer-certificates"),
    path(
        "customers/<str:number>/certificates/<int:certificate>/end/",
        CertificateEndView.as_view(),
        name="customer-certificate-end",
    ),
    path(
        "customers/<str:number>/certificates/<int:certificate>/file/",
        CertificateFileView.as_view(),
        name="customer-certificate-file",
    ),
]
