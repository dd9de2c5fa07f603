"""Products with their prices, as they are set."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from core.actors import Actor
from core.errors import Invalid
from core.service import note_change, service
from inventory import services as inventory
from inventory.handling import CARRIED
from inventory.models import Product
from pricing.errors import UnknownPriceList, UnknownTaxClass
from pricing.models import Price, PriceList, ShippingMethod
from pricing.reference import forget
from pricing.selectors import tax_classes

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
        after = {"amount": str(amount)}
        note_change(price, "pricing.price_set", actor=actor, before=before, after=after, currency=owner.currency)
    return price


@service
def create_priced_product(
    product: inventory.ProductInput, *, price: Decimal | None, actor: Actor, price_list: str = STANDARD
) -> Product:
    """Take a product into the catalogue together with what it costs."""
    _require_tax_class(product.tax_class)
    made = inventory.create_product(product, actor=actor)
    if price is not None:
        set_price(made.pk, amount=price, price_list=price_list, actor=actor)
    return made


@service
def update_priced_product(
    product_id: int,
    changes: Mapping[str, Any],
    *,
    price: Decimal | None = None,
    actor: Actor,
    price_list: str = STANDARD,
) -> Product:
    """Change what is said about a product, and what it costs from now on."""
    if "tax_class" in changes:
        _require_tax_class(changes["tax_class"])
    product = inventory.update_product(product_id, changes, actor=actor)
    if price is not None:
        set_price(product_id, amount=price, price_list=price_list, actor=actor)
    return product


def _require_tax_class(tax_class: str) -> None:
    """A class without any rate could never be sold, so it is a typing error."""
    known = tax_classes()
    if tax_class not in known:
        text = f"{tax_class!r} is no tax class; there are {', '.join(sorted(known))}"
        raise UnknownTaxClass(text, errors=[{"pointer": "/tax_class", "code": UnknownTaxClass.code, "detail": text}])


@service
def set_handling(method: str, tags: Sequence[str], *, actor: Actor) -> ShippingMethod:
    """Say how goods that a way of delivery carries may have to be handled."""
    if wrong := sorted(set(tags) - CARRIED):
        text = f"{', '.join(wrong)} is nothing that a way of delivery can do"
        raise Invalid(text, errors=[{"pointer": "/handles", "code": "invalid", "detail": text}])
    row = ShippingMethod.objects.select_for_update(no_key=True).get(code=method)
    before = {"handles": row.handles}
    if row.handles != list(tags):
        row.handles = list(tags)
        row.save(update_fields=["handles"])
        note_change(row, "pricing.shippingmethod.changed", actor=actor, before=before, after={"handles": row.handles})
    forget()
    return row
