"""What the facts about customers are called in the log."""

from django.utils.translation import gettext_lazy as _

from core.admin.differences import name_fields
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
# An address is read in this order, as a person at a customer is.
name_fields(
    {
        "label": _("name of the site"),
        "company": _("Company"),
        "name": _("Name"),
        "role": _("Role"),
        "line1": _("Street and number"),
        "line2": _("Addition"),
        "postal_code": _("Postcode"),
        "city": _("City"),
        "region": _("Region"),
        "country": _("Country"),
        "email": _("E-mail"),
        "phone": _("Phone"),
        "is_bill_to": _("bill to"),
        "is_ship_to": _("ship to"),
        "site": _("site"),
        "contact": _("contact"),
        "number": _("Number"),
        "reason": _("Reason"),
        "valid_from": _("valid from"),
        "valid_until": _("valid until"),
        "valid": _("valid"),
        "reference": _("Reference"),
        "amount": _("Amount"),
        "vat_id": _("VAT id"),
    }
)
