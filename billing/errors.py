"""What billing refuses, and why."""

from core.errors import Conflict, Invalid, Missing


class UnknownDocument(Missing):
    """There is no such invoice or credit note, or none that the actor may see."""


class UnknownPayment(Missing):
    """There is no such payment or refund, or none that the actor may see."""


class LevelTaken(Invalid):
    """There is one reminder of each level for a seller and channel."""

    code = "level_taken"


class NothingToInvoice(Conflict):
    """Everything there is was put on an invoice already, or has not left the building."""

    code = "nothing_to_invoice"


class SeveralOrigins(Conflict):
    """Goods without tax leave several countries: one invoice names one VAT id of the seller."""

    code = "several_origins"


class NotOffered(Missing):
    """The order is no quotation that was offered as it stands, so there is none on paper."""

    code = "not_offered"


class NoProforma(Conflict):
    """The order is over, not placed, or invoiced in full: the invoice is its paper."""

    code = "no_proforma"


class NotIssued(Conflict):
    """A draft has no number yet, so it can be neither printed nor credited."""

    code = "not_issued"


class LogoRefused(Invalid):
    """The picture is none that is printed: of another kind, too large, damaged, or one that does more than show."""

    code = "logo_refused"


class NobodyToMail(Invalid):
    """Nobody named an address, and the customer has none; or what was named is none."""

    code = "nobody_to_mail"


class NoElectronicForm(Conflict):
    """EN 16931 knows two decimals at most; a document in a currency with three is there on paper only."""

    code = "no_electronic_form"


class CreditExceedsInvoice(Conflict):
    """More units are to be credited than were invoiced and not credited yet."""

    code = "credit_exceeds_invoice"


class AlreadyReplaced(Conflict):
    """The invoice was written again before; `replaced_by` names the one that stands in its place."""

    code = "already_replaced"


class NotRewritable(Conflict):
    """Nothing of the invoice is wanted any more, or its money is on its way back."""

    code = "not_rewritable"


class MonthClosed(Conflict):
    """The books of that day are closed; nothing is dated into them any more."""

    code = "month_closed"


class MonthNotOver(Conflict):
    """A month that is not over cannot be closed: there is still something to date into it."""

    code = "month_not_over"


class MonthNotClosed(Conflict):
    """There is no closed month that could be opened again."""

    code = "month_not_closed"


class StillPosting(Conflict):
    """Somebody is writing into the books, so they cannot be closed in this moment."""

    code = "still_posting"


class AmountInvalid(Invalid):
    """An amount of money that cannot be: nothing, less than nothing, or finer than the currency."""

    code = "invalid_amount"


class CurrencyDiffers(Invalid):
    """The amount is not in the currency of the order."""

    code = "currency_mismatch"


class CaptureExceedsAuthorization(Conflict):
    """More is to be taken than is held."""

    code = "capture_exceeds_authorization"


class RefundExceedsCaptured(Conflict):
    """More is to go back than came in and has not gone back yet; `refundable` says how much may."""

    code = "refund_exceeds_captured"


class ReferenceTaken(Conflict):
    """The reference stands for something else already: a repeat is harmless, another thing needs another one."""

    code = "reference_taken"


class OrderTakesNoMoney(Conflict):
    """The order is over or not binding, so nobody should pay for it."""

    code = "order_takes_no_money"


class NothingToPay(Conflict):
    """Nothing of the order is due now."""

    code = "nothing_to_pay"


class OnlinePaymentUnavailable(Conflict):
    """No payment provider with a page of its own is configured."""

    code = "online_payment_unavailable"


class NothingToWriteOff(Conflict):
    """The invoice waits for no money, so there is nothing to give up."""

    code = "nothing_to_write_off"


class NothingWrittenOff(Conflict):
    """Nothing of the invoice is written off, so nothing can be expected again."""

    code = "nothing_written_off"


class DifferenceTooLarge(Conflict):
    """More is open than the seller takes for a small difference; `most` says how much that is."""

    code = "difference_too_large"


class ReasonMissing(Invalid):
    """Whoever gives up money says why."""

    code = "reason_missing"


class CreditTooSmall(Conflict):
    """Less store credit is left than is to be spent, or taken back; `left` says how much."""

    code = "store_credit_too_small"


class NobodysCredit(Conflict):
    """Store credit belongs to a customer, and the order names none."""

    code = "nobodys_store_credit"


class PaymentExceedsDue(Conflict):
    """More would be taken from store credit than is owed; `due` says how much that is."""

    code = "payment_exceeds_due"


class GatewayRefused(Conflict):
    """The payment provider said no; `reason` is what it said."""

    code = "gateway_refused"


class UnknownGateway(Invalid):
    """No payment provider of that name is connected."""

    code = "unknown_gateway"


class BadStatement(Invalid):
    """A file of a bank that cannot be read."""

    code = "unreadable_statement"


class StatementKnown(Conflict):
    """Every row of a bank statement was taken in before."""

    code = "statement_known"


class AlreadyBooked(Conflict):
    """A bank transfer that was booked, or left out, is not booked again."""

    code = "already_booked"


class MoneyWentBack(Conflict):
    """Some of a payment was sent back to the customer already, so that it cannot be taken back as another's."""

    code = "money_went_back"


class NoSuchInvoice(Invalid):
    """No invoice waits for this money."""

    code = "no_such_invoice"


class PaymentDisputed(Conflict):
    """The customer's bank asks a payment back, so that a refund of it would pay twice."""

    code = "payment_disputed"


class NothingToDecide(Conflict):
    """A dispute that is open, won or decided costs nothing that somebody has to bear."""

    code = "nothing_to_decide"


class EvidenceNotTaken(Conflict):
    """A dispute that is over, or whose evidence is with the bank or on its way, takes none."""

    code = "evidence_not_taken"


class InvalidEvidence(Invalid):
    """Evidence as no bank reads it: without words, of another type, or too large."""

    code = "invalid_evidence"


class StatementTooLong(Invalid):
    """More postings than a paper holds; a shorter period, or a file, does."""

    code = "statement_too_long"


class NoAddress(Conflict):
    """There is nobody to write to."""

    code = "no_address"
