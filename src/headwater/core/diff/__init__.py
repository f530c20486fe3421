"""What differs between two Schemas: changes in an order that works, candidates for renames, and what was not compared.

`sides.py` is what a Schema declares, `equality.py` which types and expressions mean the same, `tables.py` and
`parts.py` find the changes, `order.py` sorts them, `renames.py` proposes renames, `report.py` says it to users.
"""

from headwater.core.diff.compare import SchemaDiff, compare, differences
from headwater.core.diff.renames import RenameCandidate
from headwater.core.diff.sides import Side

__all__ = ["RenameCandidate", "SchemaDiff", "Side", "compare", "differences"]
