"""What makes customers exempt from tax: written down with its file, ended, and told of before it ends."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from core import seat
from core.actors import SYSTEM, Actor
from core.countries import is_country
from core.errors import Invalid
from core.files import keep_file
from core.outbox import emit
from core.service import note_change, service, thread_of
from core.uploads import NewFile
from customers.errors import UnknownCertificate
from customers.events import CertificateEnds
from customers.models import Customer, TaxCertificate

WARN_BEFORE = timedelta(days=30)
AT_ONCE = 100


@dataclass(frozen=True, kw_only=True)
class CertificateInput:
    """What a certificate says. `region` is one of the country (ISO 3166-2), empty: all of it."""

    number: str
    country: str
    reason: str
    valid_from: date
    valid_until: date | None = None
    region: str = ""


@service
def add_certificate(
    customer_id: int, given: CertificateInput, *, file: NewFile | None = None, actor: Actor
) -> TaxCertificate:
    """Write down that a customer is exempt in a country. Orders from now on are; those that are placed stay."""
    customer = Customer.objects.locked().get(pk=customer_id)
    _require_sense(given)
    kept = None
    if file is not None:
        kept = keep_file(
            name=file.name, content=file.content, content_type=file.content_type, thread=thread_of(customer)
        )
    made = TaxCertificate.objects.create(customer=customer, file=kept, added_by=str(actor), **vars(given))
    _copy(customer)
    note_change(customer, "customers.certificate_added", actor=actor, after=_told(made))
    return made


@service
def end_certificate(certificate_id: int, *, actor: Actor) -> TaxCertificate:
    """Let a certificate count no more; ended twice, nothing changes. What was sold under it stays."""
    found = TaxCertificate.objects.filter(pk=certificate_id).first()
    if found is None:
        raise UnknownCertificate(f"There is no certificate {certificate_id}")
    customer = Customer.objects.locked().get(pk=found.customer_id)
    if TaxCertificate.objects.filter(pk=certificate_id, ended_at=None).update(ended_at=timezone.now()):
        _copy(customer)
        note_change(customer, "customers.certificate_ended", actor=actor, before=_told(found))
    return TaxCertificate.objects.get(pk=certificate_id)


@service
def warn_of_certificates(*, today: date | None = None, limit: int = AT_ONCE) -> int:
    """Tell of certificates that end within thirty days, of each once. Returns how many."""
    soon = (today or seat.today()) + WARN_BEFORE
    open_ones = TaxCertificate.objects.filter(ended_at=None, warned_at=None, valid_until__lte=soon)
    found = list(open_ones.order_by("valid_until", "pk").select_for_update(no_key=True)[:limit])
    TaxCertificate.objects.filter(pk__in=[one.pk for one in found]).update(warned_at=timezone.now())
    emit(
        *(
            CertificateEnds(
                customer_id=one.customer_id,
                certificate_id=one.pk,
                number=one.number,
                until=one.valid_until.isoformat() if one.valid_until else "",
            )
            for one in found
        ),
        actor=SYSTEM,
    )
    return len(found)


def _copy(customer: Customer) -> None:
    """Keep what counts where pricing reads it: with the customer."""
    rows = TaxCertificate.objects.filter(customer=customer, ended_at=None).order_by("pk")
    customer.exemptions = [_told(one) for one in rows]
    customer.version += 1
    customer.save(update_fields=["exemptions", "version"])


def _told(one: TaxCertificate) -> dict[str, Any]:
    return {
        "number": one.number,
        "country": one.country,
        "region": one.region,
        "reason": one.reason,
        "valid_from": one.valid_from.isoformat(),
        "valid_until": one.valid_until.isoformat() if one.valid_until else "",
    }


def _require_sense(given: CertificateInput) -> None:
    faults = [
        {"pointer": f"/{name}", "code": "required", "detail": _("This is needed.")}
        for name in ("number", "reason")
        if not getattr(given, name).strip()
    ]
    if not is_country(given.country):
        faults.append({"pointer": "/country", "code": "invalid", "detail": _("There is no such country.")})
    elif given.region and not given.region.startswith(f"{given.country}-"):
        text = _("A region begins with its country, as in US-CA.")
        faults.append({"pointer": "/region", "code": "invalid", "detail": text})
    if given.valid_until is not None and given.valid_until < given.valid_from:
        faults.append({"pointer": "/valid_until", "code": "min_value", "detail": _("It ends before it begins.")})
    if faults:
        raise Invalid(faults[0]["detail"], errors=faults)
