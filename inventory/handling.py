"""How goods must be handled: who keeps or carries them says whether it can be done."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

FRAGILE, COLD, HAZARDOUS, AGE_CHECK, GIFT = "fragile", "cold", "hazardous", "age_check", "gift"
TAGS = {
    FRAGILE: _("fragile"),
    COLD: _("cold"),
    HAZARDOUS: _("hazardous"),
    AGE_CHECK: _("age check"),
    GIFT: _("gift"),
}
# A gift is wrapped: that is asked of the warehouse, never of who carries it.
CARRIED = frozenset(TAGS) - {GIFT}


def usual_handling() -> list[str]:
    """Return what every place can do unless somebody says otherwise."""
    return [FRAGILE, GIFT]


def unknown_tags(tags: Iterable[object]) -> list[str]:
    """Return those that are no tags."""
    return sorted(str(tag) for tag in tags if tag not in TAGS)


def labels(tags: Iterable[str]) -> list[str]:
    """Return how people call them, in one order."""
    wanted = set(tags)
    return [str(label) for tag, label in TAGS.items() if tag in wanted]
