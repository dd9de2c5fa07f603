"""Addresses of documents and money."""

from django.urls import path

from billing.api import evidence, money, payouts, preliminary, replacing, statements, views

urlpatterns = [
    path("invoices/", views.InvoicesView.as_view(), name="invoices"),
    path("invoices/<str:number>/", views.OneInvoiceView.as_view(), name="invoice"),
    path("invoices/<str:number>/pdf/", views.InvoicePdfView.as_view(), name="invoice-pdf"),
    path("invoices/<str:number>/xml/", views.InvoiceXmlView.as_view(), name="invoice-xml"),
    path("invoices/<str:number>/credit/", views.CreditView.as_view(), name="invoice-credit"),
    path("invoices/<str:number>/replace/", replacing.ReplaceView.as_view(), name="invoice-replace"),
    path("credit-notes/", views.CreditNotesView.as_view(), name="credit-notes"),
    path("credit-notes/<str:number>/", views.OneCreditNoteView.as_view(), name="credit-note"),
    path("credit-notes/<str:number>/pdf/", views.CreditNotePdfView.as_view(), name="credit-note-pdf"),
    path("credit-notes/<str:number>/xml/", views.CreditNoteXmlView.as_view(), name="credit-note-xml"),
    path("payments/", money.PaymentsView.as_view(), name="payments"),
    path("payments/<str:code>/", money.OnePaymentView.as_view(), name="payment"),
    path("payments/<str:code>/capture/", money.CaptureView.as_view(), name="payment-capture"),
    path("payments/<str:code>/void/", money.VoidView.as_view(), name="payment-void"),
    path("payments/<str:code>/refund/", money.RefundView.as_view(), name="payment-refund"),
    path("orders/<str:number>/payments/", money.PaymentsOfOrderView.as_view(), name="order-payments"),
    path("orders/<str:number>/quotation/pdf/", preliminary.QuotationPdfView.as_view(), name="quotation-pdf"),
    path("orders/<str:number>/proforma/pdf/", preliminary.ProformaPdfView.as_view(), name="proforma-pdf"),
    path("customers/<str:number>/statement/", statements.StatementView.as_view(), name="customer-statement"),
    path("store-credits/", money.StoreCreditsView.as_view(), name="store-credits"),
    path("refunds/", money.RefundsView.as_view(), name="refunds"),
    path("refunds/<str:code>/", money.OneRefundView.as_view(), name="refund"),
    path("disputes/", money.DisputesView.as_view(), name="disputes"),
    path("payouts/", payouts.PayoutsView.as_view(), name="payouts"),
    path("payouts/<str:gateway>/<str:reference>/", payouts.OnePayoutView.as_view(), name="payout"),
    path("payouts/<str:gateway>/<str:reference>/rows/", payouts.PayoutRowsView.as_view(), name="payout-rows"),
    path("disputes/<str:code>/", money.OneDisputeView.as_view(), name="dispute"),
    path("disputes/<str:code>/evidence/", evidence.EvidenceView.as_view(), name="dispute-evidence"),
    path(
        "disputes/<str:code>/evidence/<str:file>/", evidence.EvidenceFileView.as_view(), name="dispute-evidence-file"
    ),
]
