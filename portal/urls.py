"""Addresses of the portal."""

from django.urls import path

from portal.views import account, changing, credit, logo, orders, papers, paying, quotations, shop, statement

app_name = "portal"
urlpatterns = [
    path("", shop.home, name="home"),
    path("logo/<slug:mark>.png", logo.logo, name="logo"),
    path("shop/", shop.shop, name="shop"),
    path("cart/", shop.show_cart, name="cart"),
    path("cart/put/", shop.put_in_cart, name="put-in-cart"),
    path("checkout/", shop.checkout, name="checkout"),
    path("sign-in/", account.sign_in, name="sign-in"),
    path("sign-in/link/", account.send_link, name="send-link"),
    path("sign-in/link/<str:token>/", account.use_link, name="use-link"),
    path("sign-out/", account.sign_out, name="sign-out"),
    path("look-up/", account.look_up, name="look-up"),
    path("track/", orders.track_by_number, name="track-by-number"),
    path("track/<str:token>/", orders.track, name="track"),
    path("quotations/", quotations.my_offers, name="offers"),
    path("quotations/<str:token>/", quotations.quotation, name="quotation"),
    path("quotations/<str:token>/pdf/", quotations.paper, name="quotation-paper"),
    path("statement/", statement.statement, name="statement"),
    path("credit/", credit.my_credit, name="credit"),
    path("orders/<str:number>/use-credit/", credit.use_credit, name="use-credit"),
    path("orders/", orders.my_orders, name="orders"),
    path("orders/<str:number>/", orders.order_page, name="order"),
    path("orders/<str:number>/placed/", orders.placed, name="placed"),
    path("orders/<str:number>/pay/", paying.pay, name="pay"),
    path("orders/<str:number>/paid/", paying.paid, name="paid"),
    path("orders/<str:number>/change/", changing.change, name="change"),
    path("orders/<str:number>/cancel/", orders.cancel, name="cancel"),
    path("orders/<str:number>/return/", orders.request_return, name="return"),
    path("orders/<str:number>/files/<int:file>/", orders.file, name="file"),
    path("orders/<str:number>/quotation/", papers.quotation_pdf, name="quotation-pdf"),
    path("orders/<str:number>/proforma/", papers.proforma_pdf, name="proforma"),
    path("orders/<str:number>/documents/<str:document>/", orders.invoice_pdf, name="document"),
    path("orders/<str:number>/documents/<str:document>/xml/", orders.invoice_xml, name="document-xml"),
]
