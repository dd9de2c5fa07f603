"""The portal for everybody: named controls, readable colours, nothing beside the page, on a phone and in the dark."""

from typing import Any

import pytest

from core.actors import SYSTEM
from core.links import make_link
from customers import services as customers
from tests.factories.billing import make_seller
from tests.factories.shop import make_shop
from tests.journeys.conftest import PATIENCE
from tests.scenarios import delivered_order, placed_order

# What a page does wrong, in words. Colours are compared as WCAG 2.2 says: 4.5, or 3 for large text.
INSPECT = """() => {
  const faults = [], say = (what, node) => faults.push(what + ': ' + (node.outerHTML || '').slice(0, 90));
  const seen = node => node.checkVisibility({visibilityProperty: true}) && node.getBoundingClientRect().width > 0;
  const all = kind => [...document.querySelectorAll(kind)].filter(seen);
  const named = node => (node.getAttribute('aria-label') || node.innerText || '').trim();
  if (!document.documentElement.lang) faults.push('no language');
  if (!document.title.trim()) faults.push('no title');
  if (all('h1').length !== 1) faults.push('headings of the first order: ' + all('h1').length);
  if (all('main').length !== 1) faults.push('main parts: ' + all('main').length);
  for (const node of all('input:not([type=hidden]), select, textarea'))
    if (![...(node.labels || [])].some(named) && !node.getAttribute('aria-label')) say('no label', node);
  for (const node of all('a[href], button')) if (!named(node)) say('no name', node);
  for (const node of all('img')) if (!node.hasAttribute('alt')) say('no alternative', node);
  for (const node of all('[aria-describedby], label[for]')) {
    const id = node.getAttribute('aria-describedby') || node.htmlFor;
    if (!document.getElementById(id)) say('points nowhere', node);
  }
  const ids = [...document.querySelectorAll('[id]')].map(node => node.id);
  for (const id of ids.filter((one, at) => ids.indexOf(one) !== at)) faults.push('twice: ' + id);
  const levels = all('h1, h2, h3, h4').map(node => +node.tagName[1]);
  levels.forEach((level, at) => {
    if (at && level > levels[at - 1] + 1) faults.push('heading left out before ' + level);
  });
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push('wider than the window');
  const rgb = text => (text.match(/[0-9.]+/g) || []).map(Number);
  const light = colour => colour.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const colour = rgb(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18] : [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !seen(node) || node.closest('option, :disabled')) continue;
    const style = getComputedStyle(node), size = parseFloat(style.fontSize);
    const [a, b] = [light(rgb(style.color)), light(behind(node))].sort((x, y) => y - x);
    const wanted = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    if ((a + 0.05) / (b + 0.05) < wanted) say('contrast ' + ((a + 0.05) / (b + 0.05)).toFixed(2), node);
  }
  return faults;
}"""
LOOKS = (
    {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "locale": "de-DE"},
    {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light", "locale": "en-GB"},
)


def faults_in_every_look(page: Any, *sizes: Any) -> list[Any]:
    """Return what shuts somebody out of an open page, by day and by night, in windows of these sizes."""
    found = []
    for size in sizes:
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += [(size["width"], scheme, fault) for fault in page.evaluate(INSPECT)]
    return found


@pytest.fixture
def bought(shop_is_open: None) -> Any:
    """Return a delivered order and one that waits for its payment, both of Ada."""
    return delivered_order(), placed_order()


@pytest.fixture
def shop_is_open(transactional_db: None) -> None:
    """Open the shop, with somebody who writes invoices."""
    make_shop()
    make_seller()
    customers.find_or_create(email="ada@example.com", name="Ada Byron", actor=SYSTEM)


@pytest.mark.parametrize("look", LOOKS, ids=["phone, dark, German", "desk, light, English"])
def test_no_page_of_the_portal_shuts_anybody_out(chromium, live_server, bought, look):
    delivered, waiting = bought
    # Not `open_browser`: a form that is refused is a complaint of the browser, and wanted here.
    context = chromium.new_context(base_url=live_server.url, **look)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    faults: dict[str, list[str]] = {}

    def inspect(name: str) -> None:
        page.wait_for_load_state()
        if found := page.evaluate(INSPECT):
            faults[name] = found

    for path in ("/", "/shop/", "/cart/", "/sign-in/", "/look-up/"):
        page.goto(path)
        inspect(path)
    page.locator("[name=number]").press("Enter")
    page.locator("#error_number").wait_for()
    inspect("look-up, wrong")
    for order in (delivered, waiting):
        page.goto(f"/track/{make_link('order', order.history_thread())}/")
        inspect(order.status)
    page.goto(f"/orders/{delivered.number}/return/")
    inspect("return")
    page.goto(f"/orders/{waiting.number}/cancel/")
    inspect("cancel")
    page.goto("/shop/")
    page.locator("input.units").first.fill("2")
    page.locator(".bar button").click()
    page.locator(".message").wait_for()
    for path in ("/cart/", "/checkout/"):
        page.goto(path)
        inspect(f"{path}, filled")
    page.locator("[name=place]").click()
    page.locator("#error_email").wait_for()
    inspect("check-out, wrong")

    context.close()
    assert faults == {}
