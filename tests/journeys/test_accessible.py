"""Every page for everybody: axe finds nothing serious by day and by night, and nothing is wider than a small phone.

The pages are not listed here but asked of the addresses themselves, each table with a record of its own, so that a
new page is looked at without anybody thinking of it.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.urls import NoReverseMatch, reverse

from core.actors import SYSTEM, Actor
from core.admin import navigation
from core.admin.site import site
from core.links import make_link
from core.models import SavedView
from customers import services as customers
from integrations import services as integrations
from integrations.models import ImportBatch
from orders.models import Order
from pricing import services as pricing
from returns import services as returns
from tests.factories.billing import make_seller
from tests.factories.shop import make_shop
from tests.scenarios import confirmed_order, delivered_order, placed_order, run_debts

axe_base = pytest.importorskip("axe_playwright_python.base", reason="no axe: ./run setup --dev")

SERIOUS = ("serious", "critical")
AXE = """async rules => {
  const wanted = rules ? {type: 'rule', values: rules} : {type: 'tag', values: %s};
  const found = await axe.run(document, {runOnly: wanted, resultTypes: ['violations'],
    ...(rules ? {} : {rules: {'target-size': {enabled: true}}})});
  return found.violations.map(one => [one.impact, one.id, one.nodes.slice(0, 3).map(node => node.html.slice(0, 110))]);
}""" % ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Wider than the window, and what of it sticks out; what scrolls inside itself may.
WIDE = """() => {
  const root = document.documentElement, wide = root.scrollWidth - root.clientWidth;
  if (wide <= 0) return [];
  const scrolls = node => node !== document.body && /auto|scroll|hidden|clip/.test(getComputedStyle(node).overflowX);
  const inside = node => { for (let up = node.parentElement; up && up !== root; up = up.parentElement)
    if (scrolls(up)) return true; };
  const out = [...document.body.querySelectorAll('*')].filter(node =>
    node.getBoundingClientRect().right > root.clientWidth + 1 && !inside(node));
  return [`${wide} px`, ...out.slice(-3).map(node => node.outerHTML.slice(0, 110))];
}"""


@pytest.fixture
def _house(transactional_db: None, django_user_model: Any) -> None:
    """Build one of everything, once for all pages."""
    pricing.forget()
    make_shop()
    make_seller()
    lena = customers.find_or_create(email="ada@example.com", name="Ada Byron", actor=SYSTEM)
    done = delivered_order()
    placed_order()
    confirmed_order()
    run_debts()
    line = done.lines.order_by("pk").first()
    returns.request_return(done.pk, quantities={line.pk: 1}, reason="Too red", actor=Actor("staff", "maya"))
    integrations.keep_product_file(name="p.csv", content=b"sku,name\nA,B\n,C\n", actor=SYSTEM)
    maya = django_user_model.objects.create_superuser("maya", "maya@example.com", "a-long-secret")
    lena.user = django_user_model.objects.create_user("lena", "lena@example.com", "a-long-secret")
    lena.save(update_fields=["user"])
    SavedView.objects.create(owner=maya, name="Mine", slug="mine", table="orders.order")


def pages_of_the_back_office() -> Iterator[str]:
    """Return every page: the places of the navigation, and for each table its list, its form and a record."""
    yield from (reverse(name) for name in ("admin:index", "admin:security", "admin:keys", "admin:password_change"))
    yield from sorted({reverse(entry.url_name) for entry in navigation.ENTRIES.values()})
    yield f"{reverse('admin:search')}?q=mug"
    for model, options in sorted(site._registry.items(), key=lambda pair: pair[0]._meta.label):
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        if options.create_fields if hasattr(options, "create_fields") else True:
            yield reverse(f"{name}_add")
        if (record := model._default_manager.order_by("-pk").first()) is None:
            continue
        for kind in ("change", "edit"):
            yield from _reversed(f"{name}_{kind}", record.pk)
        for step in list(getattr(options, "transition_services", {}))[:1]:
            yield from _reversed(f"{name}_do", record.pk, step)
    yield reverse("admin:orders_order_history", args=[Order.objects.latest("pk").pk])
    yield reverse("admin:orders_order_views")
    yield reverse("admin:import_products_preview", args=[ImportBatch.objects.latest("pk").pk])
    yield reverse("desk:test-mail")


def _reversed(name: str, *args: Any) -> Iterator[str]:
    try:
        yield reverse(name, args=args)
    except NoReverseMatch:
        return


def pages_of_the_portal() -> Iterator[str]:
    """Return every page of the portal, with an order where one is needed."""
    sold = Order.objects.filter(email="ada@example.com").order_by("pk")
    yield from ("/", "/shop/", "/cart/", "/sign-in/", "/look-up/", "/orders/")
    for order in sold[:2]:
        yield f"/track/{make_link('order', order.history_thread())}/"
        yield reverse("portal:order", args=[order.number])
    yield reverse("portal:return", args=[sold[0].number])
    yield reverse("portal:cancel", args=[sold[1].number])


def look_at(page: Any, path: str) -> list[Any]:
    """Open a page and return what shuts somebody out, by day, by night and on a small phone."""
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})
    answer = page.goto(path)
    # A refusal is a page, too.
    if answer.status not in (200, 403, 409):
        return [("status", answer.status)]
    page.evaluate(axe_base.AXE_SCRIPT)
    found = [fault for fault in page.evaluate(AXE, None) if fault[0] in SERIOUS]
    page.emulate_media(color_scheme="dark")
    found += [("by night", *fault) for fault in page.evaluate(AXE, ["color-contrast"]) if fault[0] in SERIOUS]
    page.set_viewport_size({"width": 320, "height": 640})
    if wide := page.evaluate(WIDE):
        found.append(("at 320 px", wide))
    return found


@pytest.mark.usefixtures("_house")
@pytest.mark.parametrize(
    ("name", "pages"),
    [("maya", pages_of_the_back_office), ("lena", pages_of_the_portal)],
    ids=["back office", "portal"],
)
def test_no_page_shuts_anybody_out(chromium, live_server, client, name, pages, django_user_model):
    client.force_login(
        django_user_model.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend"
    )
    context = chromium.new_context(base_url=live_server.url, locale="en-GB", bypass_csp=True, reduced_motion="reduce")
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}
    context.add_cookies([{**cookie, "url": live_server.url}])
    page = context.new_page()

    faults = {path: found for path in dict.fromkeys(pages()) if (found := look_at(page, path))}

    context.close()
    assert not faults, "\n".join(f"{path} {found}" for path, found in faults.items())
