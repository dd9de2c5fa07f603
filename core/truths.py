"""What is always true of the mechanics."""

from core.invariants import Finding, Invariant, register, register_check, register_derived
from core.machines import machine_invariants


def register_truths() -> None:
    """Add them to the list that `check_invariants` asks."""
    register(DEBTS, DEATHS, MAILS, SENT, SAID_WHO, KEYS, ANSWERS)
    register_derived(machine_invariants)
    register_check("I10", "an issued document never changes; its chain is unbroken", _not_yet)


DEBTS = Invariant(
    code="I5",
    name="every debt is paid, scheduled or given up",
    rows="SELECT count(*) FROM core_delivery d WHERE 1 = 1 /* since d.created_at */",
    breaches="""
        SELECT d.id FROM core_delivery d
        WHERE d.status NOT IN ('pending', 'done', 'dead') /* since d.created_at */
        ORDER BY d.id
    """,
)
DEATHS = Invariant(
    code="I5",
    name="what was given up says why",
    rows="SELECT count(*) FROM core_delivery d WHERE d.status = 'dead' /* since d.created_at */",
    breaches="""
        SELECT d.id FROM core_delivery d
        WHERE d.status = 'dead' AND d.last_error = '' /* since d.created_at */
        ORDER BY d.id
    """,
)
MAILS = Invariant(
    code="I6",
    name="one mail per dedupe key",
    rows="SELECT count(*) FROM core_outgoingmail m WHERE 1 = 1 /* since m.created_at */",
    breaches="SELECT dedupe_key FROM core_outgoingmail GROUP BY dedupe_key HAVING count(*) > 1 ORDER BY dedupe_key",
)
SENT = Invariant(
    code="I6",
    name="every mail was sent, refused, or has a debt that will send it",
    rows="SELECT count(*) FROM core_outgoingmail m WHERE 1 = 1 /* since m.created_at */",
    breaches="""
        SELECT m.id FROM core_outgoingmail m
        WHERE ((m.status = 'sent' AND m.sent_at IS NULL) OR (m.status = 'kept' AND NOT EXISTS (
            SELECT 1 FROM core_eventrecord e JOIN core_delivery d ON d.event_id = e.id
            WHERE e.name = 'core.mail_kept' AND e.thread = m.thread AND d.status <> 'done'
        ))) /* since m.created_at */
        ORDER BY m.id
    """,
)
SAID_WHO = Invariant(
    code="I8",
    name="every line of the log says who",
    rows="SELECT count(*) FROM core_eventrecord e WHERE 1 = 1 /* since e.recorded_at */",
    breaches="SELECT e.id FROM core_eventrecord e WHERE e.actor = '' /* since e.recorded_at */ ORDER BY e.id",
)
KEYS = Invariant(
    code="I9",
    name="one effect per idempotency key",
    rows="SELECT count(*) FROM core_idempotencykey",
    breaches="""
        SELECT min(id) FROM core_idempotencykey GROUP BY client, key HAVING count(*) > 1 ORDER BY min(id)
    """,
)
ANSWERS = Invariant(
    code="I9",
    name="every idempotency key has its answer",
    rows="SELECT count(*) FROM core_idempotencykey k WHERE 1 = 1 /* since k.created_at */",
    breaches="""
        SELECT k.id FROM core_idempotencykey k WHERE k.status_code IS NULL /* since k.created_at */ ORDER BY k.id
    """,
)


def _not_yet() -> Finding:
    return Finding("I10", "an issued document never changes; its chain is unbroken", None, remark="not yet")
