"""The logo in the form of a seller, and a sample of his papers before anything is saved."""

import base64
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from billing import logos, services
from billing.errors import LogoRefused
from billing.models import LegalEntity
from core.actors import Actor
from core.api.pdf import paper

FIELDS = ("picture", "no_picture")


class LogoForm(forms.ModelForm):
    """Takes a picture by what it is."""

    picture = forms.FileField(
        label=_("logo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": logos.ACCEPT}),
        help_text=_("PNG, JPEG or SVG, at most 200 kB; of an SVG shapes only. Papers that were issued keep theirs."),
    )
    no_picture = forms.BooleanField(label=_("print no logo"), required=False)

    def clean_picture(self) -> bytes | None:
        """Return the bytes of a picture that can be printed."""
        given: Any = self.cleaned_data["picture"]
        if not given:
            return None
        content = bytes(given.read(logos.MOST_BYTES + 1))
        try:
            services.check_logo(content)
        except LogoRefused as refused:
            raise forms.ValidationError(refused.message) from None
        return content


def put(entity: LegalEntity, values: dict[str, Any], *, actor: Actor) -> None:
    """Keep the logo that a form brought, or take it away."""
    if values.get("picture"):
        services.set_logo(entity.pk, values["picture"], actor=actor)
    elif values.get("no_picture"):
        services.set_logo(entity.pk, None, actor=actor)


class SampleAdmin(admin.ModelAdmin):
    """Shows the logo, and draws a sample of what is in the form, saved or not."""

    change_form_template = "admin/billing/legalentity/change_form.html"

    def get_urls(self) -> list[Any]:
        """Add the address of the sample."""
        view = self.admin_site.admin_view(self.sample_view)
        return [
            path("sample/", view, name="billing_legalentity_new_sample"),
            path("<int:pk>/sample/", view, name="billing_legalentity_sample"),
            *super().get_urls(),
        ]

    @admin.display(description=_("logo now"))
    def logo_now(self, obj: LegalEntity) -> str:
        """Show what is printed."""
        drawn = services.logo_on_paper(obj.logo.sha256) if obj.logo else ""
        if not drawn:
            return "–"
        # As a picture, nothing in it runs.
        data = base64.b64encode(drawn.encode()).decode()
        return format_html('<img src="data:image/svg+xml;base64,{}" alt="{}" height="48">', data, obj.name)

    def sample_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """Draw an invoice as the form would have it; what is wrong with the form is said instead."""
        entity = self.get_queryset(request).filter(pk=pk).first() if pk else None
        allowed = self.has_change_permission(request, entity) if entity else self.has_add_permission(request)
        if not allowed or (pk and entity is None):
            raise PermissionDenied
        kind = self.get_form(request, entity, change=entity is not None)
        form = kind(request.POST, request.FILES, instance=entity or LegalEntity())
        if request.method != "POST" or not form.is_valid():
            for name, faults in form.errors.items() if request.method == "POST" else ():
                label = form.fields[name].label if name in form.fields else ""
                said = " ".join(str(fault) for fault in faults)
                self.message_user(request, f"{label}: {said}".lstrip(": "), messages.WARNING)
            name = "change" if entity else "add"
            return HttpResponseRedirect(reverse(f"admin:billing_legalentity_{name}", args=[pk] if pk else []))
        return paper(self._drawn(form), "sample.pdf")

    def _drawn(self, form: Any) -> bytes:
        said, entity = form.cleaned_data, form.instance
        entity.address = {name: said[name] for name in self.address_fields if said.get(name)}
        if said.get("no_picture"):
            entity.logo = None
        return services.sample_pdf(entity, picture=said.get("picture"))

    address_fields: tuple[str, ...] = ()
