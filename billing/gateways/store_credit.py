"""Store credit: money of the customer that is with us already. What it comes to is kept under lock by the services."""

from billing.gateways.manual import ManualGateway

CODE = "store_credit"


class StoreCreditGateway(ManualGateway):
    """Says yes at once, as to money in hand: whether there is enough was decided, under lock, before it is asked."""

    code = CODE
