"""What orders refuse, and why."""

from core.errors import Conflict, Invalid, Missing, NotAllowed, Stale


class InvalidOrder(Invalid):
    """The order can never be placed as written; `errors` names the fields at fault."""

    code = "invalid"


class DuplicateReference(Conflict):
    """The channel already sent an order with this reference; `number` names it."""

    code = "duplicate_reference"


class UnknownOrder(Missing):
    """There is no such order, or none that the actor may see."""


class UnknownFile(Missing):
    """There is no such file, or it was taken off already."""


class UnknownHold(Missing):
    """There is no such hold."""


class InvalidHold(Invalid):
    """There is no such type of hold, or no such part of the order."""


class MayNotLift(NotAllowed):
    """Holds of this type are lifted by others."""

    code = "hold_not_yours"


class OldTaxRate(Conflict):
    """A rate has changed since the order was priced, and nobody has decided by which one it is invoiced."""

    code = "old_tax_rate"


class HoldClosed(Conflict):
    """The hold was lifted already."""

    code = "hold_closed"


class UnknownCheck(Missing):
    """No check of this order has this name."""


class CheckNotFailed(Conflict):
    """Only a failed check can be waived."""

    code = "check_not_failed"


class MayNotWaive(NotAllowed):
    """The actor may not waive failed checks."""

    code = "waive_not_allowed"


class AlreadyToldApart(Conflict):
    """Somebody said already that both orders are meant."""

    code = "already_told_apart"


class NotToldApart(Conflict):
    """Nobody said that both orders are meant."""

    code = "not_told_apart"


class OneOrder(Invalid):
    """An order cannot be compared with itself."""

    code = "one_order"


class TwinIsGone(Conflict):
    """The order that was to be kept is cancelled itself."""

    code = "twin_is_gone"


class StaleOrder(Stale):
    """Somebody changed the agreement since the caller read it; `version` is the present one."""


class TooLateToChange(Conflict):
    """The goods are on their way, or the order is closed."""

    code = "too_late_to_change"


class ChangeRefused(Conflict):
    """An edit cannot be made as the order stands; `errors` says so beside each field, with the way out."""

    code = "change_refused"


class ChangeDecided(Conflict):
    """The edit was applied or declined already, or nobody has agreed to it yet."""

    code = "change_decided"


class UnknownChange(Missing):
    """There is no such edit."""


class MayNotChange(NotAllowed):
    """The actor may not make or approve this edit."""

    code = "change_not_allowed"


class NotUrgent(Conflict):
    """The order is over, or everything of it has left: it waits for nothing."""

    code = "not_urgent"


class NothingToTake(Conflict):
    """Nobody behind the order has anything to give, or somebody else took it first."""

    code = "nothing_to_take"


class LooksDifferent(Conflict):
    """Somebody would lose more than was shown to who decided it."""

    code = "looks_different"


class IncidentNotOpen(Conflict):
    """The incident was told, or closed, already."""

    code = "incident_not_open"


class MissesPromise(Conflict):
    """Orders (`orders`) would be there later than they were told."""

    code = "misses_promise"


class NotADraft(Conflict):
    """Only a draft is placed or thrown away."""

    code = "not_a_draft"


class QuotationLapsed(Conflict):
    """The last day of the quotation is over, or it was taken back."""

    code = "quotation_lapsed"


class NothingToPay(Conflict):
    """The order waits for no payment."""

    code = "nothing_to_pay"


class QuantityMismatch(Conflict):
    """More units would move than the line has."""

    code = "quantity_mismatch"


class SentAgainAlready(Conflict):
    """Another order brings what was lost."""

    code = "sent_again_already"


class ExceptionNotOpen(Conflict):
    """The exception was closed already, or is open again."""

    code = "exception_not_open"


class NoPaymentBook(Invalid):
    """Payments came with the order, and nobody here keeps them."""

    code = "payments_not_kept"


class TaxedOtherwise(Conflict):
    """With this VAT id, or in this country, the order would not be taxed as it was agreed."""

    code = "taxed_otherwise"
