"""What returns refuse, and why."""

from core.errors import Conflict, Invalid, Missing


class UnknownReturn(Missing):
    """There is no such return, or none that the actor may see."""


class EmptyReturn(Invalid):
    """Nothing is to be given back."""

    code = "empty_return"


class UnknownLine(Invalid):
    """The line belongs to another order or return, or to none."""

    code = "unknown_line"


class UnknownWarehouse(Invalid):
    """There is no such place."""

    code = "unknown_warehouse"


class NotReturnable(Conflict):
    """More is to come back than may; `lines` says how much of what, and why."""

    code = "not_returnable"


class WithdrawalCannotBeDeclined(Conflict):
    """A consumer withdrew in time: that is his right."""

    code = "withdrawal_cannot_be_declined"


class CreditNotOffered(Conflict):
    """Store credit is no way back here: the policy does not offer it, it would be nobody's, or no money came in."""

    code = "credit_not_offered"


class ReturnSettled(Conflict):
    """The money of the return went back already, or nothing comes back."""

    code = "return_settled"


class ChangeUnexplained(Invalid):
    """The customer chose another way back; who changes it says why."""

    code = "reason_missing"


class ReceivedTooMany(Conflict):
    """More came than was authorized."""

    code = "received_too_many"


class OtherWarehouse(Conflict):
    """The rest of a return comes to where the first part is."""

    code = "other_warehouse"


class DecisionMissing(Invalid):
    """Every line of which something came back needs a decision, and no other one has any."""

    code = "decision_missing"


class DecisionImpossible(Invalid):
    """Goods and money cannot be dealt with like that."""

    code = "decision_impossible"


class ParcelElsewhere(Conflict):
    """The parcel arrived, or was settled, while somebody looked at it."""

    code = "parcel_elsewhere"


class PlaceMissing(Invalid):
    """Goods that came back lie somewhere, and goods that are lost do not."""

    code = "place_missing"
