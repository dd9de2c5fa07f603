"""What billing writes down for people, word for word; readers see it in their language."""

from core.sentences import gettext_noop, sentence

PAID_OTHERWISE = sentence(gettext_noop("The provider took %(paid)s for %(payment)s instead of %(wanted)s"))
PAID_AFTER_ALL = sentence(gettext_noop("%(payment)s was paid at the provider after it had ended here"))
NEVER_REACHED = sentence(gettext_noop("The payment provider was never reached"))
CAPTURE_REFUSED = sentence(gettext_noop("The provider did not pay %(amount)s out for %(order)s: %(reason)s"))
TAKEN_AFTER_ALL = sentence(gettext_noop("The provider paid out what he had refused"))
HOLD_LAPSED = sentence(gettext_noop("%(amount)s that was held for %(order)s was let go by the provider"))
NOT_LET_GO = sentence(gettext_noop("The provider did not let go of %(amount)s for %(order)s: %(reason)s"))
HOLD_LAPSES = sentence(gettext_noop("%(amount)s is held for %(order)s until %(day)s, and it will not be sent by then"))
TAKEN_IN_TIME = sentence(gettext_noop("The money was taken before the hold ended"))
SMALL_BY_ITSELF = sentence(gettext_noop("So little was left open that nobody asks for it"))
PAID_AFTER_WRITE_OFF = sentence(gettext_noop("Paid after it had been written off"))
CREDITED_AFTER_WRITE_OFF = sentence(gettext_noop("Credited after it had been written off"))
DISPUTED = sentence(gettext_noop("The customer's bank asks %(amount)s back"))
DISPUTE_OPENED = sentence(gettext_noop("The customer's bank asks %(amount)s for %(order)s back: send it evidence"))
EVIDENCE_DUE = sentence(gettext_noop("Until %(day)s the bank takes evidence for %(amount)s of %(order)s: answer it"))
DISPUTE_LOST = sentence(gettext_noop("The dispute over %(amount)s for %(order)s is lost: say who bears it"))
DISPUTE_LOST_AND_SPENT = sentence(
    gettext_noop(
        "The dispute over %(amount)s for %(order)s is lost, and %(credit)s of the store credit given for it is spent: "
        "say who bears it"
    )
)
PAID_TWICE = sentence(
    gettext_noop("%(amount)s for %(order)s was paid anew and came back from the bank as well: send it back")
)
WENT_TWICE = sentence(
    gettext_noop(
        "%(amount)s for %(order)s went back twice: the provider carried out a refund that he had called failed. "
        "Ask the customer for it"
    )
)
WENT_AGAIN = sentence(gettext_noop("The provider carried out this refund twice"))
WENT_AFTER_ALL = sentence(gettext_noop("The provider carried out what he had called failed"))
CREDIT_CHARGED_BACK = sentence(gettext_noop("Your bank gave you the money for %(order)s as well"))
CREDIT_GIVEN_ANEW = sentence(gettext_noop("Your bank took back the money for %(order)s"))
CHARGED_BACK = sentence(gettext_noop("The payment of the rest was charged back"))
DISPUTE_OVER = sentence(gettext_noop("The dispute needs nobody any more"))
CREDIT_TO_APPROVE = sentence(
    gettext_noop("%(person)s wants to give %(amount)s of store credit to %(customer)s: %(reason)s")
)
CREDIT_APPROVED = sentence(gettext_noop("The store credit was approved and given"))
WRONGLY_BOOKED = sentence(gettext_noop("The payment was booked for the wrong invoice"))
TAKEN_BACK = sentence(
    gettext_noop("%(amount)s that was booked for %(order)s was not its money; it was let go on for it")
)
WENT_OUT = sentence(gettext_noop("Money that went out"))()
CREDITED_IN_FULL = sentence(gettext_noop("credited in full"))
ANOTHER_WAY = sentence(gettext_noop("Money came another way"))
AMOUNT_CHANGED = sentence(gettext_noop("The amount changed"))
ORDER_CHANGED = sentence(gettext_noop("The order was changed"))
OF_CHANGE = sentence(gettext_noop("Change %(change)s"))
NOT_SENT_BACK = sentence(gettext_noop("%(amount)s could not be sent back: %(reason)s"))
# What a gateway says in its own words, in the place of a provider.
PAYS_THERE = sentence(gettext_noop("The customer pays on the provider's page"))
TAKES_AT_ONCE = sentence(gettext_noop("The provider takes the money at once"))
ODD_AMOUNT = sentence(gettext_noop("The provider cannot move exactly %(amount)s"))
PROVIDER_ANSWERED = sentence(gettext_noop("The provider answered %(status)s"))
