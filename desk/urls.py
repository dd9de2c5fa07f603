"""Addresses of the desk, inside the back office."""

from django.urls import URLPattern, URLResolver, path

from desk.views import (
    closing,
    dossier,
    edit_order,
    first_start,
    looking_up,
    new_customer,
    new_order,
    parked,
    parking,
    ship,
    walk_in,
)

app_name = "desk"
urlpatterns: list[URLPattern | URLResolver] = [
    path("desk/look-up/customers/", looking_up.customers, name="look-up-customers"),
    path("desk/look-up/customers/<str:number>/", looking_up.customer, name="look-up-customer"),
    path("desk/look-up/products/", looking_up.products, name="look-up-products"),
    path("desk/look-up/substitutes/", looking_up.substitutes, name="look-up-substitutes"),
    path("desk/customers/", new_customer.new_customer, name="new-customer"),
    path("desk/orders/", parked.parked, name="parked"),
    path("desk/orders/new/", new_order.new, name="new-order"),
    path("desk/orders/quote/", new_order.quote, name="quote"),
    path("desk/orders/keep/", new_order.keep, name="keep"),
    path("desk/orders/place/", new_order.place, name="place"),
    path("desk/orders/offer/", new_order.offer, name="offer"),
    path("desk/orders/<str:number>/", new_order.resume, name="draft"),
    path("desk/orders/<str:number>/discard/", new_order.discard, name="discard"),
    path("desk/orders/<str:number>/edit/", edit_order.edit, name="edit-order"),
    path("desk/orders/<str:number>/edit/preview/", edit_order.preview, name="preview-edit"),
    path("desk/orders/<str:number>/dossier/", dossier.take, name="dossier"),
    path("desk/orders/<str:number>/ship/", ship.ship, name="ship"),
    path("desk/close/", closing.page, name="close"),
    path("desk/close/now/", closing.close, name="close-now"),
    path("desk/first-start/", first_start.page, name="first-start"),
    path("desk/first-start/test-mail/", first_start.test_mail, name="test-mail"),
    path("desk/first-start/<slug:deed>/", first_start.act, name="first-start-deed"),
    path("desk/walk-in/", walk_in.walk_in, name="walk-in"),
    path("desk/walk-in/basket/", walk_in.basket, name="basket"),
    path("desk/walk-in/park/", parking.park, name="park"),
    path("desk/walk-in/parked/<str:number>/discard/", parking.discard, name="discard-parked"),
    path("desk/walk-in/shop/", walk_in.till, name="till"),
    path("desk/walk-in/<str:number>/", walk_in.receipt, name="receipt"),
    path("desk/walk-in/<str:number>/mail/", walk_in.mail_receipt, name="mail-receipt"),
]
