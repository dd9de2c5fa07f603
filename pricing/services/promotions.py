"""Which promotions an order gets, and how often each may be used, also by many at the same moment."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from core.reader import spoken_amount
from core.service import service
from pricing.calculation import GoodsLine, PromotionRule
from pricing.errors import CouponRefused
from pricing.models import Promotion, Redemption
from pricing.reference import reference

# Entries of an explanation by which a promotion has taken something off.
TOOK_OFF = ("promotion_percent", "promotion_amount")
# So often another order may take the slot that was free a moment ago.
TRIES = 5


@dataclass(frozen=True, kw_only=True)
class Sale:
    """What a promotion asks about: when and where, to whom, and for which goods.

    `is_first` is None where nobody knows whether the customer ordered before.
    """

    on: date
    currency: str
    channel_id: int
    goods: Sequence[GoodsLine]
    group_id: int | None = None
    customer_id: int | None = None
    is_first: bool | None = None


def promotions_for(sale: Sale, codes: Sequence[str]) -> list[PromotionRule]:
    """Return the promotions that apply, in the order in which they are worked out.

    A higher priority goes first, then a typed code, then a share before an amount, then the code. Whatever is
    exclusive stands alone: it is taken if nothing was before it, and then nothing is after it. A code that does not
    fit is refused.
    """
    wanted = {code.strip().upper(): index for index, code in reversed(list(enumerate(codes))) if code.strip()}
    automatic = [one for one in reference().promotions if one.code.upper() not in wanted]
    limited = [one.pk for one in automatic if one.max_uses is not None]
    fresh: list[Promotion] = []
    if wanted or limited:
        asked = Promotion.objects.filter(Q(code__in=_spellings(codes)) | Q(pk__in=limited), active=True)
        fresh = list(asked)
    typed = {one.code.upper(): one for one in fresh if one.code.upper() in wanted}
    known = {one.pk: one for one in automatic if one.max_uses is None} | {one.pk: one for one in fresh}
    uses = _uses_of(known.values(), sale.customer_id)
    chosen, reasons = _choose(known.values(), sale, frozenset(one.pk for one in typed.values()), uses)
    faults = []
    for code, index in wanted.items():
        reason = reasons.get(typed[code].pk, "") if code in typed else _("unknown or no longer valid")
        if reason:
            text = _("Coupon %(code)s: %(reason)s") % {"code": code, "reason": reason}
            faults.append({"pointer": f"/coupon_codes/{index}", "code": CouponRefused.code, "detail": text})
    if faults:
        raise CouponRefused(faults[0]["detail"], errors=faults)
    return [_rule(one) for one in chosen]


def _choose(
    known: Iterable[Promotion], sale: Sale, typed: frozenset[int], uses: Mapping[int, int]
) -> tuple[list[Promotion], dict[int, str]]:
    """Return what applies, and why the others do not."""
    chosen: list[Promotion] = []
    reasons: dict[int, str] = {}
    for one in sorted(known, key=lambda one: (-one.priority, one.pk not in typed, one.kind != "percent", one.code)):
        is_typed = one.pk in typed
        if reason := _why_not(one, sale, is_typed=is_typed, used=uses.get(one.pk, 0)):
            reasons[one.pk] = reason
        elif chosen and (one.exclusive or chosen[0].exclusive):
            reasons[one.pk] = _("cannot be combined with “%(name)s”") % {"name": chosen[0].name}
        else:
            chosen.append(one)
    return chosen, reasons


def _why_not(promotion: Promotion, sale: Sale, *, is_typed: bool, used: int) -> str:
    """Say why a promotion does not apply, or nothing."""
    if not promotion.is_on(sale.on):
        return _("not valid on this day")
    if promotion.currency and promotion.currency != sale.currency:
        return _("only for orders in %(currency)s") % {"currency": promotion.currency}
    if promotion.channel_id not in (None, sale.channel_id) or promotion.group_id not in (None, sale.group_id):
        return _("not for this order")
    # Of a code that somebody types before we know who it is, the order itself decides.
    if promotion.first_order and not (sale.is_first or (is_typed and sale.is_first is None)):
        return _("only for a first order")
    if promotion.per_customer is not None and not is_typed and sale.customer_id is None and sale.is_first is None:
        return _("only for customers who give their name")
    if promotion.max_uses is not None and promotion.used >= promotion.max_uses:
        return _("used up")
    if promotion.per_customer is not None and used >= promotion.per_customer:
        return _("you have used it already")
    covered = [line for line in sale.goods if _rule(promotion).covers(line)]
    if not covered:
        return _("not for these goods")
    worth = sum((line.unit_price * line.quantity - line.discount for line in covered), start=Decimal(0))
    if worth < promotion.min_goods_value:
        least = spoken_amount(promotion.min_goods_value, sale.currency)
        return _("only for goods from %(amount)s") % {"amount": least}
    return ""


def _uses_of(promotions: Iterable[Promotion], customer_id: int | None) -> dict[int, int]:
    """Return how often a customer has used each promotion that counts them."""
    limited = [one.pk for one in promotions if one.per_customer is not None]
    if not limited or customer_id is None:
        return {}
    counted = Redemption.objects.filter(promotion__in=limited, customer=customer_id, given_back_at=None)
    return dict(counted.values_list("promotion").annotate(n=Count("pk")))


def _rule(one: Promotion) -> PromotionRule:
    return PromotionRule(
        code=one.code,
        name=one.name,
        kind=one.kind,
        value=one.value,
        min_goods_value=one.min_goods_value,
        max_discount=one.max_discount or Decimal(0),
        priority=one.priority,
        skus=tuple(one.skus),
        categories=tuple(one.categories),
    )


def _spellings(codes: Sequence[str]) -> set[str]:
    """Return how a code may be stored: as typed, or in capitals."""
    stripped = {code.strip() for code in codes}
    return stripped | {code.upper() for code in stripped}


def granted_by(told: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the codes of the promotions that took something off, as an explanation tells them."""
    entries = list(told)
    freed = any(one["code"] == "free_shipping" for one in entries)
    return [
        str(one["rule"]["code"])
        for one in entries
        if one["code"] in TOOK_OFF or (freed and one["code"] == "promotion_free_shipping")
    ]


def named_by(told: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the codes of the promotions that an explanation tells of, also of those that take nothing off now."""
    return list(dict.fromkeys(str(one["rule"]["code"]) for one in told if "rule" in one))


def uses_of(reference: str) -> list[str]:
    """Return the codes of the promotions of which something holds a use that counts."""
    held = Redemption.objects.filter(reference=reference, given_back_at=None).order_by("promotion_id")
    return list(held.values_list("promotion__code", flat=True))


def out_of_uses(codes: Collection[str], *, customer_id: int | None) -> set[str]:
    """Return the promotions of which no use is left for a customer: he, or all, had them as often as may be."""
    asked = list(Promotion.objects.filter(code__in=codes))
    uses = _uses_of(asked, customer_id)
    return {
        one.code
        for one in asked
        if (one.max_uses is not None and one.used >= one.max_uses)
        or (one.per_customer is not None and (customer_id is None or uses.get(one.pk, 0) >= one.per_customer))
    }


@service
def hold_uses(codes: Collection[str]) -> None:
    """Let nobody else use promotions that may be used so often and no more, until what is going on here is done."""
    limited = Promotion.objects.filter(code__in=codes, max_uses__isnull=False)
    # In pk order, so that two orders can never wait for each other.
    list(limited.order_by("pk").select_for_update(of=("self",), no_key=True))


@service
def redeem(codes: Sequence[str], *, customer_id: int | None, reference: str = "", at: datetime) -> list[int]:
    """Use promotions once each. Returns the uses; who has no reference yet says it later, with `refer`.

    What `reference` holds already is not used again. Raises CouponRefused where all uses are taken, also when the last
    one went to somebody else a moment ago.
    """
    if not codes:
        return []
    holding = set()
    if reference:
        mine = Redemption.objects.filter(reference=reference, given_back_at=None)
        holding = set(mine.values_list("promotion", flat=True))
    taken = []
    # In pk order, so that two orders can never wait for each other.
    for promotion in Promotion.objects.filter(code__in=codes).order_by("pk"):
        if not promotion.is_counted or promotion.pk in holding:
            continue
        _count(promotion)
        taken.append(_take(promotion, customer_id, reference or uuid4().hex, at).pk)
    return taken


def _count(promotion: Promotion) -> None:
    """Count a use of what may be used so often and no more. The row itself is the guard."""
    if promotion.max_uses is None:
        return
    free = Promotion.objects.filter(Q(max_uses__isnull=True) | Q(used__lt=F("max_uses")), pk=promotion.pk)
    if not free.update(used=F("used") + 1):
        raise _refused(promotion, _("used up"))


def _take(promotion: Promotion, customer_id: int | None, reference: str, at: datetime) -> Redemption:
    """Write a use down, in the first free slot of the customer. The unique slot is the guard."""
    limit = promotion.per_customer
    if limit is None:
        return Redemption.objects.create(
            promotion=promotion, customer_id=customer_id, reference=reference, taken_at=at
        )
    if customer_id is None:
        raise _refused(promotion, _("only for customers who give their name"))
    for _try in range(TRIES):
        counted = Redemption.objects.filter(promotion=promotion, customer=customer_id, given_back_at=None)
        slots = list(counted.values_list("slot", flat=True))
        if len(slots) >= limit:
            break
        free = next(slot for slot in range(1, len(slots) + 2) if slot not in slots)
        try:
            with transaction.atomic():
                return Redemption.objects.create(
                    promotion=promotion, customer_id=customer_id, reference=reference, slot=free, taken_at=at
                )
        except IntegrityError:
            # Another order of the customer took it a moment ago.
            continue
    raise _refused(promotion, _("you have used it already"))


def _refused(promotion: Promotion, reason: str) -> CouponRefused:
    text = _("Coupon %(code)s: %(reason)s") % {"code": promotion.code, "reason": reason}
    return CouponRefused(text, errors=[{"pointer": "/coupon_codes/0", "code": CouponRefused.code, "detail": text}])


@service
def refer(uses: Sequence[int], *, reference: str) -> None:
    """Say by what promotions were used that were taken before it had a name."""
    if uses:
        Redemption.objects.filter(pk__in=uses).update(reference=reference)


@service
def give_back(reference: str, *, codes: Collection[str] | None = None, at: datetime | None = None) -> int:
    """Give back the uses that something holds: every one of what is no sale any more, else of these promotions.

    Returns how many.
    """
    held = Redemption.objects.filter(reference=reference, given_back_at=None).order_by("promotion_id")
    held = held if codes is None else held.filter(promotion__code__in=codes)
    given = 0
    for pk, promotion_id in list(held.values_list("pk", "promotion_id")):
        # Whoever writes it down first gives the use back, once.
        if Redemption.objects.filter(pk=pk, given_back_at=None).update(given_back_at=at or timezone.now()):
            Promotion.objects.filter(pk=promotion_id, max_uses__isnull=False, used__gt=0).update(used=F("used") - 1)
            given += 1
    return given


@service
def recount(promotion_id: int) -> None:
    """Count the uses of a promotion anew, where a limit was just set or changed."""
    promotion = Promotion.objects.select_for_update(no_key=True).get(pk=promotion_id)
    counted = Redemption.objects.filter(promotion=promotion, given_back_at=None).count()
    Promotion.objects.filter(pk=promotion_id).update(used=counted)
