"""Orders that were priced before a tax rate changed: what has not left bears the rate of the day on which it does.

(Directive 2006/112/EC, art. 63 and 93.) Nothing is changed by itself: whether the price is to stay, or a rule of
transition keeps the rate, is for a person to say. Until then nothing of it leaves.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.countries import country_names
from core.reader import spoken_date
from core.service import service
from customers.models import TaxCertificate
from orders import categories
from orders.changing import ChangePreview
from orders.errors import ChangeRefused, ExceptionNotOpen, OldTaxRate
from orders.models import Order, OrderChange, OrderException, OrderLine
from orders.selectors import WAITING
from orders.sentences import EXEMPT_NO_MORE, RATE_KEPT, RATE_MOVED, TAXED_ANEW
from orders.wishes import Wish
from pricing import services as pricing

from .amending import preview_change
from .changes import amend_order
from .exceptions import OPEN, open_exception
from .mending import finish, in_hand
from .promising import country_of
from .taxing import OldRates, may_have_moved, old_rates, still_to_bill

CATEGORY = "tax_rate"
AT_ONCE = 500


def watch_rates(now: datetime | None = None) -> int:
    """Put every order before finance of which something would leave at a rate that holds no more. Returns how many.

    Safe to repeat: what somebody has decided about is told again when the rate changes again. Three statements for
    five hundred orders that may still leave and were priced before the last change of any rate, and what opens.
    """
    when = now or timezone.now()
    today = timezone.localdate(when)
    last = pricing.last_rate_began(today)
    moved = _exempt_otherwise(today) if last is None else _priced_before(last) | _exempt_otherwise(today)
    rows = Order.objects.filter(moved, status__in=WAITING, quiet=False).select_related("channel", "customer")
    return sum(_open(_found(batch, on=today), at=when) for batch in _batches(rows))


def _exempt_otherwise(today: date) -> Q:
    """Return which orders are of who holds a certificate that began or ended since they were taxed."""
    taxed_on = OuterRef("taxed_on")
    ended = Q(valid_until__gte=taxed_on, valid_until__lt=today)
    began = Q(valid_from__gt=taxed_on, valid_from__lte=today)
    return Q(Exists(TaxCertificate.objects.filter(ended | began, customer=OuterRef("customer"))))


def _priced_before(day: date) -> Q:
    began = timezone.make_aware(datetime.combine(day, datetime.min.time()))
    return Q(taxed_on__lt=day) | Q(taxed_on=None, placed_at__lt=began)


def _batches(rows: QuerySet[Order]) -> Iterator[list[Order]]:
    after = 0
    while batch := list(rows.filter(pk__gt=after).order_by("pk")[:AT_ONCE]):
        yield batch
        after = batch[-1].pk


def _found(orders: Iterable[Order], *, on: date) -> list[tuple[Order, OldRates]]:
    """Return the orders whose rates moved; the lines of those that may be affected are read at once."""
    may = [order for order in orders if may_have_moved(order, on=on)]
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    rows = OrderLine.objects.filter(order__in=may).select_related("product") if may else OrderLine.objects.none()
    for line in rows.order_by("order", "position"):
        lines[line.order_id].append(line)
    return [(order, old) for order in may if (old := old_rates(order, lines[order.pk], on=on)) is not None]


def _open(found: Sequence[tuple[Order, OldRates]], *, at: datetime) -> int:
    causes = {_cause(order.pk, old): (order, old) for order, old in found}
    known = OrderException.objects.filter(dedupe_key__in=list(causes)).values_list("dedupe_key", flat=True)
    for cause in known if causes else ():
        causes.pop(cause, None)
    for cause, (order, old) in causes.items():
        open_exception(
            category=CATEGORY,
            title=_title(order, old),
            dedupe_key=cause,
            order_id=order.pk,
            payload={"since": old.since.isoformat()},
            at=at,
        )
    return len(causes)


def _cause(order_id: int, old: OldRates) -> str:
    return f"tax-rate:{order_id}:{old.since}"


def _title(order: Order, old: OldRates) -> str:
    country = country_names("en").get(country_of(order), country_of(order))
    if old.is_exempt_no_more:
        now = " / ".join(dict.fromkeys(_percent(rate) for _category, rate in old.lines.values()))
        return EXEMPT_NO_MORE(day=old.since.isoformat(), country=country, now=now)
    pairs = dict.fromkeys((line.tax_rate, rate) for line, (_category, rate) in old.lines.items())
    return RATE_MOVED(
        day=old.since.isoformat(),
        country=country,
        now=" / ".join(_percent(now) for _was, now in pairs),
        was=" / ".join(_percent(was) for was, _now in pairs),
    )


def _percent(rate: Decimal) -> str:
    return f"{(rate * 100).normalize():f} %"


@categories.over(CATEGORY)
def taxed_or_gone(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose order is over, has left, or bears the rates of today, or ones that moved once more."""
    ids = [one.order_id for one in exceptions if one.order_id]
    orders = Order.objects.filter(pk__in=ids, status__in=WAITING).select_related("channel", "customer")
    still = {_cause(order.pk, old) for order, old in _found(orders, on=timezone.localdate())}
    return {one.pk for one in exceptions if one.dedupe_key not in still}


def refuse_old_rates(order: Order, lines: Iterable[OrderLine], leaving: Mapping[int, int], *, at: datetime) -> None:
    """Raise OldTaxRate where units leave that would be invoiced at a rate that holds no more, and nobody wants that.

    `leaving` are units by the id of their line. Where no rate changed since an order was priced, nothing is read.
    """
    on = timezone.localdate(at)
    if order.quiet or not may_have_moved(order, on=on):
        return
    old = old_rates(order, list(lines), on=on)
    if old is None or not any(leaving.get(line.pk) for line in old.to_bill):
        return
    decided = OrderException.objects.filter(dedupe_key=_cause(order.pk, old)).exclude(status__in=OPEN)
    if not decided.exists():
        detail = _("A tax rate changed on %(day)s, and nobody has decided yet by which one this order is invoiced")
        if old.is_exempt_no_more:
            detail = _("The customer is not exempt since %(day)s, and nobody has decided yet how this is invoiced")
        raise OldTaxRate(detail % {"day": spoken_date(old.since)}, order=order.number, since=old.since.isoformat())


# What is done about it


def taxed_anew(exception: OrderException) -> ChangePreview | None:
    """Say what the rates of today make of the order of an exception; nothing where it is over."""
    if exception.order_id is None or exception.order is None or exception.order.status not in WAITING:
        return None
    return preview_change(exception.order_id, _rates_of_today())


@service
def tax_anew(exception_id: int, *, actor: Actor) -> OrderException:
    """Let what has to be billed yet bear the rates of today: another version of the order, as with any edit.

    Its customer is told where that changes what they pay. Where somebody has to agree, it waits for that. Raises
    ChangeRefused with what is done instead.
    """
    exception, order = in_hand(exception_id, with_work=True)
    _require_about_rates(exception)
    shown = preview_change(order.pk, _rates_of_today(), actor=actor)
    if shown.refusals:
        raise ChangeRefused(shown.refusals[0]["detail"], errors=list(shown.refusals))
    change = amend_order(
        order.pk,
        _rates_of_today(),
        expected_version=order.version,
        reason=str(exception.title)[:300],
        tell_customer=shown.before["total"] != shown.after["total"],
        actor=actor,
    )
    if change.status != OrderChange.Status.APPLIED:
        return exception
    return finish(exception, TAXED_ANEW(day=timezone.localdate().isoformat()), actor=actor)


@service
def keep_rates(exception_id: int, *, reason: str, actor: Actor) -> OrderException:
    """Invoice an order by the rates it bears, for a reason; that is asked again when the rate changes again."""
    exception, _order = in_hand(exception_id)
    _require_about_rates(exception)
    return finish(exception, RATE_KEPT(reason=reason), actor=actor)


def billed_in_advance(order: Order) -> int:
    """Return how many units stand on an invoice and have not left: that one keeps its rate."""
    lines = OrderLine.objects.filter(order=order)
    return sum(line.open - still_to_bill(line) for line in lines)


def _require_about_rates(exception: OrderException) -> None:
    if exception.category != CATEGORY:
        raise ExceptionNotOpen(_("This is about no tax rate"))


def _rates_of_today() -> Wish:
    return Wish(taxed_on=timezone.localdate())
