"""What the portal writes itself: who may sign in by a link, and an order with the credit that pays it."""

from django.contrib.auth import get_user_model
from django.urls import reverse

from billing import services as billing
from core import links, mail
from core.actors import Actor
from core.models import User
from core.service import service
from customers import services as customers
from customers.models import Customer
from orders import services as orders
from orders.inputs import OrderInput
from orders.models import Order

PURPOSE = "sign-in"


@service
def send_sign_in_link(email: str, *, language: str) -> bool:
    """Mail a one-time link to a customer. Returns whether there was one to mail to."""
    customer = Customer.objects.filter(email=email.strip().lower(), active=True).order_by("pk").first()
    if customer is None or (customer.user and customer.user.is_staff):
        return False
    token = links.make_access_link(PURPOSE, f"customers.customer:{customer.pk}", minutes=30)
    address = links.absolute(reverse("portal:use-link", args=[token]))
    mail.intend(
        dedupe_key=f"sign-in:{token[-24:]}",
        template="sign_in_link",
        context={"customer": customer, "link": address},
        to=customer.email,
        language=customer.language or language,
        thread=f"customers.customer:{customer.pk}",
        confidential=True,
    )
    return True


@service
def user_for_link(token: str) -> User | None:
    """Use up a one-time link and return its customer's user, made on first use."""
    try:
        thread = links.use_access_link(token, PURPOSE)
    except links.LinkSpent:
        return None
    customer = Customer.objects.locked().select_related("user").get(pk=int(thread.rpartition(":")[2]))
    if customer.user is None:
        user: User = get_user_model().objects.create_user(username=str(customer.number), email=customer.email)
        user.set_unusable_password()
        user.language = customer.language
        user.save(update_fields=["password", "language"])
        Customer.objects.filter(pk=customer.pk).update(user=user)
        return user
    return customer.user if customer.user.is_active and not customer.user.is_staff else None


@service
def place_order(order: OrderInput, *, use_credit: bool, actor: Actor, vat_id: str | None = None) -> Order:
    """Place what is in the cart, and hold the customer's store credit for it as far as it reaches, if that is wished.

    `vat_id` is the one that the customer who is signed in gives with it: it is written down first, and evidence asked
    for. Raises what writing it down and placing raise, and CreditTooSmall where another order took the credit in this
    moment: then nothing is placed, and nothing written down.
    """
    if order.customer_id is not None and vat_id is not None:
        customers.update_customer(order.customer_id, {"vat_id": vat_id}, actor=actor)
    placed = orders.place_order(order, actor=actor)
    if use_credit and billing.payable_from_credit(placed):
        billing.pay_from_credit(placed.pk, actor=actor)
    return placed
