"""What people are told in the frame: a notice each, counted at the bell, and mailed where it is not read in time.

    bell.tell([person], kind="mentioned", record=thing, author=str(actor), text="…")

A page asks for the count with a token, as live pages do: without a cookie, so that it keeps nobody signed in.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from django.views.decorators.http import require_GET

from core import links, mail, sight
from core.actors import Actor
from core.models import Notice, User
from core.models.user import NoticesByMail
from core.reader import spoken, spoken_actor
from core.service import note_change, service, thread_of

PURPOSE = "bell"
# What each kind says of its author.
KINDS: dict[str, Any] = {"mentioned": _("mentioned you")}


def say(kind: str, did: Any) -> None:
    """Give a kind of notice its words, which follow the name of who did it."""
    KINDS[kind] = did


UNREAD_FOR = timedelta(minutes=10)
MOST_COUNTED = 99
MOST_MAILED = 500
IN_ONE_MAIL = 20
LONGEST_TEXT = 300


@service
def tell(
    people: Iterable[User],
    *,
    kind: str,
    record: Any,
    author: str,
    text: str = "",
    anchor: str = "",
    at: datetime | None = None,
) -> None:
    """Tell people something about a record; `anchor` is the place on its page.

    What the machine says in `text` is a sentence, a day or an amount as it is stored: each reads it in their language.
    """
    now = at or timezone.now()
    excerpt = text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
    Notice.objects.bulk_create(
        Notice(
            user=person,
            kind=kind,
            thread=thread_of(record),
            anchor=anchor,
            about=str(record)[:120],
            author=author,
            text=excerpt,
            at=now,
            mail_due_at=_mail_due(person, now),
        )
        for person in people
    )


def _mail_due(person: User, now: datetime) -> datetime | None:
    if person.notices_by_mail == NoticesByMail.NEVER:
        return None
    return now if person.notices_by_mail == NoticesByMail.ALWAYS else now + UNREAD_FOR


def unread(user_id: int) -> QuerySet[Notice]:
    """Return what somebody has not read."""
    return Notice.objects.filter(user=user_id, read_at=None)


def told_at(record: Any, anchor: str) -> list[int]:
    """Return who was told of a place on the page of a record."""
    return list(Notice.objects.filter(thread=thread_of(record), anchor=anchor).values_list("user", flat=True))


def of(user_id: int) -> QuerySet[Notice]:
    """Return what somebody was told, the newest first."""
    return Notice.objects.filter(user=user_id).order_by("-pk")


@service
def read(user_id: int, notice_id: int) -> int:
    """Note that somebody read a notice. Returns how many were not read before."""
    return unread(user_id).filter(pk=notice_id).update(read_at=timezone.now())


@service
def read_all(user_id: int, *, up_to: int) -> int:
    """Note that somebody read all they were told until a notice; what came since waits."""
    return unread(user_id).filter(pk__lte=up_to).update(read_at=timezone.now())


@service
def unread_again(user_id: int, notice_id: int) -> int:
    """Let a notice wait once more; it is not mailed for that."""
    return Notice.objects.filter(pk=notice_id, user=user_id).update(read_at=None, mail_due_at=None)


@service
def choose_mail(user_id: int, wanted: str, *, actor: Actor) -> None:
    """Say when somebody gets their notices by mail as well."""
    person = User.objects.get(pk=user_id)
    before = person.notices_by_mail
    if before == wanted:
        return
    User.objects.filter(pk=user_id).update(notices_by_mail=wanted)
    note_change(
        person,
        "core.user.changed",
        actor=actor,
        before={"notices_by_mail": before},
        after={"notices_by_mail": wanted},
    )


def in_sight(notices: Sequence[Notice], person: User) -> list[Notice]:
    """Leave out what is about records that are not this person's to see any more; one statement for each table."""
    by_table: dict[str, set[int]] = defaultdict(set)
    for one in notices:
        label, _colon, key = one.thread.partition(":")
        by_table[label].add(int(key))
    there: set[str] = set()
    for label, keys in by_table.items():
        if sight.may_open(person, label):
            rows = apps.get_model(label)._default_manager.filter(pk__in=keys)
            there |= {f"{label}:{pk}" for pk in sight.sees(person, rows)}
    return [one for one in notices if one.thread in there]


def token_for(user_id: int) -> str:
    """Return the right to ask for a day how many notices wait for somebody."""
    return links.make_link(PURPOSE, f"core.user:{user_id}", days=1)


def waiting(user_id: int, *, after: str = "") -> dict[str, Any] | None:
    """Return how many notices wait for somebody, as far as they may see what it is about, and the newest of them.

    None where nothing is otherwise than when its `mark` was said.
    """
    rows = list(unread(user_id).order_by("-pk")[: MOST_COUNTED + 1])
    mark = f"{len(rows)}-{rows[0].pk if rows else 0}"
    if mark == after:
        return None
    there = in_sight(rows, User.objects.get(pk=user_id)) if rows else []
    return {"count": len(there), "newest": there[0].pk if there else 0, "mark": mark}


@require_GET
def count(request: HttpRequest, token: str) -> HttpResponse:
    """Answer how many notices wait, and the newest of them, by which a fresh one is known; 204 where that is known."""
    if (thread := links.read_link(token, PURPOSE)) is None:
        return HttpResponse(status=404)
    found = waiting(int(thread.rpartition(":")[2]), after=request.GET.get("after", ""))
    response = HttpResponse(status=204) if found is None else JsonResponse(found)
    response.headers["Cache-Control"] = "no-store"
    return response


def mail_notices() -> int:
    """Mail what was not read in time, one mail for each person. Returns how many people were to get one."""
    due = Notice.objects.filter(read_at=None, mail_due_at__lte=timezone.now()).select_related("user")
    of_whom: dict[int, list[Notice]] = defaultdict(list)
    for notice in due.order_by("mail_due_at")[:MOST_MAILED]:
        of_whom[notice.user_id].append(notice)
    for notices in of_whom.values():
        _mail(notices)
    return len(of_whom)


@service
def _mail(notices: list[Notice]) -> None:
    """Write to one person what waits for them, as far as it is still theirs to see."""
    Notice.objects.filter(pk__in=[one.pk for one in notices]).update(mail_due_at=None)
    person = notices[0].user
    told = in_sight(notices, person) if person.is_active else []
    if not told:
        return
    with override(person.language):
        lines = [
            {
                "who": spoken_actor(one.author),
                "did": str(KINDS.get(one.kind, one.kind)),
                "about": spoken(one.about),
                "text": spoken(one.text),
                "url": links.absolute(reverse("admin:notice", args=[one.pk])),
            }
            for one in told[:IN_ONE_MAIL]
        ]
    mail.intend(
        dedupe_key=f"notices:{person.pk}:{max(one.pk for one in told)}",
        template="notices",
        context={
            "name": person.first_name or person.get_username(),
            "notices": lines,
            "first": lines[0],
            "more": len(told) - 1,
            "url": links.absolute(reverse("admin:notices")),
        },
        to=person.email,
        language=person.language,
        thread=f"core.user:{person.pk}",
        # Who reads sent mail is not always who may see the record.
        confidential=True,
    )
