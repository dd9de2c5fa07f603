"""The door for web servers."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orders_project.settings")
application = get_wsgi_application()

from core import worker  # noqa: E402 - only now are the apps loaded

worker.start()
