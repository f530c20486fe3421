"""Figures for the owner of the shop, in plain SQL."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text
from sqlalchemy.engine import Connection

REVENUE = text("""
    SELECT date_trunc('month', o.placed_at) AS month, sum(l.quantity * l.price_cents) AS cents
    FROM orders o
    JOIN order_lines l ON l.order_id = o.id
    WHERE o.status IN ('paid', 'shipped') AND o.placed_at >= :since
    GROUP BY month
    ORDER BY month
""")


def revenue(connection: Connection, since: date) -> list[tuple[date, int]]:
    """Return the revenue of each month."""
    return [(row.month, row.cents) for row in connection.execute(REVENUE, {"since": since})]


def newsletter_addresses(connection: Connection) -> list[str]:
    """Return who wants the newsletter."""
    rows = connection.execute(text("SELECT email, full_name FROM customers WHERE newsletter ORDER BY full_name"))
    return [f"{row.full_name} <{row.email}>" for row in rows]


def close_old_orders(connection: Connection) -> None:
    """Cancel orders that nobody paid for a month."""
    connection.execute(
        text("UPDATE orders SET status = 'cancelled' WHERE status = 'open' AND placed_at < now() - interval '30 days'")
    )
