"""Addresses of inventory in the API."""

from django.urls import path

from .views import AdjustmentsView, MovementsView, ReceiptsView, StockView, WarehousesView, WarehouseView

urlpatterns = [
    path("stock/", StockView.as_view(), name="stock"),
    path("stock/movements/", MovementsView.as_view(), name="stock-movements"),
    path("stock/receipts/", ReceiptsView.as_view(), name="stock-receipts"),
    path("stock/adjustments/", AdjustmentsView.as_view(), name="stock-adjustments"),
    path("warehouses/", WarehousesView.as_view(), name="warehouses"),
    path("warehouses/<str:code>/", WarehouseView.as_view(), name="warehouse"),
]
