"""Files that people put to an order, and take off again."""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from core.actors import Actor
from core.files import drop_file, keep_file
from core.service import note_change, service
from core.uploads import NewFile
from orders.errors import InvalidOrder, UnknownFile
from orders.models import Comment, Order, OrderFile

from .book import take_order

MOST_FILES = 100


@service
def attach_files(order_id: int, files: Sequence[NewFile], *, actor: Actor) -> list[OrderFile]:
    """Put files to an order, for us alone. Raises InvalidOrder where it has too many."""
    order = take_order(order_id)
    kept = keep_files(order, files, comment=None, actor=actor, at=timezone.now())
    names = ", ".join(str(one) for one in kept)
    note_change(order, "orders.files_added", actor=actor, before={"files": ""}, after={"files": names})
    return kept


@service
def remove_file(file_id: int, *, actor: Actor) -> Order:
    """Take a file off an order for good; the history keeps its name. Raises UnknownFile where it is gone already."""
    found = OrderFile.objects.filter(pk=file_id).values_list("order", flat=True).first()
    order = take_order(found) if found is not None else None
    file = OrderFile.objects.select_related("attachment").filter(pk=file_id).first()
    if order is None or file is None:
        raise UnknownFile("This file is gone already")
    name = file.attachment.name
    drop_file(file.attachment)
    note_change(order, "orders.file_removed", actor=actor, before={"files": name}, after={"files": ""})
    return order


@service
def keep_files(
    order: Order, files: Sequence[NewFile], *, comment: Comment | None, actor: Actor, at: datetime
) -> list[OrderFile]:
    """Keep files that belong to an order in hand, or to a comment on it."""
    if files and OrderFile.objects.filter(order=order).count() + len(files) > MOST_FILES:
        detail = f"An order has at most {MOST_FILES} files"
        raise InvalidOrder(detail, errors=[{"pointer": "/files", "code": "too_many", "detail": detail}])
    thread = order.history_thread()
    return [
        OrderFile.objects.create(
            order=order,
            comment=comment,
            attachment=keep_file(name=one.name, content=one.content, content_type=one.content_type, thread=thread),
            author=str(actor),
            at=at,
        )
        for one in files
    ]
