"""What the facts about customers are called in the log."""

from django.utils.translation import gettext_lazy as _

from core.admin.facts import name_facts

name_facts(
    {
        "customers.arrears_settled": _("Paid what was overdue: their orders go on"),
        "customers.certificate_added": _("Tax certificate added"),
        "customers.certificate_ended": _("Tax certificate ended"),
        "customers.certificate_ends": _("A tax certificate ends soon"),
        "customers.credit_ended": _("Credit beyond the limit ended"),
        "customers.credit_granted": _("Credit beyond the limit granted"),
        "customers.credit_moved": _("What they may owe is looked at anew"),
        "customers.customer_changed": _("Customer changed"),
        "customers.forgotten": _("Forgotten after the time to keep them"),
        "customers.vat_check_wanted": _("Its VAT id is looked up"),
        "customers.vat_id_checked": _("VAT id checked"),
        "customers.vat_id_confirmed": _("The VAT id is valid after all"),
        "customers.vat_id_refused": _("The VAT id is not valid"),
        "customers.customer_in_arrears": _("Has not paid: their new orders wait"),
    }
)
