"""The counter of pricing: everything that others may ask."""

from pricing.calculation import ChargeInput, Quote, QuotedCharge, QuotedLine, TaxBuyer
from pricing.errors import (
    AgreedElsewhere,
    CouponRefused,
    CurrencyNotSold,
    PriceMissing,
    ShippingNotAvailable,
    UnknownChannel,
    UnknownPriceList,
    UnknownShippingMethod,
    UnknownTaxClass,
)
from pricing.reference import forget
from pricing.selectors import (
    UNKNOWN_DAYS,
    PriceStep,
    channel_by_code,
    channels,
    grams_of,
    places_for,
    price_lists_for,
    price_steps,
    prices_for,
    registered_in,
    routing_rules,
    shipping_method,
    shipping_methods,
    shipping_price,
    transit_days,
    warehouses,
    zone_for,
)

from .buyers import exemption_told, supply_of, tax_buyer, tax_buyer_agreed, vat_id_told
from .catalog import create_priced_product, set_handling, set_price, update_priced_product
from .defaults import TRIAL, ensure_defaults, ensure_transits, ensure_trial_channel
from .promotions import give_back, granted_by, recount, redeem, refer
from .quoting import QuoteLine, quote_order
from .registrations import is_taxed_alike, set_registrations
from .requoting import Agreed, AgreedLine, requote_order
from .vat import look_up_vat_id

__all__ = [
    "TRIAL",
    "UNKNOWN_DAYS",
    "Agreed",
    "AgreedElsewhere",
    "AgreedLine",
    "ChargeInput",
    "CouponRefused",
    "CurrencyNotSold",
    "PriceMissing",
    "PriceStep",
    "Quote",
    "QuoteLine",
    "QuotedCharge",
    "QuotedLine",
    "ShippingNotAvailable",
    "TaxBuyer",
    "UnknownChannel",
    "UnknownPriceList",
    "UnknownShippingMethod",
    "UnknownTaxClass",
    "channel_by_code",
    "channels",
    "create_priced_product",
    "ensure_defaults",
    "ensure_transits",
    "ensure_trial_channel",
    "exemption_told",
    "forget",
    "grams_of",
    "give_back",
    "granted_by",
    "is_taxed_alike",
    "look_up_vat_id",
    "places_for",
    "price_lists_for",
    "price_steps",
    "prices_for",
    "quote_order",
    "recount",
    "redeem",
    "refer",
    "registered_in",
    "requote_order",
    "routing_rules",
    "set_handling",
    "set_price",
    "set_registrations",
    "shipping_method",
    "shipping_methods",
    "shipping_price",
    "supply_of",
    "tax_buyer",
    "tax_buyer_agreed",
    "transit_days",
    "update_priced_product",
    "vat_id_told",
    "warehouses",
    "zone_for",
]
