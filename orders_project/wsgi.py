"""The door for web servers."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orders_project.settings")
application = get_wsgi_application()

from core import worker  # noqa: E402 - only now are the apps loaded

worker.start()

# What is loaded stays for good. Looked through for garbage again and again it would hold up one answer in fifty for a
# tenth of a second.
gc.collect()
gc.freeze()
