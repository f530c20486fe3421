"""What Headwater has to know of Redis as a dialect."""

from __future__ import annotations

from headwater.catalog.dialect import Dialect

DIALECT = Dialect()
