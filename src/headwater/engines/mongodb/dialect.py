"""What Headwater has to know of MongoDB as a dialect."""

from __future__ import annotations

from headwater.catalog.dialect import Dialect

DIALECT = Dialect()
