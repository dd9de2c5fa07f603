"""What returns write down; each reader gets it in his own language."""

from core.sentences import gettext_noop, sentence

SENT_AGAIN = sentence(gettext_noop("%(order)s brings it once more"))
MONEY_BACK = sentence(gettext_noop("%(amount)s goes back to the customer"))
CREDITED = sentence(gettext_noop("It was credited: the customer owes less"))
ARRIVED_TWICE = sentence(gettext_noop("Parcel %(parcel)s arrived after it was settled"))
