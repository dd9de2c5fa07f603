"""What kits are made of: checked before it is written, and told in the history."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _

from core.errors import Invalid
from core.service import service
from inventory.models import FormerPart, KitPart, Product

MOST_PARTS = 50
MOST_PER_KIT = 10_000
# Units per kit, by the SKU of the part.
Recipe = Mapping[str, int]


def tidied(parts: Recipe) -> dict[str, int]:
    """Return parts by their SKU in upper case."""
    return {sku.strip().upper(): per for sku, per in parts.items()}


@service
def parts_by_sku(skus: Iterable[str], *, fresh: Sequence[Product] = ()) -> dict[str, Product]:
    """Find and lock products that shall be parts, in pk order: none of them becomes a kit meanwhile.

    `fresh` are products that are about to be made.
    """
    wanted = set(skus)
    rows = Product.objects.select_for_update(no_key=True).order_by("pk").filter(sku__in=wanted) if wanted else ()
    return {product.sku: product for product in fresh} | {product.sku: product for product in rows}


def check_parts(kit: Product, parts: Recipe, known: Mapping[str, Product]) -> None:
    """Refuse parts that cannot be, beside the field they came from."""
    if kit.kind != Product.Kind.KIT:
        if parts:
            _refuse(_("Only a kit has parts: choose that kind, or leave them out"))
        return
    if not parts:
        _refuse(_("A kit has at least one part"))
    if len(parts) > MOST_PARTS:
        _refuse(_("At most %(n)s parts") % {"n": MOST_PARTS})
    for sku, per in parts.items():
        part = known.get(sku)
        if part is None:
            _refuse(_("There is no product %(sku)s.") % {"sku": sku})
        elif sku == kit.sku:
            _refuse(_("A kit cannot contain itself"))
        elif part.is_kit:
            _refuse(_("%(sku)s is a kit itself; name its parts instead") % {"sku": sku})
        elif not part.has_shelf:
            _refuse(_("%(sku)s has no shelf.") % {"sku": sku})
        elif not 1 <= per <= MOST_PER_KIT:
            _refuse(_("%(sku)s: whole units from 1 to %(n)s") % {"sku": sku, "n": f"{MOST_PER_KIT:,}"})


def check_kind(product: Product, before: str) -> None:
    """Refuse another kind for what is a kit or lies in one: orders rely on it."""
    if before == Product.Kind.KIT:
        text = _("A kit stays one; retire it and add another product")
        raise Invalid(text, errors=[{"pointer": "/kind", "code": "invalid", "detail": text}])
    if KitPart.objects.filter(product=product).exists():
        text = _("It is part of a kit; take it out there first")
        raise Invalid(text, errors=[{"pointer": "/kind", "code": "invalid", "detail": text}])


def equip_kit(kit: Product, parts: Recipe, known: Mapping[str, Product]) -> None:
    """Have a kit, on the object, weigh what its parts do unless somebody said so, and be handled as they must be."""
    chosen = [(known[sku], per) for sku, per in parts.items()]
    kit.weight_grams = kit.weight_grams or sum(part.weight_grams * per for part, per in chosen)
    needed = {tag for part, _per in chosen for tag in part.handling} - set(kit.handling)
    kit.handling = [*kit.handling, *sorted(needed)]


@service
def write_parts(recipes: Mapping[Product, Recipe], known: Mapping[str, Product]) -> None:
    """Write down the parts of kits in place of those they had. Orders keep theirs."""
    before = KitPart.objects.filter(kit__in=recipes).values_list("kit", "product__sku", "product")
    kept = {kit.pk: parts for kit, parts in recipes.items()}
    gone = [FormerPart(kit_id=kit, product_id=product) for kit, sku, product in before if sku not in kept[kit]]
    if gone:
        FormerPart.objects.bulk_create(gone, ignore_conflicts=True)
    KitPart.objects.filter(kit__in=recipes).delete()
    KitPart.objects.bulk_create(
        KitPart(kit=kit, product=known[sku], per=per) for kit, parts in recipes.items() for sku, per in parts.items()
    )


def recipe_of(product: Product) -> dict[str, int]:
    """Return the parts of a kit as they are now."""
    return dict(KitPart.objects.filter(kit=product).values_list("product__sku", "per")) if product.is_kit else {}


def spoken(parts: Recipe) -> str:
    """Return parts as the history names them."""
    return ", ".join(f"{per} × {sku}" for sku, per in parts.items())


def _refuse(text: str) -> None:
    raise Invalid(text, errors=[{"pointer": "/parts", "code": "invalid_parts", "detail": text}])
