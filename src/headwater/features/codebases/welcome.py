"""The sample project of a new account: a small bookshop, scanned by an ordinary job."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import projects
from headwater.features.codebases.service import codebases
from headwater.kit.ids import new_id
from headwater.kit.settings import Settings


async def welcome(db: AsyncSession, actor: Actor, settings: Settings) -> None:
    """Create the sample project for a new account."""
    project = await projects.create(
        db,
        actor,
        name="Bookshop sample",
        is_sample=True,
        description="A small bookshop in Python, TypeScript and SQL, to try out Headwater.",
    )
    size = _size(files("headwater.features.codebases") / "sample" / "book-shop")
    spec = codebases.CodebaseSpec(new_id(), "book-shop", "book-shop", size, origin="sample")
    await codebases.add(db, actor, project.id, spec)


def _size(folder: Traversable) -> int:
    if folder.is_file():
        return len(folder.read_bytes())
    return sum(_size(inner) for inner in folder.iterdir())
