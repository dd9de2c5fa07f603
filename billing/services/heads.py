"""The logo of a seller in the heads of mails and of the customers' pages: small, and kept once it was drawn."""

from dataclasses import astuple, dataclass

from django.core.cache import cache

from billing import small_logos
from billing.models import LegalEntity
from billing.services.sellers import SHOP_LOGO, default_entity, seller_of_order
from core.files import FileDamaged, keep_file, read_file
from core.letterheads import Letterhead
from core.models import Attachment

SMALL = "billing.small_logo"
# So many seconds, where the process that changes it has no cache in common with the one that shows it.
KEPT = 60
LONGEST_MARK = 32


@dataclass(frozen=True)
class ShopLogo:
    """The logo at the head of the shop; `mark` tells it from every other, width and height in points of a screen."""

    name: str
    mark: str
    width: int
    height: int


def letterhead_of_order(order_id: int) -> Letterhead | None:
    """Return the head of mails about an order: of its seller; none without a logo."""
    # Most shops have no logo at all: then nobody has to look for invoices.
    if not LegalEntity.objects.filter(logo__isnull=False).exists():
        return None
    return _letterhead(seller_of_order(order_id))


def letterhead_of_seller(entity_id: int) -> Letterhead | None:
    """Return the head of mails of a seller; none without a logo."""
    return _letterhead(LegalEntity.objects.filter(pk=entity_id).select_related("logo").first())


def letterhead_of_shop() -> Letterhead | None:
    """Return the head of mails of the seller of new documents; none without a logo."""
    return _letterhead(default_entity())


def shop_logo() -> ShopLogo | None:
    """Return the logo at the head of the shop. It is asked for with every page, so it is remembered for a minute."""
    known = cache.get(SHOP_LOGO)
    if known is None:
        found = _shop_logo()
        known = astuple(found) if found else ()
        cache.set(SHOP_LOGO, known, KEPT)
    return ShopLogo(*known) if known else None


def small_logo(mark: str) -> bytes:
    """Return a small logo by its mark, as PNG; nothing of one that is unknown or lost."""
    kept = Attachment.objects.filter(thread=f"{SMALL}:{mark}").order_by("pk").first()
    return _read(kept) if kept else b""


def keep_small(logo: Attachment) -> Attachment | None:
    """Return a logo as it is shown on screens, drawn with the first need; none where it cannot be drawn."""
    thread = f"{SMALL}:{_mark(logo)}"
    if kept := Attachment.objects.filter(thread=thread).order_by("pk").first():
        return kept
    try:
        drawn = small_logos.drawn_small(read_file(logo))
    except (FileDamaged, RuntimeError):
        return None
    return keep_file(name="logo.png", content=drawn, content_type="image/png", thread=thread) if drawn else None


def _letterhead(entity: LegalEntity | None) -> Letterhead | None:
    small = keep_small(entity.logo) if entity and entity.logo else None
    if entity is None or small is None:
        return None
    width, height = small_logos.shown_size(_read(small))
    return Letterhead(entity.name, small.pk, small.sha256, width, height) if width else None


def _shop_logo() -> ShopLogo | None:
    entity = default_entity()
    head = _letterhead(entity)
    if head is None or entity is None or entity.logo is None:
        return None
    return ShopLogo(head.name, _mark(entity.logo), head.width, head.height)


def _mark(logo: Attachment) -> str:
    return logo.sha256[:LONGEST_MARK]


def _read(kept: Attachment) -> bytes:
    try:
        return read_file(kept)
    except FileDamaged:
        return b""
