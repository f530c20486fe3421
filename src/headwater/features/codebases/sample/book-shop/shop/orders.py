"""Taking orders and sending them out."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from .models import Book, Customer, Order, OrderLine


def place_order(session: Session, customer: Customer, basket: dict[int, int]) -> Order:
    """Turn a basket (book id -> copies) into an order; the stock goes down at once."""
    order = Order(customer_id=customer.id, status="open")
    session.add(order)
    for book in session.scalars(select(Book).where(Book.id.in_(basket)).with_for_update()):
        copies = basket[book.id]
        if book.stock < copies:
            raise ValueError(f"only {book.stock} copies of {book.title} are left")
        book.stock -= copies
        order.lines.append(OrderLine(book_id=book.id, quantity=copies, price_cents=book.price_cents))
    return order


def total_cents(order: Order) -> int:
    """Return what an order costs."""
    return sum(line.quantity * line.price_cents for line in order.lines)


def ship(session: Session, order_id: int) -> str:
    """Mark an order as sent and return the address of the mail about it."""
    order = session.get_one(Order, order_id)
    order.status = "shipped"
    order.shipped_at = datetime.now(UTC)
    return order.customer.email


def history(session: Session, email: str) -> list[Order]:
    """Return the orders of a customer, the newest first."""
    query = (
        select(Order)
        .join(Customer, Order.customer_id == Customer.id)
        .where(Customer.email == email, Order.status != "cancelled")
        .options(selectinload(Order.lines))
        .order_by(Order.placed_at.desc())
    )
    return list(session.scalars(query))


def forget_customer(session: Session, customer: Customer) -> None:
    """Remove what is personal; the orders stay for the books."""
    customer.email = f"gone-{customer.id}@example.org"
    customer.full_name = "Former customer"
    customer.phone = None
    customer.newsletter = False
