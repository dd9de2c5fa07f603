"""What the machine writes down about orders that went wrong; each reader gets it in his own language."""

from core.sentences import gettext_noop, sentence

UNITS_LOST = sentence(gettext_noop("%(order)s lost %(units)s: %(reason)s"))
LATE_MONEY = sentence(gettext_noop("Money came in for %(order)s, which is closed"))
PART_PAID = sentence(gettext_noop("%(order)s is paid in part only, and its time is over"))
GIVEN_UP = sentence(gettext_noop("Given up after many tries: %(work)s"))
MAIL_REFUSED = sentence(gettext_noop("A mail was refused: %(reason)s"))
LATE_FOR_STOCK = sentence(gettext_noop("%(units)s missing, promised for %(day)s"))
LATE_IN_PACKING = sentence(gettext_noop("Packed and not sent, promised for %(day)s"))
