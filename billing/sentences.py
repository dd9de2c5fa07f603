"""What billing writes down for people, word for word; readers see it in their language."""

from core.sentences import gettext_noop, sentence

PAID_OTHERWISE = sentence(gettext_noop("The provider took %(paid)s for %(payment)s instead of %(wanted)s"))
PAID_AFTER_ALL = sentence(gettext_noop("%(payment)s was paid at the provider after it had ended here"))
NEVER_REACHED = sentence(gettext_noop("The payment provider was never reached"))
