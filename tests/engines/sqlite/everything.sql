-- Every kind of object that the round trip keeps: what inspect reads and ddl writes must come back equal.
CREATE TABLE customers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    email TEXT NOT NULL ON CONFLICT IGNORE UNIQUE COLLATE NOCASE,
    "full name" VARCHAR(80) DEFAULT 'it''s, (unknown)' NOT NULL,
    balance NUMERIC(12, 2) DEFAULT -0.5 CHECK (balance >= -100 AND email <> ',)'),
    born DATE DEFAULT CURRENT_DATE,
    seen TEXT DEFAULT (datetime('now', '-1 day')),
    data BLOB DEFAULT x'00ff',
    anything,
    [order] INT NULL DEFAULT NULL,
    `back``tick` REAL DEFAULT +1.5e3,
    up TEXT GENERATED ALWAYS AS (upper("full name") || ')') STORED,
    low TEXT AS (lower("full name")) VIRTUAL,
    flag BOOLEAN DEFAULT true, -- a comment, with (parentheses
    CONSTRAINT "grown up" CHECK (born < '2020-01-01') /* another */ CONSTRAINT second CHECK ([order] IN (1, 2))
    UNIQUE (born, "full name") ON CONFLICT REPLACE,
    CONSTRAINT named UNIQUE (seen COLLATE NOCASE, born DESC)
);
CREATE TABLE orders (
    customer_id INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED,
    number INTEGER, note TEXT,
    parent INTEGER REFERENCES orders NOT DEFERRABLE,
    CONSTRAINT the_key PRIMARY KEY (customer_id, number),
    CONSTRAINT to_parent FOREIGN KEY (customer_id, parent) REFERENCES orders (customer_id, number) MATCH FULL ON DELETE NO ACTION,
    FOREIGN KEY (note) REFERENCES customers (email) ON UPDATE RESTRICT
) WITHOUT ROWID;
CREATE TABLE strict_one (id INTEGER PRIMARY KEY DESC, a INT, b TEXT, c ANY, d REAL, e BLOB) STRICT;
CREATE TABLE both (k TEXT PRIMARY KEY ON CONFLICT REPLACE, v ANY) WITHOUT ROWID, STRICT;
CREATE TABLE key_may_be_null (k TEXT PRIMARY KEY, v);
CREATE TABLE "Odd ""Names""" ("select" int, "a.b" int, "ünïcode ☃" text, 'quoted' text);
CREATE TABLE copied AS SELECT id, email, 1 AS one FROM customers;
CREATE TEMP TABLE not_ours (a);
CREATE UNIQUE INDEX customers_low ON customers (lower(email), born DESC) WHERE balance > 0;
CREATE INDEX customers_name ON "customers" ("full name" COLLATE RTRIM, [order]);
CREATE INDEX IF NOT EXISTS "Odd Index" ON "Odd ""Names""" ("a.b");
CREATE VIEW b_first AS SELECT id, email AS "The Mail" FROM customers WHERE balance > 0;
CREATE VIEW a_second (n, m) AS SELECT count(*), max(id) FROM b_first;
CREATE VIEW broken AS SELECT * FROM nowhere;
CREATE TRIGGER touch AFTER UPDATE OF email ON customers WHEN old.email <> new.email BEGIN UPDATE customers SET seen = datetime('now') WHERE id = new.id; SELECT CASE WHEN 1 THEN 2 ELSE 3 END; END;
CREATE TRIGGER into_view INSTEAD OF INSERT ON b_first BEGIN INSERT INTO customers (email) VALUES (new."The Mail"); END;
CREATE VIRTUAL TABLE search USING fts5(title, body, tokenize = 'porter');
CREATE VIRTUAL TABLE places USING rtree(id, min_x, max_x);
