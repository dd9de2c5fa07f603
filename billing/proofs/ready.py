"""Django made ready once, for the process from which those that try something are forked."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orders_project.settings")
django.setup()
