"""Addresses of fulfillment in the API."""

from django.urls import path

from . import sight, splitting, views, waves

__all__ = ["sight", "urlpatterns"]

WORK = "fulfillment-orders/<str:number>"
WAVE = "waves/<str:number>"
PARCEL = "shipments/<str:number>"

urlpatterns = [
    path("fulfillment-orders/", views.FulfillmentOrdersView.as_view(), name="fulfillment-orders"),
    path(f"{WORK}/", views.FulfillmentOrderView.as_view(), name="fulfillment-order"),
    path(f"{WORK}/release/", views.ReleaseView.as_view(), name="fulfillment-order-release"),
    path(f"{WORK}/pick/", views.PickView.as_view(), name="fulfillment-order-pick"),
    path(f"{WORK}/short/", views.ShortView.as_view(), name="fulfillment-order-short"),
    path(f"{WORK}/reroute/", views.RerouteView.as_view(), name="fulfillment-order-reroute"),
    path(f"{WORK}/split/", splitting.SplitView.as_view(), name="fulfillment-order-split"),
    path(f"{WORK}/merge/", splitting.MergeView.as_view(), name="fulfillment-order-merge"),
    path(f"{WORK}/pull-back/", splitting.PullBackView.as_view(), name="fulfillment-order-pull-back"),
    path(f"{WORK}/put-back/", splitting.PutBackView.as_view(), name="fulfillment-order-put-back"),
    path(f"{WORK}/pack/", views.PackView.as_view(), name="fulfillment-order-pack"),
    path(f"{WORK}/ship/", views.ShipView.as_view(), name="fulfillment-order-ship"),
    path("waves/", waves.WavesView.as_view(), name="waves"),
    path(f"{WAVE}/", waves.OneWaveView.as_view(), name="wave"),
    path(f"{WAVE}/release/", waves.ReleaseWaveView.as_view(), name="wave-release"),
    path(f"{WAVE}/pick/", waves.PickWaveView.as_view(), name="wave-pick"),
    path(f"{WAVE}/cancel/", waves.CancelWaveView.as_view(), name="wave-cancel"),
    path(f"{WAVE}/pick-list/", waves.WaveListView.as_view(), name="wave-pick-list"),
    path("shipments/", views.ShipmentsView.as_view(), name="shipments"),
    path(f"{PARCEL}/", views.ShipmentView.as_view(), name="shipment"),
    path(f"{PARCEL}/tracking-events/", views.TrackingEventsView.as_view(), name="tracking-events"),
    path(f"{PARCEL}/label/", views.LabelView.as_view(), name="shipment-label"),
    path(f"{PARCEL}/packing-slip/", views.PackingSlipView.as_view(), name="shipment-packing-slip"),
    path("orders/<str:number>/release/", views.ReleaseOrderView.as_view(), name="order-release"),
]
