"""What the machine writes down about orders that went wrong; each reader gets it in his own language."""

from dataclasses import dataclass

from core.sentences import gettext_noop, sentence

UNITS_LOST = sentence(gettext_noop("%(order)s lost %(units)s: %(reason)s"))
PAID_TOO_LATE = sentence(gettext_noop("%(order)s was paid after its stock was let go, and %(units)s are missing"))
LENT_NOT_BACK = sentence(gettext_noop("%(order)s lent %(units)s, and they are not back"))
LATE_MONEY = sentence(gettext_noop("Money came in for %(order)s, which is closed"))
PART_PAID = sentence(gettext_noop("%(order)s is paid in part only, and its time is over"))
GIVEN_UP = sentence(gettext_noop("Given up after many tries: %(work)s"))
MAIL_REFUSED = sentence(gettext_noop("A mail was refused: %(reason)s"))
MONEY_GONE = sentence(gettext_noop("Waiting for %(amount)s again: the money for it is gone"))
MORE_TO_PAY = sentence(gettext_noop("Waiting for another %(amount)s after a change of the order"))
VAT_ID_REFUSED = sentence(gettext_noop("The VAT id %(vat_id)s is not valid, and it was sold without tax on it"))
VAT_ID_CONFIRMED = sentence(gettext_noop("The VAT id is valid after all"))
CERTIFICATE_ENDS = sentence(gettext_noop("The tax certificate %(certificate)s of %(customer)s ends on %(day)s"))
RATE_MOVED = sentence(gettext_noop("The order says %(was)s tax; it is %(now)s in %(country)s since %(day)s"))
EXEMPT_NO_MORE = sentence(
    gettext_noop("The order says no tax, by a certificate that ended; it is %(now)s in %(country)s since %(day)s")
)
TAXED_ANEW = sentence(gettext_noop("Taxed by the rates of %(day)s"))
RATE_KEPT = sentence(gettext_noop("The rate is kept: %(reason)s"))
# Why an edit, or a discount by hand, needs somebody who agrees.
DISCOUNT_OVER_LIMIT = sentence(gettext_noop("%(share)s taken off by hand; more than %(limit)s needs approval"))
OVER_LIMIT = sentence(gettext_noop("It changes the total by %(moved)s; more than %(limit)s needs approval"))
OVER_CREDIT = sentence(gettext_noop("The customer's credit limit would be exceeded by %(over)s"))
LATE_FOR_STOCK = sentence(gettext_noop("%(units)s missing, promised for %(day)s"))
LEFT_EMPTY = sentence(gettext_noop("Nothing was put on it for %(n)s days"))
LEFT_ALONE = sentence(gettext_noop("Nobody went on with it for %(n)s days"))
PROMISE_AT_RISK = sentence(gettext_noop("%(order)s was promised for %(day)s and will miss it: %(reason)s"))

LATE_ON_ITS_WAY = sentence(gettext_noop("%(order)s is not there, promised for %(day)s"))
PAYMENT_LAPSES = sentence(gettext_noop("%(order)s is not paid and lapses soon"))
PAYMENT_FAILED = sentence(gettext_noop("A payment for %(order)s failed: %(reason)s"))
CHECK_FAILED = sentence(gettext_noop("%(order)s is stopped by a check: %(reason)s"))
IN_DISPUTE = sentence(gettext_noop("They had a payment taken back by their bank, on %(day)s"))
IN_ARREARS = sentence(gettext_noop("They have not paid although reminded, since %(day)s"))
# How exceptions ended.
CAUSE_GONE = sentence(gettext_noop("The cause is gone"))
PROMISED_ANEW = sentence(gettext_noop("Promised anew for %(day)s"))
WAITS = sentence(gettext_noop("It waits for stock, promised for %(day)s"))
ASKED_AGAIN = sentence(gettext_noop("The customer was asked to pay again"))
LET_PASS = sentence(gettext_noop("Let pass: %(reason)s"))
CANCELLED_FOR_IT = sentence(gettext_noop("The order was cancelled"))
MISSING_CANCELLED = sentence(gettext_noop("What was missing was cancelled"))
SUBSTITUTED = sentence(gettext_noop("%(sku)s is sent instead"))
SENT_IN_PART = sentence(gettext_noop("What is here is sent, the rest follows"))
ADDRESS_CORRECTED = sentence(gettext_noop("The address was corrected"))
INCIDENT = sentence(gettext_noop("Incident: %(cause)s"))
OVER_BY_NOW = sentence(gettext_noop("The order is over by now"))
MISSING_SENT_FROM = sentence(gettext_noop("%(place)s sends what was missing"))
TAKEN_FROM_OTHERS = sentence(gettext_noop("Its units came from less urgent orders"))
TRIED_AGAIN = sentence(gettext_noop("It is tried again"))
MONEY_WENT_BACK = sentence(gettext_noop("The money went back"))
UNITS_BACK = sentence(gettext_noop("Its units are back"))
FOUND_ELSEWHERE = sentence(gettext_noop("Its units were found elsewhere"))
# Why an order ended where nobody said it.
CANCELLED_BY_CUSTOMER = sentence(gettext_noop("Cancelled by the customer"))
NOT_PAID_IN_TIME = sentence(gettext_noop("Not paid in time"))
NOT_ACCEPTED_IN_TIME = sentence(gettext_noop("The quotation was not accepted in time"))


@dataclass(frozen=True)
class Cause:
    """Why a promise moved: a code for machines, and words."""

    code: str
    words: str


SUPPLY = Cause("supply", sentence(gettext_noop("what is on its way comes on another day, or not all of it"))())
SHORTFALL = Cause("shortfall", sentence(gettext_noop("units that were promised are not there"))())
GIVEN_AWAY = Cause("given", sentence(gettext_noop("its units went to a more urgent order"))())
FILLED = Cause("filled", sentence(gettext_noop("missing units have come"))())
WISH = Cause("wish", sentence(gettext_noop("the customer wishes so"))())
EDITED = Cause("edited", sentence(gettext_noop("the order was changed"))())
REROUTED = Cause("rerouted", sentence(gettext_noop("it comes from another place"))())
NOT_IN_TIME = Cause("not_in_time", sentence(gettext_noop("it could not be there on the day"))())
LENT = Cause("lent", sentence(gettext_noop("its units were lent and come back with what is on its way"))())
RELEASE = Cause("release", sentence(gettext_noop("the release date of a product was changed"))())
LAPSED = Cause("lapsed", sentence(gettext_noop("its units were kept until the payment, which did not come"))())
# Why a promise will be missed.
NOT_LEFT = sentence(gettext_noop("it has not left on its day"))()
COMES_LATE = sentence(gettext_noop("what is missing comes too late"))()
# What looking again at an order found.
PASSES_NOW = sentence(gettext_noop("checked again, and in order now"))()
ALL_IN_ORDER = sentence(gettext_noop("everything that stopped the order is in order now"))()
NOTHING_NEW = sentence(gettext_noop("nothing stops the order"))()
# Why one of two orders that look alike stays, or goes.
BOTH_MEANT = sentence(gettext_noop("both are meant"))()
ORDERED_TWICE = sentence(gettext_noop("Ordered twice: %(number)s is the same"))

_BY_INCIDENT = sentence(gettext_noop("many orders suffer from it: %(cause)s"))


def incident_of(cause: str) -> Cause:
    """Return why a promise moved that an incident moved."""
    return Cause("incident", _BY_INCIDENT(cause=cause))
