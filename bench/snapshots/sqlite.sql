CREATE TABLE t (
    id INTEGER PRIMARY KEY, customer INTEGER, ratio REAL, price NUMERIC, email TEXT, note TEXT, created TEXT, born TEXT, raw BLOB, mood TEXT
);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000)
INSERT INTO t SELECT i, abs(random() % 100000), (random() % 1000000) / 1000.0, abs(random() % 1000000) / 100.0,
    'user' || abs(random() % 1000000) || '@example.com',
    CASE WHEN i % 3 = 0 THEN NULL ELSE 'note ' || hex(randomblob(16)) || ' ' || hex(i % 1000) END,
    datetime(1704067200 + abs(random() % 60480000), 'unixepoch'), date(abs(random() % 1555200000), 'unixepoch'), randomblob(16),
    substr('new paid shipped cancelled', 1 + (i % 4) * 4, 6) FROM n;
