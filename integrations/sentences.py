"""What an import leaves to people; each reader gets it in his own language."""

from core.sentences import gettext_noop, sentence

# Files of products: what is wrong with a cell.
SKU_MISSING = sentence(gettext_noop("The SKU is missing"))
SAME_SKU = sentence(gettext_noop("Line %(line)s has the same SKU"))
TOO_MANY_CELLS = sentence(gettext_noop("The row has more cells than the heading; is a text with a comma not quoted?"))
STRANGE_SIGN = sentence(gettext_noop("It holds a sign that cannot be kept"))
FORMULA_CELL = sentence(gettext_noop("It looks like a formula; save the file with values"))
TOO_LONG = sentence(gettext_noop("At most %(n)s letters"))
WHICH_KIND = sentence(gettext_noop("stocked, service or digital"))
NO_PRICE = sentence(gettext_noop("This is no price; write 12.50 or 12,50"))
PRICE_RANGE = sentence(gettext_noop("A price is zero or more and has at most six decimals"))
WHICH_CURRENCY = sentence(gettext_noop("There is a price list in %(known)s only"))
WHICH_TAX_CLASS = sentence(gettext_noop("There are %(known)s"))
WHOLE_GRAMS = sentence(gettext_noop("Whole grams"))
YES_OR_NO = sentence(gettext_noop("yes or no"))
WHOLE_UNITS = sentence(gettext_noop("Whole units from 0 to 1,000,000"))
NAME_MISSING = sentence(gettext_noop("A new product needs a name"))
KIND_STAYS = sentence(gettext_noop("A product with stock keeps its kind"))
NO_SHELF = sentence(gettext_noop("Only stocked products lie on a shelf"))
STOCK_IS_THERE = sentence(gettext_noop("%(n)s are there already; correct stock in the warehouse, not by this file"))

NO_SALE = sentence(gettext_noop("Cancellation %(document)s: no sale found for %(n)s row(s)"))
