"""Prices, as they are set."""

from datetime import date
from decimal import Decimal

from core.actors import Actor
from core.errors import Invalid
from core.service import note_change, service
from pricing.errors import UnknownPriceList
from pricing.models import Price, PriceList

STANDARD = "standard"
LARGEST = Decimal(10) ** 11


@service
def set_price(
    product_id: int,
    *,
    amount: Decimal,
    actor: Actor,
    price_list: str = STANDARD,
    min_quantity: int = 1,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> Price:
    """Say what a product costs from now on, in one list, from a quantity and a day on."""
    if not amount.is_finite() or not 0 <= amount < LARGEST or amount != round(amount, 6):
        text = "A price is zero or more and has at most six decimals"
        raise Invalid(text, errors=[{"pointer": "/price", "code": "invalid_price", "detail": text}])
    owner = PriceList.objects.filter(code=price_list).first()
    if owner is None:
        raise UnknownPriceList(f"There is no price list {price_list!r}")
    kept = {"price_list": owner, "product_id": product_id, "min_quantity": min_quantity, "valid_from": valid_from}
    price = Price.objects.select_for_update(no_key=True).filter(**kept).first()
    before = {} if price is None else {"amount": str(price.amount)}
    if price is None:
        price = Price.objects.create(**kept, amount=amount, valid_to=valid_to)
    else:
        price.amount, price.valid_to = amount, valid_to
        price.save(update_fields=["amount", "valid_to"])
    if before.get("amount") != str(amount):
        note_change(price, "pricing.price_set", actor=actor, before=before, after={"amount": str(amount)})
    return price
