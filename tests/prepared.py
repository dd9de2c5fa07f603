"""Django made ready once, for the process from which the racing processes are forked."""

import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "orders_project.settings"
django.setup()
