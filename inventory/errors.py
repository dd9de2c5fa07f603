"""What inventory refuses, and why."""

from core.errors import Conflict, Invalid, Missing


class UnknownProduct(Invalid):
    """No product has this SKU or id."""

    code = "unknown_product"


class UnknownWarehouse(Invalid):
    """No warehouse has this code or id."""

    code = "unknown_warehouse"


class NotStocked(Invalid):
    """Services and digital items have no shelf."""

    code = "not_stocked"


class InsufficientStock(Conflict):
    """More was asked for than is free; `shortages` names sku, requested and available.

    Where units may wait, but not so many, each names how many still `may_wait`, too.
    """

    code = "insufficient_stock"


class NotReserved(Conflict):
    """These units are not tied to this demand at this warehouse."""

    code = "not_reserved"


class BelowZero(Conflict):
    """More would leave the shelf than lies there."""

    code = "below_zero"


class ShelfFull(Conflict):
    """More units than anyone can count."""

    code = "shelf_full"


class StockMoved(Conflict):
    """Somebody else changed the same stock at the same moment."""

    code = "concurrent_change"


class DuplicateSku(Conflict):
    """Another product has this SKU already."""

    code = "duplicate_sku"


class DuplicateCode(Conflict):
    """Another warehouse has this code already."""

    code = "duplicate_code"


class ReceiptClosed(Conflict):
    """Nothing more is expected of this receipt."""

    code = "receipt_closed"


class NotExpected(Conflict):
    """These goods do not stand on this paper."""

    code = "not_expected"


class AlreadyBooked(Conflict):
    """This was sent before, and was done then; `same` says whether it said the same."""

    code = "already_booked"


class TransferMoved(Conflict):
    """The transfer is not where this step begins."""

    code = "transfer_moved"


class UnknownRuleSet(Missing):
    """There are no routing rules with this id."""

    code = "unknown_rule_set"


class InvalidRules(Invalid):
    """Routing rules that cannot be read; `errors` says where."""

    code = "invalid_rules"


class RuleSetFixed(Conflict):
    """Routing rules that have held stay as they were."""

    code = "rule_set_fixed"


class NotReroutable(Conflict):
    """These units cannot move to another warehouse."""

    code = "not_reroutable"


class CountOver(Conflict):
    """The count is not where this step begins."""

    code = "count_over"


class AlreadyCounting(Conflict):
    """A shelf stands on another sheet that is still open."""

    code = "already_counting"


class NothingToCount(Invalid):
    """No shelf answers to what was asked for."""

    code = "nothing_to_count"
