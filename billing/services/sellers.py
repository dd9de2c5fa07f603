"""Who writes the invoices."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from billing.models import Invoice, LedgerTransaction, LegalEntity
from core.actors import Actor
from core.keeping import Kept
from core.service import note_change, service
from pricing import services as pricing
from pricing.calculation import vat_country

FIRST = "main"
# By which name the logo of the default seller is remembered for the head of the customers' pages.
SHOP_LOGO = "billing.shop_logo"


def _read_sellers() -> list[tuple[int, bool]]:
    return list(LegalEntity.objects.order_by("-is_default", "pk").values_list("pk", "is_default"))


# By whose books money is written that comes in any second; the default first.
_sellers = Kept(_read_sellers, max_age=5.0)


def forget_sellers() -> None:
    """Look anew who sells."""
    _sellers.forget()


@service
def ensure_default_entity(details: Mapping[str, Any] | None = None) -> LegalEntity:
    """Return who writes the invoices; where there is nobody yet, make one, from `details` if given."""
    if entity := default_entity():
        return entity
    name = settings.COMPANY_NAME
    values = details or {"name": name, "address": {"company": name, "country": "DE"}}
    entity, _created = LegalEntity.objects.get_or_create(code=FIRST, defaults=dict(values))
    return entity


def default_entity() -> LegalEntity | None:
    """Return the seller of new documents, if there is one."""
    return LegalEntity.objects.filter(is_default=True).select_related("logo").order_by("pk").first()


def seller_of_order(order_id: int) -> LegalEntity | None:
    """Return whose an order is: the seller it was first invoiced or booked for; before that, who sells now.

    Whoever becomes the default later, its documents and its money stay with that one (ADR 33).
    """
    sellers = list(LegalEntity.objects.select_related("logo").order_by("-is_default", "pk"))
    if len(sellers) > 1 and (own := entity_of_order(order_id)):
        return next(one for one in sellers if one.pk == own)
    return sellers[0] if sellers and sellers[0].is_default else None


def entity_of_order(order_id: int) -> int:
    """Return the id of the seller an order was first invoiced or booked for; 0 where neither happened yet."""
    drafted = Invoice.objects.filter(order=order_id).order_by("pk").values_list("legal_entity", flat=True)
    booked = LedgerTransaction.objects.filter(order=order_id).order_by("pk").values_list("entity", flat=True)
    return drafted.first() or booked.first() or 0


def seller_of_money() -> int:
    """Return in whose books money is written that belongs to no order: those of who sells now."""
    sellers = _sellers.get()
    return sellers[0][0] if sellers and sellers[0][1] else ensure_default_entity().pk


def is_alone() -> bool:
    """Whether there is one seller, as in most shops: then nobody has to look whose something is."""
    return len(_sellers.get()) < 2


def books_of_order(order_id: int) -> int:
    """Return in whose books money of an order is written: those of its seller (sellers.seller_of_order)."""
    return (not is_alone() and entity_of_order(order_id)) or seller_of_money()


def books_of_payment(order_id: int, payment_id: int) -> int:
    """Return in whose books a payment was written: what is done with it afterwards is written there, too."""
    if is_alone():
        return seller_of_money()
    came = LedgerTransaction.objects.filter(order=order_id, payment=payment_id, kind=LedgerTransaction.Kind.PAYMENT)
    return came.order_by("pk").values_list("entity", flat=True).first() or books_of_order(order_id)


@service
def create_entity(values: Mapping[str, Any], *, actor: Actor) -> LegalEntity:
    """Add a seller. The first one is the default."""
    first = default_entity() is None
    entity = LegalEntity.objects.create(**{"is_default": first, **values})
    _only_default(entity)
    _tell_registrations(entity)
    forget_sellers()
    forget_shop_logo()
    note_change(entity, "billing.legalentity.created", actor=actor, after=_said(values))
    return entity


@service
def change_entity(entity_id: int, changes: Mapping[str, Any], *, actor: Actor) -> LegalEntity:
    """Change what new documents say about a seller; those that were issued stay as they are.

    Making one the default takes that from the other; there is always one.
    """
    entity = LegalEntity.objects.get(pk=entity_id)
    wanted = dict(changes)
    if entity.is_default:
        wanted.pop("is_default", None)
    before = _said({name: getattr(entity, name) for name in wanted})
    LegalEntity.objects.filter(pk=entity_id).update(**wanted)
    entity = LegalEntity.objects.get(pk=entity_id)
    _only_default(entity)
    _tell_registrations(entity)
    forget_sellers()
    forget_shop_logo()
    note_change(entity, "billing.legalentity.changed", actor=actor, before=before, after=_said(wanted))
    return entity


def forget_shop_logo() -> None:
    """Let the next page of a customer ask for the logo again, once what changed is true."""
    transaction.on_commit(partial(cache.delete, SHOP_LOGO))


def _only_default(entity: LegalEntity) -> None:
    if entity.is_default:
        LegalEntity.objects.filter(is_default=True).exclude(pk=entity.pk).update(is_default=False)


def _tell_registrations(entity: LegalEntity) -> None:
    """Tell the floors below in which countries the seller pays VAT, who ask where goods may be sent from, and how
    consumers in other member states are taxed.
    """
    if entity.is_default:
        own = {vat_country(entity.vat_id) or entity.vat_id[:2]: entity.vat_id} if entity.vat_id else {}
        pricing.set_registrations({**own, **entity.vat_registrations})
        pricing.set_distance_sales({date.fromisoformat(day): way for day, way in entity.distance_sales.items()})


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, dict) else str(value) for name, value in values.items()}
