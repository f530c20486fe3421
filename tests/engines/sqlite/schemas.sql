-- One of each kind of object whose text or rowids another writer of DDL would change; run by the program sqlite3.
PRAGMA page_size = 8192; PRAGMA auto_vacuum = 2;
CREATE TABLE plain (v TEXT); -- rowids that another table may refer to
INSERT INTO plain (rowid, v) VALUES (5, 'five'), (100, 'hundred'), (-7, 'negative');
CREATE TABLE commented (
  id INTEGER, /* why */ "text "" quoted" TEXT -- the comment; stays
  , [in brackets] INT DEFAULT (1 + /* two */ 2), PRIMARY KEY (id DESC)
);
INSERT INTO commented VALUES (3, 'a', 1), (2, 'b', 2);
ALTER TABLE commented ADD COLUMN added TEXT DEFAULT 'it''s' COLLATE NOCASE;
ALTER TABLE commented RENAME COLUMN added TO "added later";
CREATE TABLE keyed (k TEXT PRIMARY KEY ON CONFLICT REPLACE, v);
INSERT INTO keyed (rowid, k, v) VALUES (50, 'z', 1), (60, 'a', 2), (70, NULL, 3), (80, NULL, 4);
CREATE TABLE hides (rowid TEXT, v); INSERT INTO hides (_rowid_, rowid, v) VALUES (9, 'x', 1);
CREATE TABLE hides_all (rowid TEXT, _rowid_ TEXT, oid TEXT); INSERT INTO hides_all VALUES ('a', 'b', 'c');
CREATE TABLE without (k TEXT, n INT, v BLOB, PRIMARY KEY (k, n)) WITHOUT ROWID; INSERT INTO without VALUES ('a', 1, x'00ff');
CREATE TABLE strict_one (i INT, t TEXT, a ANY) STRICT; INSERT INTO strict_one VALUES (1, 'x', '007'), (2, NULL, x'00');
CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT);
INSERT INTO counted (v) VALUES ('a'), ('b'), ('c'); DELETE FROM counted WHERE id = 3;
CREATE TABLE generated (a INTEGER PRIMARY KEY, b AS (a * 2), c TEXT AS ('x' || a) STORED UNIQUE, d TEXT DEFAULT (datetime('now')), CHECK (a > 0));
INSERT INTO generated (a) VALUES (1), (2);
CREATE TABLE circle_a (id INTEGER PRIMARY KEY, b CONSTRAINT to_b REFERENCES circle_b (id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE circle_b (id INTEGER PRIMARY KEY, a REFERENCES circle_a (id) ON DELETE CASCADE);
INSERT INTO circle_a VALUES (1, 1), (2, 77); INSERT INTO circle_b VALUES (1, 1);
CREATE TABLE odd (a, b REAL, c); INSERT INTO odd VALUES (CAST(x'fffe41' AS TEXT), 1e-320, CAST(x'410042' AS TEXT));
CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO docs VALUES (10, 'ten dogs'), (20, 'twenty');
CREATE VIRTUAL TABLE fts5_own USING fts5(title, body, tokenize = 'porter'); INSERT INTO fts5_own (rowid, title, body) SELECT id, id, body FROM docs;
INSERT INTO fts5_own (fts5_own, rank) VALUES ('automerge', 2), ('rank', 'bm25(10.0, 5.0)');
CREATE VIRTUAL TABLE fts5_outside USING fts5(body, content = 'docs', content_rowid = 'id');
CREATE TRIGGER docs_insert AFTER INSERT ON docs BEGIN INSERT INTO fts5_outside (rowid, body) VALUES (new.id, new.body); END;
CREATE TRIGGER docs_delete AFTER DELETE ON docs BEGIN INSERT INTO fts5_outside (fts5_outside, rowid, body) VALUES ('delete', old.id, old.body); END;
INSERT INTO fts5_outside (fts5_outside) VALUES ('rebuild');
CREATE VIRTUAL TABLE fts5_without USING fts5(body, content = ''); INSERT INTO fts5_without (rowid, body) SELECT id, body FROM docs;
CREATE VIRTUAL TABLE fts5_orphan USING fts5(body, content = 'gone'); INSERT INTO fts5_orphan (rowid, body) VALUES (7, 'seven');
CREATE VIRTUAL TABLE fts4_own USING fts4(body); INSERT INTO fts4_own (docid, body) SELECT id, body FROM docs;
CREATE VIRTUAL TABLE fts4_without USING fts4(content="", body); INSERT INTO fts4_without (docid, body) SELECT id, body FROM docs;
CREATE VIRTUAL TABLE fts3_own USING fts3(body); INSERT INTO fts3_own (docid, body) SELECT id, body FROM docs;
CREATE VIRTUAL TABLE fts4_languages USING fts4(body, languageid="lid"); INSERT INTO fts4_languages (docid, body, lid) VALUES (4, 'bonjour', 3), (9, 'hello', 1);
CREATE VIRTUAL TABLE fts5_some USING fts5(body, content = 'docs', content_rowid = 'id'); INSERT INTO fts5_some (rowid, body) VALUES (20, 'twenty');
CREATE VIRTUAL TABLE words USING fts5vocab(fts5_own, 'row');
CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1, +note); INSERT INTO boxes VALUES (30, 0.1, 2.5, 'n'), (-4, 1, 2, 'm');
CREATE INDEX descending ON generated (a DESC) WHERE a > 1; CREATE INDEX lowered ON docs (lower(body) COLLATE RTRIM);
CREATE UNIQUE INDEX "odd name" ON commented ("text "" quoted");
CREATE VIEW on_later (x) AS SELECT a FROM later -- a comment at the end
;
CREATE VIEW later AS SELECT a FROM generated;
CREATE VIEW broken AS SELECT missing FROM absent;
CREATE TRIGGER instead INSTEAD OF INSERT ON on_later BEGIN INSERT INTO plain (v) VALUES (new.x || ';'); END;
PRAGMA user_version = 42; PRAGMA application_id = 77;
ANALYZE;
