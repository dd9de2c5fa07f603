"""Celery, and the only list of periodic tasks."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orders_project.settings")

app = Celery("orders_project")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    # What was not started in time is left to the next round: rounds never pile up.
    "sweep-outbox": {"task": "core.tasks.sweep_outbox", "schedule": 5.0, "options": {"expires": 5}},
    "sequence-events": {"task": "core.tasks.sequence_events", "schedule": 2.0, "options": {"expires": 2}},
    "mail-notices": {"task": "core.tasks.mail_notices", "schedule": 30.0, "options": {"expires": 30}},
    "expire-unpaid": {"task": "orders.tasks.expire_unpaid", "schedule": 300.0, "options": {"expires": 300}},
    "lapse-unpaid-stock": {"task": "orders.tasks.lapse_unpaid_stock", "schedule": 30.0, "options": {"expires": 30}},
    "lapse-drafts": {"task": "orders.tasks.lapse_drafts", "schedule": 900.0, "options": {"expires": 900}},
    "expire-bumps": {"task": "orders.tasks.expire_bumps", "schedule": 60.0, "options": {"expires": 60}},
    "rank-orders": {"task": "orders.tasks.rank_orders", "schedule": 600.0, "options": {"expires": 600}},
    "clear-drafts": {"task": "orders.tasks.clear_drafts", "schedule": 3600.0, "options": {"expires": 3600}},
    "expire-holds": {"task": "orders.tasks.expire_holds", "schedule": 60.0, "options": {"expires": 60}},
    "end-credits": {"task": "customers.tasks.end_credits", "schedule": 300.0, "options": {"expires": 300}},
    "ask-vat-checks": {"task": "customers.tasks.ask_vat_checks", "schedule": 600.0, "options": {"expires": 600}},
    "warn-of-certificates": {
        "task": "customers.tasks.warn_of_certificates",
        "schedule": crontab(hour="6", minute="0"),
        "options": {"expires": 3600},
    },
    "begin-orders": {"task": "orders.tasks.begin_orders", "schedule": 600.0, "options": {"expires": 600}},
    "recall-lent": {"task": "orders.tasks.recall_lent", "schedule": 1800.0, "options": {"expires": 1800}},
    "tell-followers": {"task": "orders.tasks.tell_followers", "schedule": 3.0, "options": {"expires": 3}},
    "tell-follow-ups": {"task": "orders.tasks.tell_follow_ups", "schedule": 600.0, "options": {"expires": 600}},
    "watch-promises": {"task": "orders.tasks.watch_promises", "schedule": 1800.0, "options": {"expires": 1800}},
    # Rates begin at midnight; one that is entered late is found within the hour.
    "watch-rates": {"task": "orders.tasks.watch_rates", "schedule": crontab(minute="2"), "options": {"expires": 3000}},
    "watch-exceptions": {"task": "orders.tasks.watch_exceptions", "schedule": 300.0, "options": {"expires": 300}},
    "reconcile-checkouts": {
        "task": "billing.tasks.reconcile_checkouts",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "remind-overdue": {
        "task": "billing.tasks.remind_by_itself",
        "schedule": crontab(hour="6", minute="10"),
        "options": {"expires": 3600},
    },
    "drop-old-exports": {
        "task": "billing.tasks.drop_old_exports",
        "schedule": 86_400.0,
        "options": {"expires": 3600},
    },
    "watch-holds": {"task": "billing.tasks.watch_holds", "schedule": 3600.0, "options": {"expires": 3600}},
    "watch-stock": {"task": "inventory.tasks.watch_stock", "schedule": 60.0, "options": {"expires": 60}},
    "plan-replenishment": {
        "task": "inventory.tasks.plan_replenishment",
        "schedule": crontab(hour="3", minute="20"),
        "options": {"expires": 3600},
    },
    "note-habits": {
        "task": "orders.tasks.note_habits",
        "schedule": crontab(hour="3", minute="40"),
        "options": {"expires": 3600},
    },
    "settle-catches": {
        "task": "orders.tasks.settle_catches",
        "schedule": crontab(hour="3", minute="50"),
        "options": {"expires": 3600},
    },
    "close-orders": {
        "task": "orders.tasks.close_orders",
        "schedule": crontab(hour="2", minute="40"),
        "options": {"expires": 3600},
    },
    "clear-away": {"task": "core.tasks.clear_away", "schedule": 3600.0, "options": {"expires": 3600}},
}
