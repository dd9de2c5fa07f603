"""The chart on the wall says what the code does."""

from dataclasses import replace

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from core.models import User
from reports import flow
from tests.scenarios import ADA, confirmed_order, delivered_order, placed_order


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


@pytest.mark.django_db
def test_every_count_is_the_length_of_the_list_it_opens(shop, staff):
    delivered_order({"MUG-RED": 1})
    confirmed_order({"MUG-RED": 3})
    placed_order({"TEA-1": 1})
    placed_order({"TEA-1": 2}, shipping_address=replace(ADA, postal_code="1"))

    counts = {one.step.number: one.count for one in flow.steps_with_counts()}
    lists = {one.step.number: staff.get(one.url).context_data["cl"].result_count for one in flow.steps_with_counts()}

    assert counts == lists
    assert counts[2] == counts[3] == 1


@pytest.mark.django_db
def test_a_german_reads_the_states_in_german(staff):
    User.objects.update(language="de")

    shown = staff.get(reverse("reports:flow")).content.decode()

    assert "<td>Auftrag</td>" in shown
    assert "<td>Entwurf</td>" in shown
    assert "<td>draft</td>" not in shown
