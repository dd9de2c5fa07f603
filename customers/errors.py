"""What the customer record refuses, and why."""

from core.errors import Conflict, Missing


class UnknownCustomer(Missing):
    """No customer has this number or id."""

    code = "unknown_customer"


class UnknownSite(Missing):
    """The customer has no such site, or no more."""


class UnknownContact(Missing):
    """The customer has no such contact, or no more."""


class UnknownOverride(Missing):
    """There is no such credit beyond a limit."""


class NoVatId(Conflict):
    """There is no VAT id that could be looked up."""

    code = "no_vat_id"


class NotConnected(Conflict):
    """Nobody is there to be asked: a setting is missing."""

    code = "not_connected"


class UnknownCertificate(Missing):
    """There is no such certificate."""


class NoCreditLimit(Conflict):
    """Nothing limits what the customer may owe."""

    code = "no_credit_limit"


class DuplicateGroup(Conflict):
    """Another group has this code already."""

    code = "duplicate_code"


class UserTaken(Conflict):
    """This sign-in belongs to another customer."""

    code = "user_taken"
