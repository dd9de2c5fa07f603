"""The logo of a seller: kept under its checksum, which documents copy, so that they keep the one they had."""

from billing import logos, typesetting
from billing.errors import LogoRefused
from billing.models import LegalEntity
from billing.services.heads import keep_small
from billing.services.sellers import forget_shop_logo
from core.actors import Actor
from core.files import FileDamaged, keep_file, read_file
from core.models import Attachment
from core.service import note_change, service

THREAD = "billing.logo"


def check_logo(content: bytes) -> None:
    """Refuse what is no logo, or cannot be drawn. Raises LogoRefused with the reason for people."""
    reason = logos.why_not(content)
    reason = reason or typesetting.why_not_drawn(content, logos.FORMATS[logos.kind_of(content)])
    if reason:
        raise LogoRefused(reason, errors=[{"pointer": "/picture", "code": LogoRefused.code, "detail": reason}])


@service
def set_logo(entity_id: int, content: bytes | None, *, actor: Actor) -> LegalEntity:
    """Print a logo on the papers that are written from now on, or none. Raises LogoRefused.

    No logo is ever forgotten: documents that were issued with it may be printed later.
    """
    entity = LegalEntity.objects.select_for_update(of=("self",), no_key=True).select_related(None).get(pk=entity_id)
    kept = None if content is None else _keep(content)
    before = {"logo": entity.logo.sha256[:12] if entity.logo else ""}
    entity.logo = kept
    entity.save(update_fields=["logo"])
    if kept is not None:
        keep_small(kept)
    forget_shop_logo()
    after = {"logo": kept.sha256[:12] if kept else ""}
    if before != after:
        note_change(entity, "billing.legalentity.changed", actor=actor, before=before, after=after)
    return entity


def _keep(content: bytes) -> Attachment:
    check_logo(content)
    kind = logos.kind_of(content)
    return keep_file(name=f"logo.{logos.FORMATS[kind]}", content=content, content_type=kind, thread=THREAD)


def logo_on_paper(checksum: str) -> str:
    """Return a logo by its checksum as typst draws it; nothing where it is lost, so that papers are still printed."""
    kept = Attachment.objects.filter(thread=THREAD, sha256=checksum).order_by("pk").first() if checksum else None
    if kept is None:
        return ""
    try:
        return logos.for_paper(read_file(kept))
    except FileDamaged:
        return ""
