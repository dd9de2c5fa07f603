"""*Kill the worker now*: the process dies in the middle of its debts, the next pays them, every mail goes out once."""

import os
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

from core.models import Delivery, EventRecord, OutgoingMail
from demo.models import DemoDatabase
from orders.models import Order

ORDERS = 12
PATIENCE = 90
MAIL = "order_received"


def is_watched() -> bool:
    """Whether somebody starts this process again when it dies."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn")


def begun() -> dict[str, Any]:
    """Return what is known of a proof whose process was killed; nothing where none was."""
    told = DemoDatabase.objects.values_list("killed", flat=True).first() or {}
    return told if told and told["pid"] != os.getpid() else {}


def state_between() -> dict[str, Any] | None:
    """Return how the proof stands when the process that began it is gone: somebody has to ask again."""
    told = begun()
    if not told:
        return None
    lines = [f"Process {told['pid']} was killed, process {os.getpid()} is here"]
    return {"running": True, "again": True, "lines": lines, "total": ORDERS}


def run(run: Any, key: str, *, order: Callable[[str, str], int], give_back: Callable[[str], None]) -> None:
    """Place orders and kill this process; asked again in the next one, watch their mails and judge."""
    run.total = ORDERS
    if told := begun():
        _judge(run, told, give_back)
        return
    if not is_watched():
        run.verdict, run.holds = "Nobody would start this process again: ./run demo does", False
        return
    prefix = f"KILL-{uuid.uuid4().hex[:8]}-"
    for number in range(ORDERS):
        if order(f"{prefix}{number}", key) == 201:
            run.done += 1
            run.marks += "●"
    DemoDatabase.objects.update(killed={"pid": os.getpid(), "prefix": prefix, "placed": run.done})
    os.kill(os.getpid(), signal.SIGKILL)


def _judge(run: Any, told: dict[str, Any], give_back: Callable[[str], None]) -> None:
    """Wait until nothing is owed any more, and count the mails of each order."""
    threads = [one.history_thread() for one in Order.objects.filter(external_reference__startswith=told["prefix"])]
    events = EventRecord.objects.filter(thread__in=threads)
    until = time.monotonic() + PATIENCE
    while (owed := Delivery.objects.filter(event__in=events, status="pending").count()) and time.monotonic() < until:
        run.done = _sent(threads)
        run.lines = [f"{owed} debts left to pay"]
        time.sleep(0.2)
    mails = Counter(OutgoingMail.objects.filter(thread__in=threads, kind=MAIL).values_list("thread", flat=True))
    twice, lost = sum(1 for count in mails.values() if count > 1), len(threads) - len(mails)
    run.done = _sent(threads)
    run.marks = "●" * run.done
    run.lines = [
        f"Process {told['pid']} was killed, process {os.getpid()} went on",
        f"{len(threads)} orders, {run.done} mails sent, {twice} twice, {lost} lost",
    ]
    run.holds = not owed and not twice and not lost and len(threads) == told["placed"] == run.done
    run.verdict = run.lines[1]
    DemoDatabase.objects.update(killed={})
    give_back(told["prefix"])


def _sent(threads: list[str]) -> int:
    return OutgoingMail.objects.filter(thread__in=threads, kind=MAIL, sent_at__isnull=False).count()
