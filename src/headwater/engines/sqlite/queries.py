"""Named SQL on SQLite's own catalog."""

OBJECTS = """
SELECT s.type, s.name, s.tbl_name, s.sql, l.type AS kind, l.wr, l.strict
FROM sqlite_schema s LEFT JOIN pragma_table_list l ON l.schema = 'main' AND l.name = s.name
WHERE s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND s.sql IS NOT NULL ORDER BY s.rowid
"""
COLUMNS = """
SELECT s.name, x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden
FROM sqlite_schema s, pragma_table_xinfo(s.name) x WHERE s.type = 'table' ORDER BY s.rowid, x.cid
"""
# One by one: a view on a missing table fails, and must not hide the columns of others.
COLUMNS_OF_VIEW = "SELECT name, type FROM pragma_table_xinfo({name}) ORDER BY cid"
HAS_ESTIMATES = "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'"
ESTIMATES = "SELECT tbl, max(CAST(stat AS INTEGER)) FROM sqlite_stat1 GROUP BY tbl"
HAS_SIZES = (
    "SELECT count(*) FROM pragma_module_list m, pragma_page_count c, pragma_page_size s "
    "WHERE m.name = 'dbstat' AND c.page_count * s.page_size < 268435456"
)
SIZES = """
SELECT s.tbl_name, sum(d.pgsize) FROM dbstat d JOIN sqlite_schema s ON s.name = d.name
WHERE d.aggregate = TRUE GROUP BY s.tbl_name
"""

# What a snapshot needs besides the Schema: the tables whose rowid is none of their columns, and those of ANALYZE.
NUMBERED = """
SELECT l.name FROM pragma_table_list l WHERE l.schema = 'main' AND l.type = 'table' AND NOT l.wr
AND (NOT EXISTS (SELECT 1 FROM pragma_table_xinfo(l.name) x WHERE x.pk)
     OR EXISTS (SELECT 1 FROM pragma_index_list(l.name) i WHERE i.origin = 'pk'))
"""
CONFIGURATION = "SELECT k, v FROM {name} WHERE k <> 'version' ORDER BY k"
STATISTICS = "SELECT name FROM sqlite_schema WHERE name IN ('sqlite_stat1', 'sqlite_stat4') ORDER BY name"
HAS = "SELECT 1 FROM sqlite_schema WHERE name = ?"
EXISTING = "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"

# Queries of in-place restores.
TRIGGERS = "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid"
VIRTUAL = "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%'"
REFERENCES = """
SELECT DISTINCT s.name, k."table" FROM sqlite_schema s, pragma_foreign_key_list(s.name) k WHERE s.type = 'table'
ORDER BY s.name, k."table"
"""
BROKEN_KEYS = """
SELECT b."table", group_concat(k."from", ', ') FROM
  (SELECT "table", fkid FROM pragma_foreign_key_check(?) WHERE "parent" = ? LIMIT 1) b,
  pragma_foreign_key_list(b."table") k WHERE k.id = b.fkid
GROUP BY b."table", b.fkid
"""
COUNTING = """
SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'
AND EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence')
"""
COUNT_ON = "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?"
COUNT_FROM = """
INSERT INTO sqlite_sequence (name, seq) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)
"""
