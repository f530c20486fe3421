"""Alembic's environment: runs the migrations on the connection that `store.migrations` passes."""

from alembic import context

options = context.config.attributes

context.configure(
    connection=options["connection"],
    target_metadata=options.get("metadata"),
    compare_type=True,
    include_name=options.get("include_name"),
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
