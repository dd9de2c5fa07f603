"""Days on which a warehouse is closed, as people write them."""

from datetime import time

import pytest
from django.core.exceptions import ValidationError

from core.errors import Invalid
from inventory import services as inventory
from inventory.admin.forms import ClosuresField
from inventory.models import Warehouse
from inventory.opening import read_closures, write_closures
from tests.factories.catalog import make_warehouse

CHRISTMAS = {"from": "2026-12-24", "until": "2026-12-26", "name": "Christmas"}


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("2026-12-24 – 2026-12-26 Christmas", CHRISTMAS),
        ("2026-12-24-2026-12-26: Christmas", CHRISTMAS),
        ("24.12.2026 bis 26.12.2026 Christmas", CHRISTMAS),
        ("2027-01-01", {"from": "2027-01-01", "until": "2027-01-01", "name": ""}),
        ("1.5.2027, Labor Day", {"from": "2027-05-01", "until": "2027-05-01", "name": "Labor Day"}),
    ],
)
def test_a_line_is_read_as_it_is_meant(line, read):
    assert read_closures(f"\n  {line}  \n") == [read]


def test_what_was_read_is_written_back_as_it_can_be_read():
    days = [CHRISTMAS, {"from": "2027-01-01", "until": "2027-01-01", "name": ""}]

    assert read_closures(write_closures(days)) == days


@pytest.mark.parametrize(
    "line",
    ["Christmas", "2026-13-01", "2026-12-26 – 2026-12-24", "31.2.2027", "2026-01-01 – 2026-12-31 Closed down"],
)
def test_a_line_that_names_no_days_is_refused_with_what_it_says(line):
    with pytest.raises(ValidationError, match=line[:10].replace(".", r"\.")):
        ClosuresField().clean(f"2027-01-01 New Year\n{line}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"open_days": []}, "/open_days"),
        ({"open_days": ["someday"]}, "/open_days"),
        ({"open_days": "mon"}, "/open_days"),
        ({"closures": [{"from": "soon"}]}, "/closures"),
        ({"closures": [{**CHRISTMAS, "why": "x"}]}, "/closures"),
        ({"closures": "2026-12-24"}, "/closures"),
        ({"closures": [CHRISTMAS] * 101}, "/closures"),
        ({"handling_days": 61}, "/handling_days"),
    ],
)
def test_days_that_can_never_be_right_change_nothing(maya, change, pointer):
    place = make_warehouse("HAM")

    with pytest.raises(Invalid) as refused:
        inventory.update_warehouse(place.pk, change, actor=maya)

    assert refused.value.errors[0]["pointer"] == pointer
    kept = Warehouse.objects.get()
    assert (kept.open_days, kept.closures, kept.handling_days) == (["mon", "tue", "wed", "thu", "fri"], [], None)


@pytest.mark.django_db
def test_days_are_kept_in_order(maya):
    later = {"from": "2027-01-01", "name": "New Year"}
    place = make_warehouse("HAM", open_days=["sat", "mon"], closures=[later, CHRISTMAS], cut_off=time(14))

    assert place.open_days == ["mon", "sat"]
    assert place.closures == [CHRISTMAS, {"from": "2027-01-01", "until": "2027-01-01", "name": "New Year"}]


@pytest.mark.django_db
def test_the_page_of_a_warehouse_asks_for_its_days(staff):
    place = make_warehouse("HAM")
    url = f"/admin/inventory/warehouse/{place.pk}/change/"
    said = {"name": "Hamburg", "country": "DE", "priority": "50", "active": "on", "open_days": ["mon", "sat"]}

    wrong = staff.post(url, {**said, "closures": "Christmas", "cut_off": "14:00", "handling_days": "2"})
    assert (wrong.status_code, "Christmas: write it as in" in wrong.content.decode()) == (200, True)
    nothing = staff.post(url, {**said, "open_days": []})
    assert (nothing.status_code, Warehouse.objects.get().cut_off) == (200, None)

    lines = "2027-01-01 New Year\n2026-12-24 – 2026-12-26 Christmas"
    done = staff.post(url, {**said, "closures": lines, "cut_off": "14:00", "handling_days": "2"})

    kept = Warehouse.objects.get()
    assert (done.status_code, kept.open_days, kept.cut_off, kept.handling_days) == (302, ["mon", "sat"], time(14), 2)
    assert [one["name"] for one in kept.closures] == ["Christmas", "New Year"]
    assert "2026-12-24 – 2026-12-26 Christmas" in staff.get(url).content.decode()
