"""Finding books, and keeping the catalogue up to date."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from .models import Author, Book


def search(session: Session, words: str, max_price_cents: int | None = None) -> list[Book]:
    """Return the books whose title or author matches, the newest first."""
    query = (
        select(Book)
        .join(Author, Book.author_id == Author.id)
        .where(Book.title.ilike(f"%{words}%") | Author.name.ilike(f"%{words}%"))
        .order_by(Book.published_on.desc())
    )
    if max_price_cents is not None:
        query = query.where(Book.price_cents <= max_price_cents)
    return list(session.scalars(query))


def price_list(session: Session) -> list[tuple[str, str, int]]:
    """Return (ISBN, title, price) of what is in stock."""
    rows = session.execute(select(Book.isbn, Book.title, Book.price_cents).where(Book.stock > 0))
    return [(row.isbn, row.title, row.price_cents) for row in rows]


def add_book(session: Session, author: Author, isbn: str, title: str, price_cents: int) -> Book:
    """Put a new title on the shelf."""
    book = Book(isbn=isbn, title=title, author_id=author.id, price_cents=price_cents, stock=0)
    session.add(book)
    return book


def receive(session: Session, isbn: str, copies: int) -> None:
    """Book in a delivery."""
    session.execute(update(Book).where(Book.isbn == isbn).values(stock=Book.stock + copies))


def change_price(session: Session, book_id: int, price_cents: int) -> Book:
    """Give a book another price."""
    book = session.get_one(Book, book_id)
    book.price_cents = price_cents
    return book


def drop_author(session: Session, author_id: int) -> None:
    """Remove an author without books."""
    session.execute(delete(Author).where(Author.id == author_id))
