"""Takes the pictures of every page in docs/guide/pictures from a demo that runs: light, dark, and on a phone.

./run demo --fresh
.venv/bin/python scripts/take_pictures.py http://127.0.0.1:8000
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "guide" / "pictures"
PASSWORD = "kettle"  # noqa: S105 - printed on the first page of the demo
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True},
}
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Shot:
    """One page: who looks at it, where it is, and which links to follow from there, one after the other."""

    name: str
    who: str
    path: str
    follow: tuple[str, ...] = ()


ROW = ("#result_list tbody th a",)
SHOTS = (
    Shot("today-desk", "maya", "/admin/"),
    Shot("today-warehouse", "tom", "/admin/"),
    Shot("today-finance", "ines", "/admin/"),
    Shot("today-manager", "ada", "/admin/"),
    Shot("orders", "maya", "/admin/orders/order/"),
    Shot("order", "maya", "/admin/orders/order/?fulfillment_status__exact=shipped", ROW),
    Shot("order-on-hold", "maya", "/admin/orders/order/?needs=hold", ROW),
    Shot("edit-order", "ada", "/admin/orders/order/?status__exact=confirmed", (*ROW, "main a[href$='/edit/']")),
    Shot("daily-close", "maya", "/desk/close/"),
    Shot("holds", "maya", "/admin/orders/hold/"),
    Shot("hold-types", "ada", "/admin/orders/holdtype/"),
    Shot("new-order", "maya", "/desk/orders/new/"),
    Shot("parked-drafts", "maya", "/desk/orders/"),
    Shot("walk-in", "maya", "/desk/walk-in/"),
    Shot("exceptions", "maya", "/admin/orders/orderexception/"),
    Shot("exception", "maya", "/admin/orders/orderexception/", ROW),
    Shot("incident", "maya", "/admin/orders/incident/", ROW),
    Shot(
        "side-by-side",
        "maya",
        "/admin/orders/hold/?kind__exact=duplicate",
        ("#result_list a[href*='/orders/order/']", ".beside-link"),
    ),
    Shot("waves", "tom", "/admin/fulfillment/wave/"),
    Shot("wave", "tom", "/admin/fulfillment/wave/", ROW),
    Shot("work", "tom", "/admin/fulfillment/fulfillmentorder/"),
    Shot("work-page", "tom", "/admin/fulfillment/fulfillmentorder/", ROW),
    Shot("parcels", "tom", "/admin/fulfillment/shipment/"),
    Shot("parcel", "tom", "/admin/fulfillment/shipment/", ROW),
    Shot("stock", "tom", "/admin/inventory/stockitem/"),
    Shot("stock-page", "tom", "/admin/inventory/stockitem/", ROW),
    Shot("receipts", "tom", "/admin/inventory/expectedreceipt/"),
    Shot("goods-in", "tom", "/admin/goods-in/"),
    Shot("transfers", "tom", "/admin/inventory/transfer/"),
    Shot("counts", "tom", "/admin/inventory/stockcount/"),
    Shot("routing-rules", "ada", "/admin/inventory/routingruleset/"),
    Shot("routing-rules-page", "ada", "/admin/inventory/routingruleset/", ROW),
    Shot("priority", "ada", "/admin/orders/priorityweights/", ROW),
    Shot("returns", "maya", "/admin/returns/returnrequest/"),
    Shot("return", "maya", "/admin/returns/returnrequest/", ROW),
    Shot("invoices", "ines", "/admin/billing/invoice/"),
    Shot("invoice", "ines", "/admin/billing/invoice/", ROW),
    Shot("payments", "ines", "/admin/billing/payment/"),
    Shot("payment", "ines", "/admin/billing/payment/", ROW),
    Shot("refunds", "ines", "/admin/billing/refund/"),
    Shot("customers", "maya", "/admin/customers/customer/"),
    Shot("customer", "maya", "/admin/customers/customer/", ROW),
    Shot("products", "ada", "/admin/inventory/product/"),
    Shot("product", "ada", "/admin/inventory/product/", ROW),
    Shot("kit", "ada", "/admin/inventory/product/?q=GIFT-01", ROW),
    Shot("figures", "ada", "/reports/"),
    Shot("checks", "ada", "/reports/checks/"),
    Shot("flow", "ada", "/reports/flow/"),
    Shot("flow-map", "ada", "/reports/pace/"),
    Shot("flow-map-step", "ada", "/reports/pace/", ("main .callout a, main .message a",)),
    Shot("channel", "ada", "/admin/pricing/channel/", ROW),
    Shot("retention", "admin", "/admin/retention/"),
    Shot("first-start", "admin", "/desk/first-start/"),
    Shot("product-import", "admin", "/admin/integrations/importbatch/products/"),
    Shot("people", "admin", "/admin/core/user/"),
    Shot("person", "admin", "/admin/core/user/", ROW),
    Shot("security", "maya", "/admin/security/"),
    Shot("bulk-steps", "maya", "/admin/bulk/"),
    Shot("search", "maya", "/admin/search/?q=Fischer"),
    Shot("sign-in", "", "/admin/login/"),
    Shot("demo", "", "/demo/"),
    Shot("portal-home", "", "/"),
    Shot("portal-shop", "lena", "/shop/"),
    Shot("portal-orders", "lena", "/orders/"),
    Shot("portal-order", "lena", "/orders/", ("main table a, main li a, main .orders a",)),
)


def main(base: str, wanted: list[str]) -> int:
    """Take all pictures, or those named."""
    browser_path = next(filter(None, map(shutil.which, NAMES)), None)
    if browser_path is None:
        print("no Chromium on this machine")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    failed = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        for look, options in LOOKS.items():
            pages: dict[str, Any] = {}
            for shot in SHOTS:
                if wanted and shot.name not in wanted:
                    continue
                if shot.who not in pages:
                    pages[shot.who] = signed_in(
                        browser.new_context(base_url=base, locale="en-GB", **options), shot.who
                    )
                failed += not take(pages[shot.who], shot, FOLDER / f"{shot.name}-{look}.png")
    return 1 if failed else 0


def signed_in(context: Any, who: str) -> Any:
    """Return a window in which somebody is signed in, or nobody."""
    page = context.new_page()
    if who:
        page.goto("/admin/login/" if who != "lena" else "/sign-in/")
        page.fill("input[name=username]", who)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "login" not in url and "sign-in" not in url)
        page.wait_for_load_state("networkidle")
    return page


def take(page: Any, shot: Shot, file: Path) -> bool:
    """Take one picture; say where that was not possible."""
    answer = page.goto(shot.path)
    if answer is None or answer.status != 200:  # noqa: PLR2004
        print(f"{shot.name}: {shot.path} answers {answer and answer.status}")
        return False
    for link in shot.follow:
        page.goto(page.locator(link).first.get_attribute("href"))
    page.wait_for_load_state("networkidle")
    page.screenshot(path=file)
    if squeeze := shutil.which("pngquant"):
        subprocess.run([squeeze, "--force", "--ext", ".png", "--strip", "128", file], check=False)
    return True


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000", sys.argv[2:]))
