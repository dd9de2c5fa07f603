"""Addresses of inventory in the API."""

from django.urls import path

from .counts import CountsView
from .transfers import ReceiveTransferView, SendTransferView, TransfersView, TransferView
from .views import AdjustmentsView, MovementsView, ReceiptsView, StockView, WarehousesView, WarehouseView

urlpatterns = [
    path("stock/", StockView.as_view(), name="stock"),
    path("stock/movements/", MovementsView.as_view(), name="stock-movements"),
    path("stock/receipts/", ReceiptsView.as_view(), name="stock-receipts"),
    path("stock/adjustments/", AdjustmentsView.as_view(), name="stock-adjustments"),
    path("stock/counts/", CountsView.as_view(), name="stock-counts"),
    path("stock/transfers/", TransfersView.as_view(), name="stock-transfers"),
    path("stock/transfers/<str:number>/", TransferView.as_view(), name="stock-transfer"),
    path("stock/transfers/<str:number>/send/", SendTransferView.as_view(), name="stock-transfer-send"),
    path("stock/transfers/<str:number>/receive/", ReceiveTransferView.as_view(), name="stock-transfer-receive"),
    path("warehouses/", WarehousesView.as_view(), name="warehouses"),
    path("warehouses/<str:code>/", WarehouseView.as_view(), name="warehouse"),
]
