"""Facts about customers."""

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True, kw_only=True)
class CustomerEvent(Event):
    """Something about a customer, told in the customer's history."""

    about_type: ClassVar[str] = "customers.customer"
    about: ClassVar[str] = "customer_id"
    public: ClassVar[bool] = True
    customer_id: int


@dataclass(frozen=True, kw_only=True)
class CustomerCreated(CustomerEvent):
    """Somebody became a customer."""

    name: ClassVar[str] = "customers.customer_created"


@dataclass(frozen=True, kw_only=True)
class CustomerInArrears(CustomerEvent):
    """They were reminded and have not paid: their new orders wait."""

    name: ClassVar[str] = "customers.customer_in_arrears"


@dataclass(frozen=True, kw_only=True)
class ArrearsSettled(CustomerEvent):
    """They have paid what their new orders waited for."""

    name: ClassVar[str] = "customers.arrears_settled"


@dataclass(frozen=True, kw_only=True)
class VatEvent(CustomerEvent):
    """Something about the VAT id of a customer."""

    public: ClassVar[bool] = False
    number: str


@dataclass(frozen=True, kw_only=True)
class VatCheckWanted(VatEvent):
    """Somebody wants to know whether a VAT id is valid."""

    name: ClassVar[str] = "customers.vat_check_wanted"


@dataclass(frozen=True, kw_only=True)
class VatIdRefused(VatEvent):
    """A VAT id is not valid: what was sold on it is open to question."""

    name: ClassVar[str] = "customers.vat_id_refused"


@dataclass(frozen=True, kw_only=True)
class VatIdConfirmed(VatEvent):
    """A VAT id that was refused is valid after all."""

    name: ClassVar[str] = "customers.vat_id_confirmed"


@dataclass(frozen=True, kw_only=True)
class CertificateEnds(CustomerEvent):
    """A certificate ends soon: from the day after on they pay tax again."""

    name: ClassVar[str] = "customers.certificate_ends"
    public: ClassVar[bool] = False
    certificate_id: int
    number: str
    until: str


@dataclass(frozen=True, kw_only=True)
class CreditMoved(CustomerEvent):
    """What a customer may owe, or owes, is another than before: who waits for it may go on, or has to wait."""

    name: ClassVar[str] = "customers.credit_moved"
    public: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class CustomerChanged(CustomerEvent):
    """What we know about a customer changed."""

    name: ClassVar[str] = "customers.customer_changed"
