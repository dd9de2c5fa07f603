"""Addresses of orders."""

from django.urls import path

from orders.api import actions, bulk, changes, feed, files, views

__all__ = ["feed", "urlpatterns"]

urlpatterns = [
    path("orders/", views.OrdersView.as_view(), name="orders"),
    path("orders/quote/", views.QuoteView.as_view(), name="orders-quote"),
    path("orders/bulk/", bulk.BulkOrdersView.as_view(), name="orders-bulk"),
    path("orders/<str:number>/", views.OneOrderView.as_view(), name="order"),
    path("orders/<str:number>/timeline/", views.TimelineView.as_view(), name="order-timeline"),
    path("orders/<str:number>/verify/", actions.VerifyView.as_view(), name="order-verify"),
    path("orders/<str:number>/confirm/", actions.ConfirmView.as_view(), name="order-confirm"),
    path("orders/<str:number>/complete/", actions.CompleteView.as_view(), name="order-complete"),
    path("orders/<str:number>/cancel/", actions.CancelView.as_view(), name="order-cancel"),
    path("orders/<str:number>/hold/", actions.HoldView.as_view(), name="order-hold"),
    path("orders/<str:number>/release-hold/", actions.ReleaseHoldView.as_view(), name="order-release-hold"),
    path("orders/<str:number>/waive-check/", actions.WaiveCheckView.as_view(), name="order-waive-check"),
    path("orders/<str:number>/check-again/", actions.CheckAgainView.as_view(), name="order-check-again"),
    path("orders/<str:number>/changes/", changes.ChangesView.as_view(), name="order-changes"),
    path("orders/<str:number>/bump/", actions.BumpView.as_view(), name="order-bump"),
    path("orders/<str:number>/end-bump/", actions.EndBumpView.as_view(), name="order-end-bump"),
    path("orders/<str:number>/comment/", actions.CommentView.as_view(), name="order-comment"),
    path("orders/<str:number>/files/", files.OrderFilesView.as_view(), name="order-files"),
    path("orders/<str:number>/files/<str:file>/", files.OrderFileView.as_view(), name="order-file"),
    path("availability/", views.AvailabilityView.as_view(), name="availability"),
]
