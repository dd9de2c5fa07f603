"""The agreement with the customer."""

from .change import OrderChange
from .checking import FALSE_ALARMS, RIGHT, CheckCatch, CustomerHabit, ProductHabit, ToldApart
from .comment import Comment
from .draft import Draft
from .exception import OrderException
from .file import OrderFile
from .hold import FORWARD, Hold, HoldType, LiftedBy
from .incident import Incident, IncidentOrder
from .line import Movement, OrderCharge, OrderLine, parts_in
from .order import Order, OrderStatus
from .order_meta import OWED
from .priority import MOST_POINTS, PriorityBump, PriorityWeights
from .replacement import Replacement
from .replay import RoutingReplay
from .together import Follower, FollowUp
from .version import OrderVersion

__all__ = [
    "FALSE_ALARMS",
    "FORWARD",
    "MOST_POINTS",
    "OWED",
    "RIGHT",
    "CheckCatch",
    "Comment",
    "CustomerHabit",
    "Draft",
    "FollowUp",
    "Follower",
    "Hold",
    "HoldType",
    "Incident",
    "IncidentOrder",
    "LiftedBy",
    "Movement",
    "Order",
    "OrderCharge",
    "OrderChange",
    "OrderException",
    "OrderFile",
    "OrderLine",
    "OrderStatus",
    "OrderVersion",
    "PriorityBump",
    "PriorityWeights",
    "ProductHabit",
    "Replacement",
    "RoutingReplay",
    "ToldApart",
    "parts_in",
]
