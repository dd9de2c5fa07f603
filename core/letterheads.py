"""Whose mail it is: his logo in its head. The app that knows the seller registers how he is found."""

from collections.abc import Callable
from dataclasses import dataclass

from core.mail_pictures import content_id


@dataclass(frozen=True)
class Letterhead:
    """The logo in the head of a mail, with the name of whose it is; width and height in points of a screen."""

    name: str
    picture_id: int
    checksum: str
    width: int
    height: int

    @property
    def content_id(self) -> str:
        """Return by which name the HTML of the mail shows the picture that comes with it."""
        return content_id(self.checksum)


Finder = Callable[[str], Letterhead | None]
FINDERS: dict[str, Finder] = {}


def letterhead(kind: str) -> Callable[[Finder], Finder]:
    """Register who finds the letterhead of mails about a kind of record (`orders.order`) by the history of one."""

    def register(find: Finder) -> Finder:
        FINDERS[kind] = find
        return find

    return register


def letterhead_of(thread: str) -> Letterhead | None:
    """Return the letterhead of mails about a record; none where nobody knows one."""
    find = FINDERS.get(thread.partition(":")[0])
    return find(thread) if find else None
