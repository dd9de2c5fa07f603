"""Facts about orders. `quiet` facts of imported history tell nobody: handlers that write to people leave them out."""

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event

# The history of the daily close, which is about no order.
DAILY_CLOSE = "orders.closing:1"


@dataclass(frozen=True, kw_only=True)
class InOrderHistory(Event):
    """Something that is told in the history of one order, on whichever floor it happened."""

    about_type: ClassVar[str] = "orders.order"
    about: ClassVar[str] = "order_id"
    order_id: int
    quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class OrderEvent(InOrderHistory):
    """Something happened to one order."""

    public: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class OrderPlaced(OrderEvent):
    """A customer made a binding order."""

    name: ClassVar[str] = "orders.order_placed"


@dataclass(frozen=True, kw_only=True)
class PaymentAwaited(OrderEvent):
    """The order stands, and waits for money before it is confirmed."""

    name: ClassVar[str] = "orders.payment_awaited"


@dataclass(frozen=True, kw_only=True)
class PaymentRequested(OrderEvent):
    """Somebody of us asks the customer to pay now."""

    name: ClassVar[str] = "orders.payment_requested"
    public: ClassVar[bool] = False
    asked_at: str


@dataclass(frozen=True, kw_only=True)
class QuotationOffered(InOrderHistory):
    """A draft goes to its customer, who may accept this version of it until a day."""

    name: ClassVar[str] = "orders.quotation_offered"
    version: int
    offered_on: str


@dataclass(frozen=True, kw_only=True)
class OrderVerified(OrderEvent):
    """Every check was passed or waived."""

    name: ClassVar[str] = "orders.order_verified"


@dataclass(frozen=True, kw_only=True)
class OrderConfirmed(OrderEvent):
    """We promised a date, and keep it."""

    name: ClassVar[str] = "orders.order_confirmed"


@dataclass(frozen=True, kw_only=True)
class OrderReleased(OrderEvent):
    """Work started in a warehouse."""

    name: ClassVar[str] = "orders.order_released"


@dataclass(frozen=True, kw_only=True)
class GoodsShipped(OrderEvent):
    """Units left the building (or a service was rendered); `reference` names the parcel or the work."""

    name: ClassVar[str] = "orders.goods_shipped"
    reference: str


@dataclass(frozen=True, kw_only=True)
class GoodsDelivered(OrderEvent):
    """Units arrived; `reference` names the parcel or the work."""

    name: ClassVar[str] = "orders.goods_delivered"
    reference: str


@dataclass(frozen=True, kw_only=True)
class OrderCompleted(OrderEvent):
    """Delivered, invoiced, paid: closed."""

    name: ClassVar[str] = "orders.order_completed"


@dataclass(frozen=True, kw_only=True)
class OrderCancelled(OrderEvent):
    """Nothing will leave. Where `stock_released` is false, the warehouse at work gives the units back."""

    name: ClassVar[str] = "orders.order_cancelled"
    reason: str
    stock_released: bool


@dataclass(frozen=True, kw_only=True)
class OrderExpired(OrderEvent):
    """The money did not come in time; the stock is free again."""

    name: ClassVar[str] = "orders.order_expired"


@dataclass(frozen=True, kw_only=True)
class OrderChanged(OrderEvent):
    """Preferences, tags or other data of the order were changed; `fields` names them."""

    name: ClassVar[str] = "orders.order_changed"
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class OrderAmended(OrderEvent):
    """The agreement itself was changed: `fields` names what, `change` the edit with its figures before and after.

    `tells` says whether the customer gets a mail about it; programs hear of it all the same.
    """

    name: ClassVar[str] = "orders.order_amended"
    change: str
    fields: list[str]
    tells: bool = True


@dataclass(frozen=True, kw_only=True)
class HoldEvent(OrderEvent):
    """A hold, on the whole order or only `partly`: on a line or a piece of work."""

    hold_id: int
    kind: str
    partly: bool = False


@dataclass(frozen=True, kw_only=True)
class HoldPlaced(HoldEvent):
    """Something must be settled before the order, or that part of it, moves on."""

    name: ClassVar[str] = "orders.hold_placed"


@dataclass(frozen=True, kw_only=True)
class HoldReleased(HoldEvent):
    """It was settled."""

    name: ClassVar[str] = "orders.hold_released"


@dataclass(frozen=True, kw_only=True)
class ChecksRepeated(InOrderHistory):
    """The checks were looked at again; `said` is what came of it."""

    name: ClassVar[str] = "orders.checks_repeated"
    said: str


@dataclass(frozen=True, kw_only=True)
class ToldApartEvent(InOrderHistory):
    """Somebody looked at the order beside one that looks like it; `other` is its number."""

    other: str


@dataclass(frozen=True, kw_only=True)
class ToldToBeOthers(ToldApartEvent):
    """Both are meant."""

    name: ClassVar[str] = "orders.told_apart"
    because: str


@dataclass(frozen=True, kw_only=True)
class ToldAgain(ToldApartEvent):
    """They may be the same after all, and are compared again."""

    name: ClassVar[str] = "orders.told_apart_no_more"


@dataclass(frozen=True, kw_only=True)
class ToldTheSame(ToldApartEvent):
    """They were the same, and the other one is cancelled."""

    name: ClassVar[str] = "orders.told_the_same"


@dataclass(frozen=True, kw_only=True)
class SentAgainEvent(OrderEvent):
    """What was lost in a parcel, `reference`, goes out once more; `other` is the number of the other order."""

    other: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class SentAgain(SentAgainEvent):
    """Another order at no charge brings it."""

    name: ClassVar[str] = "orders.sent_again"


@dataclass(frozen=True, kw_only=True)
class StandsFor(SentAgainEvent):
    """This order at no charge brings it."""

    name: ClassVar[str] = "orders.stands_for"


@dataclass(frozen=True, kw_only=True)
class BackordersFilled(OrderEvent):
    """Units that were missing are tied to stock now."""

    name: ClassVar[str] = "orders.backorders_filled"


@dataclass(frozen=True, kw_only=True)
class UnitsWanted(InOrderHistory):
    """An order that may take the stock of planned work by itself was confirmed, and misses some."""

    name: ClassVar[str] = "orders.units_wanted"


@dataclass(frozen=True, kw_only=True)
class UnitsAwaited(Event):
    """Orders wait for units as of now: what others committed while that was written nobody could see yet."""

    name: ClassVar[str] = "orders.units_awaited"
    order_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class RanksChanged(Event):
    """Orders are more or less urgent than before: who keeps a copy of their rank follows."""

    name: ClassVar[str] = "orders.ranks_changed"
    order_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class WeightsChanged(Event):
    """Somebody said anew what makes an order urgent."""

    name: ClassVar[str] = "orders.priority_weights_changed"
    version: int


@dataclass(frozen=True, kw_only=True)
class AllocationLost(OrderEvent):
    """Units that were tied to stock turned out not to be there."""

    name: ClassVar[str] = "orders.allocation_lost"


@dataclass(frozen=True, kw_only=True)
class StockLapsed(OrderEvent):
    """Stock was kept for the order until a moment; it was not paid, and others may have it now."""

    name: ClassVar[str] = "orders.stock_lapsed"
    until: str


@dataclass(frozen=True, kw_only=True)
class StockLent(OrderEvent):
    """Units that the order needs only later went to another; what comes brings them back before a day."""

    name: ClassVar[str] = "orders.stock_lent"
    to: str
    units: str
    until: str


@dataclass(frozen=True, kw_only=True)
class LentWanted(Event):
    """Orders need what they lent earlier than was thought."""

    name: ClassVar[str] = "orders.lent_wanted"
    order_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class LentIsBack(InOrderHistory):
    """The order has all units back that it lent."""

    name: ClassVar[str] = "orders.lent_is_back"


@dataclass(frozen=True, kw_only=True)
class StockBorrowed(OrderEvent):
    """The order got units that another needs only later."""

    name: ClassVar[str] = "orders.stock_borrowed"
    lender: str
    units: str


@dataclass(frozen=True, kw_only=True)
class StockMissed(OrderEvent):
    """The order was paid after its stock was let go, and these units could not be had any more."""

    name: ClassVar[str] = "orders.stock_missed"
    units: str


@dataclass(frozen=True, kw_only=True)
class PromiseChanged(OrderEvent):
    """The promised day moved, for a cause: a code for machines (`orders.sentences`), and words."""

    name: ClassVar[str] = "orders.promise_changed"
    before: str
    after: str
    cause: str
    because: str


@dataclass(frozen=True, kw_only=True)
class PromiseAtRisk(OrderEvent):
    """The promised day will be missed unless somebody does something; told once for each promise."""

    name: ClassVar[str] = "orders.promise_at_risk"
    promised_on: str
    expected_on: str
    because: str


@dataclass(frozen=True, kw_only=True)
class WorkDue(OrderEvent):
    """The day has come on which work on something of the order may begin: it was wanted later, or not released."""

    name: ClassVar[str] = "orders.work_due"
    public: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class CommentAdded(OrderEvent):
    """Somebody said something about the order."""

    name: ClassVar[str] = "orders.comment_added"
    public: ClassVar[bool] = False
    comment_id: int
    shown: bool = False


@dataclass(frozen=True, kw_only=True)
class FollowUpDue(InOrderHistory):
    """The day has come on which somebody is to look at the order again."""

    name: ClassVar[str] = "orders.follow_up_due"
    on: str


@dataclass(frozen=True, kw_only=True)
class ReplayWanted(Event):
    """Somebody wants to know what a draft of routing rules would have done."""

    name: ClassVar[str] = "orders.replay_wanted"
    replay_id: int


@dataclass(frozen=True, kw_only=True)
class DayClosed(Event):
    """The daily close was over: so many orders were closed by it."""

    name: ClassVar[str] = "orders.day_closed"
    closed: int
    on: str

    def thread(self) -> str:
        """Return the history that the closes have together."""
        return DAILY_CLOSE
