"""The five roles that every installation starts with, each with what its day needs and no more.

Whoever may do everything is no role: that is the switch *Superuser status* of a person.
"""

from django.utils.translation import gettext_lazy as _

from core import roles

# What several of them do.
SEES_ORDERS = ("orders.view_order", "orders.view_orderexception")
SOLVES = ("orders.change_orderexception",)
SEES_GOODS = (
    "inventory.view_product", "inventory.view_stockitem", "inventory.view_expectedreceipt", "inventory.view_transfer",
)  # fmt: skip
MOVES_GOODS = (
    "inventory.add_transfer", "inventory.change_transfer",
    "inventory.view_stockcount", "inventory.add_stockcount", "inventory.change_stockcount",
)  # fmt: skip
SEES_WORK = ("fulfillment.view_fulfillmentorder", "fulfillment.view_wave", "fulfillment.view_shipment")
SEES_MONEY = (
    "billing.view_invoice", "billing.view_creditnote", "billing.view_payment", "billing.view_refund",
    "billing.view_dispute", "billing.view_storecredit",
)  # fmt: skip
READS_BOOKS = (
    "billing.view_ledgertransaction", "billing.close_month", "billing.view_bookexport", "billing.view_datevprofile",
    "billing.change_datevprofile",
)  # fmt: skip
GIVES_CREDIT = ("billing.give_store_credit",)
# How much everybody else may give, and what is more.
LIMITS_CREDIT = (
    "billing.approve_store_credit", *(f"billing.{verb}_storecreditlimit" for verb in ("view", "add", "change")),
)  # fmt: skip
# What nobody will pay, and what is too little to ask for.
WRITES_OFF = ("billing.write_off", *(f"billing.{verb}_differencelimit" for verb in ("view", "add", "change")))
BOOKS_TRANSFERS = (
    "billing.view_bankline", "billing.view_bankstatement", "billing.undo_booking", "billing.view_payout",
)  # fmt: skip
# Whom we remind of what, and how.
REMINDS = ("billing.view_reminderrun", *(f"billing.{verb}_reminderlevel" for verb in ("view", "add", "change")))
KEEPS_CUSTOMERS = (
    "customers.view_customer", "customers.add_customer", "customers.change_customer",
    "customers.view_address", "customers.add_address", "customers.change_address",
    "customers.view_contact", "customers.add_contact", "customers.change_contact",
)  # fmt: skip
TAKES_ORDERS = (
    "orders.add_order", "orders.change_order", "orders.operate_order", "orders.waive_check",
    "orders.view_hold", "orders.release_hold", "orders.change_price", "orders.sell_at_counter",
    "orders.view_orderchange",
    "orders.take_dossier",
)  # fmt: skip
TELLS_MANY = ("orders.view_incident", "orders.add_incident", "orders.change_incident", "orders.view_incidentorder")
WRITES = ("core.view_outgoingmail", "core.change_outgoingmail")
SHARES = ("core.share_view",)
PRICES = tuple(
    f"pricing.{verb}_{table}" for table in ("price", "pricelist", "promotion") for verb in ("view", "add", "change")
) + ("pricing.view_redemption",)
DELIVERS = tuple(
    f"pricing.{verb}_{table}"
    for table in ("shippingmethod", "shippingrate", "zone", "transit")
    for verb in ("view", "add", "change")
)
SETS_UP = tuple(
    f"{app}.{verb}_{table}"
    for app, table in (
        ("pricing", "channel"), ("pricing", "taxrate"), ("inventory", "warehouse"), ("billing", "legalentity"),
        ("returns", "returnpolicy"), ("customers", "customergroup"), ("core", "user"), ("core", "apikey"),
    )
    for verb in ("view", "add", "change")
)  # fmt: skip

# What a file of products asks of who brings it, and what one sees of it afterwards.
BRINGS_GOODS = (
    "inventory.add_product", "inventory.change_product", "inventory.change_stockitem",
    "integrations.view_importbatch",
)  # fmt: skip

ROUTES = tuple(f"inventory.{verb}_routingruleset" for verb in ("view", "add", "change", "activate"))

HOLD_TYPES = tuple(f"orders.{verb}_holdtype" for verb in ("view", "add", "change"))

ORDER_DESK = (
    *SEES_ORDERS, *SOLVES, *TAKES_ORDERS, *KEEPS_CUSTOMERS, *SEES_GOODS, *SEES_WORK, *SEES_MONEY, *WRITES, *SHARES,
    *TELLS_MANY,
    "fulfillment.operate_shipment", "fulfillment.reroute_fulfillmentorder",
    "pricing.view_price", "pricing.view_promotion", "pricing.view_redemption",
    "returns.view_returnrequest", "returns.operate_return",
)  # fmt: skip
WAREHOUSE = (
    *SEES_ORDERS, *SOLVES, *SEES_GOODS, *MOVES_GOODS, *SEES_WORK, *SHARES,
    "fulfillment.operate_fulfillmentorder", "fulfillment.operate_shipment", "fulfillment.reroute_fulfillmentorder",
    "inventory.change_stockitem", "inventory.view_stockmovement", "inventory.view_warehouse",
    "inventory.add_expectedreceipt", "inventory.change_expectedreceipt",
    "returns.view_returnrequest", "returns.operate_return",
)  # fmt: skip
FINANCE = (
    *SEES_ORDERS, *SOLVES, *SEES_MONEY, *SHARES,
    "orders.view_hold", "orders.release_hold", "orders.lift_money_hold", "orders.take_dossier", "orders.tax_order",
    "billing.operate_payment", *REMINDS, *READS_BOOKS, *BOOKS_TRANSFERS, *WRITES_OFF, *GIVES_CREDIT,
    "customers.grant_credit", "customers.view_creditoverride",
    "billing.view_legalentity", "billing.change_legalentity", "pricing.view_taxrate",
    "customers.view_customer", "customers.change_customer", "customers.view_address", "customers.view_contact",
    "returns.view_returnrequest", "core.view_outgoingmail",
)  # fmt: skip
MANAGER = (
    *SEES_ORDERS, *SOLVES, *TAKES_ORDERS, *KEEPS_CUSTOMERS, *SEES_GOODS, *SEES_WORK, *SEES_MONEY, *WRITES, *SHARES,
    *TELLS_MANY,
    *PRICES, *DELIVERS, *ROUTES, "pricing.view_channel", "pricing.view_taxrate",
    *BRINGS_GOODS, *MOVES_GOODS, "inventory.approve_stockcount",
    "inventory.view_reorderproposal", "inventory.change_reorderproposal",
    "inventory.view_stockmovement",
    "inventory.view_warehouse", "inventory.change_warehouse", "customers.view_customergroup",
    # Whoever answers for the day lends a hand everywhere: an order is paid and shipped in one go on its page.
    "fulfillment.operate_fulfillmentorder", "billing.operate_payment", *REMINDS, *READS_BOOKS, *BOOKS_TRANSFERS,
    "billing.reopen_month", *WRITES_OFF, *GIVES_CREDIT, *LIMITS_CREDIT,
    "customers.grant_credit", "customers.view_creditoverride",
    "fulfillment.operate_shipment", "fulfillment.reroute_fulfillmentorder",
    "returns.view_returnrequest", "returns.operate_return",
    "returns.view_returnpolicy", "returns.change_returnpolicy",
    "orders.view_priorityweights", "orders.change_priorityweights", "orders.approve_change",
    "pricing.set_checks", "orders.view_checkcatch",
    "orders.lift_money_hold", "orders.lift_risk_hold", "orders.tax_order", *HOLD_TYPES,
    "core.manage_shared_view", "core.view_eventrecord",
)  # fmt: skip
ADMINISTRATOR = (
    *SETS_UP, *DELIVERS, *ROUTES, *SEES_ORDERS, *SEES_GOODS, *PRICES, *WRITES, *SHARES,
    *BRINGS_GOODS, "auth.view_group", "orders.view_priorityweights", "orders.change_priorityweights", *HOLD_TYPES,
    "pricing.set_checks", "orders.view_checkcatch",
    "core.manage_shared_view", "core.view_eventrecord", "core.view_delivery", "core.change_delivery",
    "core.view_retentionperiod", "core.change_retentionperiod",
)  # fmt: skip


def declare() -> None:
    """Name the roles."""
    roles.declare("desk", _("Order desk"), ORDER_DESK)
    roles.declare("warehouse", _("Warehouse"), WAREHOUSE)
    roles.declare("finance", _("Finance"), FINANCE)
    roles.declare("manager", _("Manager"), MANAGER)
    roles.declare("administrator", _("Administrator"), ADMINISTRATOR)
