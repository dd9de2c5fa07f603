"""Finance hands the books of a month to the accountant: three clicks from Today (U22)."""

import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from billing import services as billing
from billing.models import BookExport
from core import roles
from core.actors import SYSTEM
from core.models import User
from tests.factories.billing import make_seller, place
from tests.factories.shop import make_shop
from tests.scenarios import run_debts

pytestmark = pytest.mark.django_db(transaction=True)


def test_three_clicks_from_today_to_the_files_of_last_month(
    transactional_db: None, open_browser: Any, client: Any, live_server: Any
):
    make_shop()
    entity = make_seller()
    last_month = timezone.now().replace(day=1) - timedelta(days=2)
    billing.invoice_order(place().pk, actor=SYSTEM, at=last_month)
    profile = {"consultant": 1001, "client": 7, "chart": "SKR03", "length": 4, "year_begins": 1, "per_customer": False}
    billing.keep_accounts(entity.pk, profile, {}, actor=SYSTEM)
    run_debts()
    roles.ensure_roles()
    ines = User.objects.create_user("ines", password="x", first_name="Ines", is_staff=True)
    ines.groups.add(roles.group_of("finance"))
    client.force_login(ines, backend="django.contrib.auth.backends.ModelBackend")
    page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    page.goto("/admin/")

    page.get_by_role("link", name="Export and close").click()
    page.get_by_role("button", name="Export this month").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Books of")
    expect(page.get_by_role("progressbar")).to_be_visible()
    run_debts()
    # The page says by itself that they are there.
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download the files").click()
    names = zipfile.ZipFile(taken.value.path()).namelist()
    assert [name for name in names if name.startswith("EXTF")] == [f"EXTF_Buchungsstapel_{last_month:%Y-%m}_EUR_1.csv"]
    assert sum(name.startswith("papers/") for name in names) == 1
    assert BookExport.objects.count() == 1
    expect(page.get_by_text("The totals are those of the ledger.")).to_be_visible()
