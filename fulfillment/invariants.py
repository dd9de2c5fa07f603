"""What must always be true between work, parcels and the order (invariant I2, the part that lies here)."""

from core.invariants import Invariant, register

RENDERED = """
    SELECT done.order_line_id AS line_id, SUM(done.quantity) AS units
    FROM fulfillment_fulfillmentline done
    JOIN fulfillment_fulfillmentorder work ON work.id = done.fulfillment_order_id
    WHERE work.status = 'rendered'
    GROUP BY done.order_line_id
"""


def _moved(figure: str, parcels: str) -> str:
    """Ask for lines whose figure is not what lies in the parcels that are meant, and what was rendered."""
    return f"""
        SELECT line.id FROM orders_orderline line
        LEFT JOIN (
            SELECT content.order_line_id AS line_id, SUM(content.quantity) AS units
            FROM fulfillment_shipmentline content
            JOIN fulfillment_shipment parcel ON parcel.id = content.shipment_id
            WHERE {parcels}
            GROUP BY content.order_line_id
        ) moved ON moved.line_id = line.id
        LEFT JOIN ({RENDERED}) rendered ON rendered.line_id = line.id
        WHERE line.{figure} <> COALESCE(moved.units, 0) + COALESCE(rendered.units, 0)
    """  # noqa: S608 - our own words


register(
    Invariant(
        code="I2",
        name="what an order line has shipped lies in parcels that left, or was rendered",
        rows="SELECT COUNT(*) FROM orders_orderline",
        breaches=_moved("shipped", "parcel.status NOT IN ('label_pending', 'ready', 'cancelled')"),
    ),
    Invariant(
        code="I2",
        name="what an order line has delivered lies in parcels that arrived, or was rendered",
        rows="SELECT COUNT(*) FROM orders_orderline",
        breaches=_moved("delivered", "parcel.status = 'delivered'"),
    ),
    Invariant(
        code="I2",
        name="what a parcel holds was picked for it",
        rows="SELECT COUNT(*) FROM fulfillment_fulfillmentline",
        breaches="""
            SELECT work.number FROM fulfillment_fulfillmentorder work
            JOIN fulfillment_fulfillmentline line ON line.fulfillment_order_id = work.id
            LEFT JOIN (
                SELECT parcel.fulfillment_order_id AS work_id, content.order_line_id AS line_id,
                       SUM(content.quantity) AS units
                FROM fulfillment_shipmentline content
                JOIN fulfillment_shipment parcel ON parcel.id = content.shipment_id
                WHERE parcel.status <> 'cancelled'
                GROUP BY parcel.fulfillment_order_id, content.order_line_id
            ) packed ON packed.work_id = work.id AND packed.line_id = line.order_line_id
            WHERE work.kind = 'goods' AND work.status IN ('packed', 'shipped')
              AND line.picked <> COALESCE(packed.units, 0)
        """,
    ),
    Invariant(
        code="I2",
        name="goods that were shipped went in a parcel that left",
        rows="SELECT COUNT(*) FROM fulfillment_fulfillmentorder",
        breaches="""
            SELECT work.number FROM fulfillment_fulfillmentorder work
            WHERE work.kind = 'goods' AND work.status = 'shipped' AND NOT EXISTS (
                SELECT 1 FROM fulfillment_shipment parcel
                WHERE parcel.fulfillment_order_id = work.id
                  AND parcel.status NOT IN ('label_pending', 'ready', 'cancelled')
            )
        """,
    ),
    Invariant(
        code="I2",
        name="a parcel that left belongs to work that was shipped",
        rows="SELECT COUNT(*) FROM fulfillment_shipment",
        breaches="""
            SELECT parcel.number FROM fulfillment_shipment parcel
            JOIN fulfillment_fulfillmentorder work ON work.id = parcel.fulfillment_order_id
            WHERE parcel.status NOT IN ('label_pending', 'ready', 'cancelled') AND work.status <> 'shipped'
        """,
    ),
    Invariant(
        code="I2",
        name="nothing is left to fetch in a wave that is over",
        rows="SELECT COUNT(*) FROM fulfillment_wave",
        breaches="""
            SELECT work.number FROM fulfillment_fulfillmentorder work
            JOIN fulfillment_wave wave ON wave.id = work.wave_id
            WHERE wave.status IN ('done', 'cancelled') AND work.status IN ('planned', 'released', 'picking')
        """,
    ),
    Invariant(
        code="I2",
        name="something is left to fetch in every open wave",
        rows="SELECT COUNT(*) FROM fulfillment_wave",
        breaches="""
            SELECT wave.number FROM fulfillment_wave wave
            WHERE wave.status IN ('planned', 'released') AND NOT EXISTS (
                SELECT 1 FROM fulfillment_fulfillmentorder work
                WHERE work.wave_id = wave.id AND work.status IN ('planned', 'released', 'picking')
            )
        """,
    ),
    Invariant(
        code="I2",
        name="a wave holds goods of its own warehouse only",
        rows="SELECT COUNT(*) FROM fulfillment_wave",
        breaches="""
            SELECT work.number FROM fulfillment_fulfillmentorder work
            JOIN fulfillment_wave wave ON wave.id = work.wave_id
            WHERE work.kind <> 'goods' OR work.warehouse_id IS NULL OR work.warehouse_id <> wave.warehouse_id
        """,
    ),
)
