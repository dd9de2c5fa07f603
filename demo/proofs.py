"""*Prove it*: four claims, shown against the running product over its own API."""

import json
import threading
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from core import invariants
from core.actors import Actor
from core.errors import DomainError
from demo import killing
from demo.catalogue import LAST_THREE
from inventory import services as inventory
from inventory.models import StockItem
from orders import services as orders
from orders.models import Order, OrderStatus

BUYERS, POTS, SENDS = 50, 3, 20
AT_ONCE = 6
KILL = "kill-worker"
ACTOR = Actor("demo", "prove it")


@dataclass
class Run:
    """How one proof goes."""

    running: bool = False
    done: int = 0
    total: int = 0
    lines: list[str] = field(default_factory=list)
    marks: str = ""
    verdict: str = ""
    holds: bool | None = None


@dataclass(frozen=True)
class Proof:
    """A claim and the button that puts it to the test."""

    name: str
    claim: Any
    button: Any
    run: Callable[[Run, str], None]


_runs: dict[str, Run] = {}
_lock = threading.Lock()


def start(name: str, *, key: str) -> None:
    """Start a proof in the background, unless it is running."""
    with _lock:
        if name in _runs and _runs[name].running:
            return
        run = _runs[name] = Run(running=True)
    threading.Thread(target=_work, args=(PROOFS[name], run, key), daemon=True, name=f"proof-{name}").start()


def state_of(name: str) -> dict[str, Any]:
    """Return how a proof goes, as JSON."""
    if name == KILL and name not in _runs and (between := killing.state_between()) is not None:
        return asdict(Run()) | between
    return asdict(_runs.get(name, Run()))


def _work(proof: Proof, run: Run, key: str) -> None:
    try:
        proof.run(run, key)
    except Exception as error:
        run.verdict, run.holds = f"{type(error).__name__}: {error}", False
    finally:
        run.running = False
        connection.close()


def _post(key: str, body: dict[str, Any], idempotency_key: str) -> tuple[int, bytes]:
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{settings.SITE_URL}/api/v1/orders/",
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Idempotency-Key": idempotency_key,
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own address
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def _body(reference: str, sku: str, quantity: int = 1) -> dict[str, Any]:
    return {
        "channel": "api",
        "external_reference": reference,
        "customer": {"email": "prove-it@example.com", "name": "Prove It"},
        "shipping_address": {
            "name": "Prove It",
            "line1": "Am Wall 1",
            "city": "Hamburg",
            "postal_code": "20095",
            "country": "DE",
        },
        "lines": [{"sku": sku, "quantity": quantity}],
        "shipping_method": "standard",
        "payment_terms": "prepaid",
    }


def curl_example(key: str) -> str:
    """Return a command that places an order, to be copied."""
    body = json.dumps(_body("SHOP-1001", "MUG-RED", 2))
    return (
        f"curl -si {settings.SITE_URL}/api/v1/orders/ \\\n  -H 'Authorization: Bearer {key}' \\\n"
        f"  -H 'Idempotency-Key: shop-1001' -H 'Content-Type: application/json' \\\n  -d '{body}'"
    )


# Fifty buyers -----------------------------------------------------------------------------------


def _fifty_buyers(run: Run, key: str) -> None:
    """Let fifty orders for one piece each race for three pieces."""
    run.total = BUYERS
    _set_stock(POTS)
    batch = uuid.uuid4().hex[:8]

    def buy(number: int) -> int:
        code, _answer = _post(key, _body(f"PROVE-{batch}-{number}", LAST_THREE), f"prove-{batch}-{number}")
        connection.close()
        run.done += 1
        run.marks += {201: "●", 409: "·"}.get(code, "!")
        return code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        codes = Counter(pool.map(buy, range(BUYERS)))
    item = StockItem.objects.get(product__sku=LAST_THREE, warehouse__code="HAM")
    oversold = max(0, item.reserved - item.on_hand)
    run.lines = [f"{codes[201]} sold", f"{codes[409]} refused with a reason", f"{oversold} oversold"]
    run.holds = codes == {201: POTS, 409: BUYERS - POTS} and oversold == 0
    run.verdict = "; ".join(run.lines)
    _give_back(f"PROVE-{batch}-")
    _set_stock(POTS)


def _give_back(prefix: str) -> None:
    for order in Order.objects.filter(external_reference__startswith=prefix).exclude(status=OrderStatus.CANCELLED):
        try:
            orders.cancel_order(order.pk, reason="Prove it is over", actor=ACTOR)
        except DomainError:
            continue


def _set_stock(units: int) -> None:
    """Put exactly so many free pieces on the shelf, through the service and with a reason."""
    item = StockItem.objects.select_related("product", "warehouse").get(product__sku=LAST_THREE, warehouse__code="HAM")
    change = units - item.available
    if change:
        inventory.adjust_stock(
            product_id=item.product_id, warehouse_id=item.warehouse_id, change=change, reason="Prove it", actor=ACTOR
        )


# The same order twenty times ---------------------------------------------------------------------


def _same_order(run: Run, key: str) -> None:
    """Send one request twenty times at once, with one idempotency key."""
    run.total = SENDS
    reference = f"TWICE-{uuid.uuid4().hex[:8]}"

    def send(_number: int) -> tuple[int, bytes]:
        answer = _post(key, _body(reference, "TEA-1", 1), reference)
        run.done += 1
        run.marks += "●" if answer[0] == 201 else "!"
        return answer

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = Counter(pool.map(send, range(SENDS)))
    made = Order.objects.filter(external_reference=reference).count()
    same = max(answers.values())
    run.lines = [f"{made} order", f"{same} equal answers"]
    run.holds = made == 1 and same == SENDS
    run.verdict = "; ".join(run.lines)
    _give_back(reference)


# The worker dies --------------------------------------------------------------------------------


def _kill_the_worker(run: Run, key: str) -> None:
    """Kill the process in the middle of its debts, and see what the next one makes of them."""

    def order(reference: str, key: str) -> int:
        return _post(key, _body(reference, "TEA-1"), reference.lower())[0]

    killing.run(run, key, order=order, give_back=_give_back)


# Everything --------------------------------------------------------------------------------------


def _check_everything(run: Run, key: str) -> None:
    """Ask the database about everything that must always be true."""
    questions = list(invariants.questions())
    run.total = len(questions)
    told: dict[str, Tally] = {}
    for code, _name, check in questions:
        told.setdefault(code, Tally()).add(check())
        run.done += 1
        # One line for each law, however many questions it takes to ask for it.
        run.lines = [f"{code}: {tally}" for code, tally in told.items()]
        run.lines += [breach for tally in told.values() for breach in tally.named]
    breaches = sum(tally.breaches for tally in told.values())
    run.holds = breaches == 0
    run.verdict = f"{run.total} questions about {len(told)} laws, {breaches} breaches"


@dataclass
class Tally:
    """What the questions about one law found."""

    questions: int = 0
    rows: int = 0
    breaches: int = 0
    named: list[str] = field(default_factory=list)

    def add(self, finding: invariants.Finding) -> None:
        """Count what one question found, and keep what is wrong in words."""
        self.questions += 1
        self.rows += finding.checked or 0
        self.breaches += len(finding.breaches)
        if finding.breaches:
            self.named.append(f"{finding.code} {finding.name}: {', '.join(finding.breaches[:5])}")

    def __str__(self) -> str:
        return f"{self.questions} asked, {self.rows:,} rows read, {self.breaches} breaches"


PROOFS = {
    proof.name: proof
    for proof in (
        Proof("last-three", _("Never oversold"), _("50 buyers, 3 gold teapots"), _fifty_buyers),
        Proof("same-order", _("Never twice"), _("The same order sent 20 times"), _same_order),
        Proof(KILL, _("Never lost"), _("Kill the worker now"), _kill_the_worker),
        Proof("everything", _("Always consistent"), _("Check everything"), _check_everything),
    )
}
