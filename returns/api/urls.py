"""Addresses of returns in the API."""

from django.urls import path

from . import sight, views

__all__ = ["sight", "urlpatterns"]

urlpatterns = [
    path("returns/", views.ReturnsView.as_view(), name="returns"),
    path("returns/<str:number>/", views.ReturnView.as_view(), name="return"),
    path("returns/<str:number>/authorize/", views.AuthorizeView.as_view(), name="return-authorize"),
    path("returns/<str:number>/decline/", views.DeclineView.as_view(), name="return-decline"),
    path("returns/<str:number>/cancel/", views.CancelView.as_view(), name="return-cancel"),
    path("returns/<str:number>/refund-as/", views.RefundAsView.as_view(), name="return-refund-as"),
    path("returns/<str:number>/receive/", views.ReceiveView.as_view(), name="return-receive"),
    path("returns/<str:number>/inspect/", views.InspectView.as_view(), name="return-inspect"),
    path("returns/<str:number>/resolve/", views.ResolveView.as_view(), name="return-resolve"),
]
