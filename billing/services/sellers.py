"""Who writes the invoices."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from billing.models import LegalEntity
from core.actors import Actor
from core.service import note_change, service
from pricing import services as pricing
from pricing.calculation import vat_country

FIRST = "main"
# By which name the logo of the default seller is remembered for the head of the customers' pages.
SHOP_LOGO = "billing.shop_logo"


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


@service
def create_entity(values: Mapping[str, Any], *, actor: Actor) -> LegalEntity:
    """Add a seller. The first one is the default."""
    first = default_entity() is None
    entity = LegalEntity.objects.create(**{"is_default": first, **values})
    _only_default(entity)
    _tell_registrations(entity)
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


def _said(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}
