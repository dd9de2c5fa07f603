"""The chart on the wall says what the code does."""

from django.conf import settings
from django.utils import translation

from reports import flow


def test_every_transition_of_every_machine_belongs_to_a_step():
    assert flow.unassigned() == []


def test_no_machine_is_left_out_of_the_chart():
    assert flow.models_with_status() == sorted(flow.MACHINES)


def test_the_handbook_shows_the_machines_as_they_are():
    with translation.override("en"):
        told, drawn = flow.as_markdown(), flow.draw_order_machine()
    folder = settings.BASE_DIR / "docs" / "states"
    assert (folder / "how-an-order-flows.md").read_text(encoding="utf-8") == told, "run ./run manage draw_flow"
    assert (folder / "order-machine.svg").read_text(encoding="utf-8") == drawn, "run ./run manage draw_flow"
