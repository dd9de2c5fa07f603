"""A real browser on the real server, for journeys a person would make."""

import os
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from demo.models import DemoDatabase

# The first draws the same with a third less work.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Milliseconds for anything a page is to show: enough for a busy machine, and nothing where it shows at once.
PATIENCE = 20_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the browser."""
    for item in items:
        if "journeys" in item.path.parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start Chromium once; skip where there is none."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    # Playwright runs a loop of its own in this thread, which Django would mistake for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_browser(chromium: Any, live_server: Any) -> Iterator[Any]:
    """Return a maker of browser windows, each with its own sign-in; none may complain or call elsewhere."""
    contexts: list[Any] = []
    faults: list[str] = []
    here = urlsplit(live_server.url).netloc

    def new_page(**options: Any) -> Any:
        context = chromium.new_context(base_url=live_server.url, **options)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        # Chromium complains about a page that answers with a conflict: that is how both versions are shown.
        page.on("console", lambda said: complains(said) and faults.append(f"console: {said.text}"))
        page.on("request", lambda request: foreign(request.url) and faults.append(f"elsewhere: {request.url}"))
        contexts.append(context)
        return page

    def complains(said: Any) -> bool:
        return said.type == "error" and not said.text.endswith("status of 409 (Conflict)")

    def foreign(url: str) -> bool:
        return urlsplit(url).scheme.startswith("http") and urlsplit(url).netloc != here

    yield new_page
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def page(open_browser: Any) -> Any:
    """Return one browser window."""
    return open_browser()


@pytest.fixture
def lantern(transactional_db: None, live_server: Any, settings: Any) -> None:
    """Be in the demo, with its payment provider in the same server."""
    settings.DEMO = True
    settings.SITE_URL = live_server.url
    settings.DEMO_PROVIDER_URL = f"{live_server.url}/demo/provider"
    settings.DEMO_PROVIDER_SECRET = "between the two of us"
    DemoDatabase.objects.create(stage="Ready", ready=True)
