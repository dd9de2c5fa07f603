"""Addresses of the desk, inside the back office."""

from django.urls import URLPattern, URLResolver, path

from desk.views import first_start, looking_up, walk_in

app_name = "desk"
urlpatterns: list[URLPattern | URLResolver] = [
    path("desk/look-up/customers/", looking_up.customers, name="look-up-customers"),
    path("desk/look-up/products/", looking_up.products, name="look-up-products"),
    path("desk/first-start/", first_start.page, name="first-start"),
    path("desk/first-start/test-mail/", first_start.test_mail, name="test-mail"),
    path("desk/first-start/<slug:deed>/", first_start.act, name="first-start-deed"),
    path("desk/walk-in/", walk_in.walk_in, name="walk-in"),
    path("desk/walk-in/basket/", walk_in.basket, name="basket"),
    path("desk/walk-in/shop/", walk_in.till, name="till"),
    path("desk/walk-in/<str:number>/", walk_in.receipt, name="receipt"),
    path("desk/walk-in/<str:number>/mail/", walk_in.mail_receipt, name="mail-receipt"),
]
