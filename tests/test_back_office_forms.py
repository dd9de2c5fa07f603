"""Every form of the back office says what is wrong beside the field, and loses nothing that was typed."""

import inspect
import re

import pytest
from django import forms
from django.template.loader import render_to_string
from django.urls import reverse

from core.admin.forms import SubjectForm
from core.admin.site import site
from core.admin.transitions import TransitionAdmin

ADDABLE = sorted(
    (model for model, table in site._registry.items() if getattr(table, "create_fields", ())),
    key=lambda model: model._meta.label,
)
TYPED = "~#typed#~"


def needs_more(form):
    """Whether a form is made with more than what was filled in."""
    parameters = inspect.signature(form.__init__).parameters.values()
    return any(one.kind == one.KEYWORD_ONLY and one.default is one.empty for one in parameters)


def step_forms():
    """Return every form that a step of any record, or of many, asks, but those that are made for one record."""
    found = {}
    for table in site._registry.values():
        steps = table.transition_services if isinstance(table, TransitionAdmin) else {}
        for spec in [*steps.values(), *getattr(table, "bulk_services", {}).values()]:
            if spec.form is not None and not issubclass(spec.form, SubjectForm) and not needs_more(spec.form):
                found[f"{spec.form.__module__}.{spec.form.__name__}"] = spec.form
    return found


STEP_FORMS = step_forms()


def tag_of(html, identifier):
    """Return the tag of a control by its id."""
    return re.search(rf'<\w+[^>]*\sid="{re.escape(identifier)}"[^>]*>', html)[0]


def assert_told_beside(html, bound):
    """The fault stands beside its field, and the control points to it."""
    fault = f"{bound.auto_id}_error"
    assert f'id="{fault}"' in html, bound.name
    if not bound.use_fieldset and bound.id_for_label:
        control = tag_of(html, bound.id_for_label)
        assert 'aria-invalid="true"' in control, bound.name
        assert fault in re.search(r'aria-describedby="([^"]*)"', control)[1].split(), bound.name


@pytest.mark.parametrize("name", sorted(STEP_FORMS))
@pytest.mark.django_db
def test_a_step_that_was_filled_in_wrongly_says_so_beside_each_field(name):
    form = STEP_FORMS[name]({})
    if form.is_valid():
        return
    html = render_to_string("admin/parts/fields.html", {"form": form})

    for bound in form.visible_fields():
        if bound.errors:
            assert_told_beside(html, bound)


@pytest.mark.parametrize("model", ADDABLE, ids=lambda model: model._meta.label)
def test_a_form_that_adds_says_so_beside_each_field_and_keeps_what_was_typed(staff, model):
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
    form = form_of(staff.get(url))
    formsets = {f"{kind}-{name}": value for kind in prefixes(staff, url) for name, value in (
        ("TOTAL_FORMS", "0"), ("INITIAL_FORMS", "0"), ("MIN_NUM_FORMS", "0"), ("MAX_NUM_FORMS", "1000"))}  # fmt: skip
    typed = {name: TYPED for name, field in form.fields.items() if type(field) in (forms.CharField, forms.SlugField)}

    answer = staff.post(url, {**formsets, **typed})
    if answer.status_code == 302 or form_of(answer) is None:
        pytest.skip("words are enough for it")

    html = answer.content.decode()
    wrong = form_of(answer)
    assert wrong.errors, "a form that refuses says why"
    for bound in wrong.visible_fields():
        if bound.errors:
            assert_told_beside(html, bound)
        if bound.name in typed and not isinstance(bound.field.widget, forms.PasswordInput):
            assert TYPED in html


def form_of(answer):
    """Return the form that a page shows, if it shows one."""
    shown = answer.context
    return shown["adminform"].form if "adminform" in shown else shown.get("form")


def prefixes(staff, url):
    """Return the names of the rows that are asked for along with a form."""
    return [one.formset.prefix for one in staff.get(url).context.get("inline_admin_formsets", [])]
