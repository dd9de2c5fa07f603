"""Why something cannot be priced."""

from core.errors import Conflict, Invalid


class UnknownChannel(Invalid):
    """Orders do not come in this way."""

    code = "unknown_channel"


class UnknownShippingMethod(Invalid):
    """Nobody delivers like that."""

    code = "unknown_shipping_method"


class UnknownPriceList(Invalid):
    """There is no such price list."""

    code = "unknown_price_list"


class PriceMissing(Invalid):
    """A product has no price in this list on that day."""

    code = "price_missing"


class CurrencyNotSold(Invalid):
    """The channel has no prices in this currency."""

    code = "currency_not_sold"


class ShippingNotAvailable(Invalid):
    """A method does not deliver there, or not in this currency."""

    code = "shipping_not_available"


class CouponRefused(Invalid):
    """A coupon does not exist, is over, or does not fit this order."""

    code = "coupon_refused"


class UnknownTaxClass(Invalid):
    """No rate is known for such goods anywhere."""

    code = "unknown_tax_class"


class AgreedElsewhere(Conflict):
    """The figures of an agreement came with it and do not follow from what is known here."""

    code = "agreed_elsewhere"
