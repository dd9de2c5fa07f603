"""How soon open pages show what a colleague did, against a running demo (benchmarks/README.md).

benchmarks/desk_live.py [--site http://127.0.0.1:8000] [--pages 50] [--orders 25] [--changes 40] [--ask]
    [--json] [--strict]
"""

import argparse
import http.client
import json
import random
import re
import sys
import threading
import time
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

# What core/static/core/live_line.js does where it cannot listen: it asks once a second, give or take a tenth.
EVERY = 1.0
GOAL = 2.0
PATIENCE = 10.0
ASK = re.compile(r'data-ask="([^"]+)"')
STREAM = re.compile(r'data-stream="([^"]+)"')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
ORDER = re.compile(r'href="(/admin/orders/order/\d+/)change/')


class Window:
    """A browser window: one connection, the cookies of who is signed in."""

    def __init__(self, site: str, cookies: dict[str, str] | None = None) -> None:
        self.host = urlsplit(site).netloc
        self.site = site
        self.cookies = dict(cookies or {})
        self.line = http.client.HTTPConnection(self.host, timeout=30)

    def said_cookies(self) -> str:
        """Return the cookies as a browser sends them."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def ask(self, path: str, data: dict[str, str] | None = None, *, live: bool = False, bare: bool = False) -> str:
        """Return the text of an answer; nothing for 204."""
        headers = {"Connection": "keep-alive"}
        if self.cookies and not bare:
            headers["Cookie"] = self.said_cookies()
        if live:
            headers["X-Live"] = "1"
        body = None
        if data is not None:
            body = urlencode(data)
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.site}
        for is_last in (False, True):
            try:
                self.line.request("GET" if data is None else "POST", path, body, headers)
                answer = self.line.getresponse()
                break
            except (http.client.HTTPException, ConnectionError):
                self.line.close()
                if is_last or data is not None:
                    raise
        text = answer.read().decode()
        for said in answer.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: one.value for name, one in SimpleCookie(said).items()}
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {answer.status}")
        return text


class Page(threading.Thread):
    """An open page of an order, as its script keeps it: `shown_at` says when a remark was first seen on it."""

    def __init__(self, staff: Window, order: str, over: threading.Event, *, asks: bool) -> None:
        super().__init__(daemon=True)
        self.window = Window(staff.site, staff.cookies)
        self.order, self.over, self.asks = order, over, asks
        self.wanted = ""
        self.ready, self.shown = threading.Event(), threading.Event()
        self.shown_at = 0.0
        self.drawn: list[float] = []

    def run(self) -> None:
        """Hear, or ask, that something happened, and take the page when it did."""
        text = self.window.ask(f"{self.order}change/")
        found = (ASK if self.asks else STREAM).search(text)
        if found is None:
            raise RuntimeError(f"{self.order} is no page that changes by itself")
        (self._ask if self.asks else self._listen)(found[1])

    def _listen(self, path: str) -> None:
        line = http.client.HTTPConnection(self.window.host, timeout=60)
        line.request("GET", path, headers={"Cookie": self.window.said_cookies(), "Accept": "text/event-stream"})
        answer = line.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}, no stream")
        while not self.over.is_set():
            said = answer.readline().decode().strip()
            if said == "event: hello":
                self.ready.set()
            elif said == "event: changed":
                self._draw()

    def _ask(self, path: str) -> None:
        mark = ""
        self.over.wait(random.random() * EVERY)
        while not self.over.is_set():
            if said := self.window.ask(f"{path}?after={mark}", bare=True):
                mark = json.loads(said)["mark"]
                self._draw()
            self.ready.set()
            self.over.wait(EVERY * random.uniform(0.9, 1.1))

    def _draw(self) -> None:
        began = time.monotonic()
        text = self.window.ask(f"{self.order}change/", live=True)
        self.drawn.append(time.monotonic() - began)
        if self.wanted and self.wanted in text and not self.shown.is_set():
            self.shown_at = time.monotonic()
            self.shown.set()


def arguments() -> argparse.Namespace:
    """Read what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--site", default="http://127.0.0.1:8000", help="where ./run demo listens")
    parser.add_argument("--username", default="maya", help="who reads and writes (maya)")
    parser.add_argument("--password", default="kettle", help="and with which password")
    parser.add_argument("--pages", type=int, default=50, help="how many pages are open (50)")
    parser.add_argument("--orders", type=int, default=25, help="of how many orders; 1: all look at the same (25)")
    parser.add_argument("--changes", type=int, default=40, help="how often something happens (40)")
    parser.add_argument("--ask", action="store_true", help="as where no stream comes through: the pages ask")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when the goal is missed")
    return parser.parse_args()


def sign_in(options: argparse.Namespace) -> Window:
    """Return the window of somebody of the demo."""
    window = Window(options.site)
    token = TOKEN.search(window.ask("/admin/login/"))
    said = {"csrfmiddlewaretoken": token[1] if token else "", "next": "/admin/"}
    window.ask("/admin/login/", said | {"username": options.username, "password": options.password})
    if "sessionid" not in window.cookies:
        raise SystemExit("The demo does not let this person in")
    return window


def measure(options: argparse.Namespace) -> dict[str, float | int]:
    """Open the pages, write remarks, and return how long it took until each open page of the order showed them."""
    staff, over = sign_in(options), threading.Event()
    orders = list(dict.fromkeys(ORDER.findall(staff.ask("/admin/orders/order/"))))[: options.orders]
    # Nobody has fifty windows open: ten each.
    people = [sign_in(options) for _ in range((options.pages + 9) // 10)]
    pages = [
        Page(people[number // 10], orders[number % len(orders)], over, asks=options.ask)
        for number in range(options.pages)
    ]
    for page in pages:
        page.start()
    if not all(page.ready.wait(PATIENCE) for page in pages):
        raise SystemExit("Not every page could be opened")
    took: list[float] = []
    missed = 0
    for number in range(options.changes):
        order = random.choice(orders)
        readers = [page for page in pages if page.order == order]
        remark = f"live {time.time_ns()}-{number}"
        form = TOKEN.search(staff.ask(f"{order}do/comment/"))
        for page in readers:
            page.shown.clear()
            page.wanted = remark
        began = time.monotonic()
        staff.ask(f"{order}do/comment/", {"csrfmiddlewaretoken": form[1] if form else "", "text": remark})
        for page in readers:
            if page.shown.wait(PATIENCE):
                took.append(page.shown_at - began)
            else:
                missed += 1
        time.sleep(random.random())
    over.set()
    drawn = sorted(one for page in pages for one in page.drawn)
    took.sort()
    return {
        "pages": len(pages),
        "orders": len(orders),
        "changes": options.changes,
        "shown": len(took),
        "missed": missed,
        "p50_ms": round(at(took, 0.5) * 1000),
        "p95_ms": round(at(took, 0.95) * 1000),
        "most_ms": round(at(took, 1) * 1000),
        "draw_p50_ms": round(at(drawn, 0.5) * 1000),
        "draw_p95_ms": round(at(drawn, 0.95) * 1000),
    }


def at(values: list[float], share: float) -> float:
    """Return the value that this share of sorted values does not exceed."""
    return values[min(len(values) - 1, round(share * (len(values) - 1)))] if values else float("inf")


def main() -> int:
    """Measure and tell."""
    options = arguments()
    found = measure(options)
    met = not found["missed"] and found["p95_ms"] < GOAL * 1000
    if options.json:
        sys.stdout.write(f"{json.dumps(found | {'met': met}, indent=2)}\n")
    else:
        width = max(len(name) for name in found)
        sys.stdout.write("".join(f"{name:<{width}}  {value}\n" for name, value in found.items()))
        sys.stdout.write(f"p95 under {GOAL:.0f} s: {'yes' if met else 'NO'}\n")
    return 1 if options.strict and not met else 0


if __name__ == "__main__":
    sys.exit(main())
