"""The agreement with the customer."""

from .comment import Comment
from .exception import OrderException
from .hold import Hold
from .line import Movement, OrderCharge, OrderLine
from .order import Order, OrderStatus

__all__ = ["Comment", "Hold", "Movement", "Order", "OrderCharge", "OrderException", "OrderLine", "OrderStatus"]
