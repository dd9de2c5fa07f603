"""Addresses of inventory in the API."""

from django.urls import path

from .counts import CountsView
from .receipts import ArriveView, CancelReceiptView, ReceiptsView, ReceiptView
from .transfers import CancelTransferView, ReceiveTransferView, SendTransferView, TransfersView, TransferView
from .views import AdjustmentsView, MovementsView, StockView, WarehousesView, WarehouseView

urlpatterns = [
    path("stock/", StockView.as_view(), name="stock"),
    path("stock/movements/", MovementsView.as_view(), name="stock-movements"),
    path("stock/receipts/", ReceiptsView.as_view(), name="stock-receipts"),
    path("stock/receipts/<str:id>/", ReceiptView.as_view(), name="stock-receipt"),
    path("stock/receipts/<str:id>/receive/", ArriveView.as_view(), name="stock-receipt-receive"),
    path("stock/receipts/<str:id>/cancel/", CancelReceiptView.as_view(), name="stock-receipt-cancel"),
    path("stock/adjustments/", AdjustmentsView.as_view(), name="stock-adjustments"),
    path("stock/counts/", CountsView.as_view(), name="stock-counts"),
    path("stock/transfers/", TransfersView.as_view(), name="stock-transfers"),
    path("stock/transfers/<str:number>/", TransferView.as_view(), name="stock-transfer"),
    path("stock/transfers/<str:number>/send/", SendTransferView.as_view(), name="stock-transfer-send"),
    path("stock/transfers/<str:number>/receive/", ReceiveTransferView.as_view(), name="stock-transfer-receive"),
    path("stock/transfers/<str:number>/cancel/", CancelTransferView.as_view(), name="stock-transfer-cancel"),
    path("warehouses/", WarehousesView.as_view(), name="warehouses"),
    path("warehouses/<str:code>/", WarehouseView.as_view(), name="warehouse"),
]
