-- Values of every storage class in columns of every affinity, and text that looks like something else.
CREATE TABLE "every class" (id INTEGER PRIMARY KEY, i INT, r REAL, n NUMERIC, t TEXT, b BLOB, x);
INSERT INTO "every class" VALUES
 (1, 9223372036854775807, 1.7976931348623157e308, 0.1, '', x'', 1),
 (2, -9223372036854775808, -0.0, 12345678901234567890, 'it''s', x'00ff27620a09', 1.0),
 (3, 'no number', 'no number', 'no number', '123', x'62', '1'),
 (4, x'31', 5e-324, x'32', CAST(x'ff00fe' AS TEXT), 'text in a blob column', CAST('a' || char(0) || 'b' AS TEXT)),
 (5, NULL, NULL, NULL, NULL, NULL, NULL),
 (6, 1.5, 9e999, -9e999, char(65279) || '☃' || char(10, 13, 9), zeroblob(5), x'7278'),
 (-7, 0, 3, 1e15, ' ', x'', 'rx3ff0000000000000');
CREATE TABLE "no key" (a, b TEXT);
INSERT INTO "no key" VALUES (1, 'same'), (1, 'same'), (NULL, NULL), (2, '');
CREATE TABLE pairs (a TEXT NOT NULL COLLATE NOCASE, b INT NOT NULL, c, PRIMARY KEY (a, b)) WITHOUT ROWID;
INSERT INTO pairs VALUES ('b', 1, 'x'), ('A', 2, 'y'), ('a', 1, NULL);
CREATE TABLE numbered (id INTEGER PRIMARY KEY AUTOINCREMENT, t TEXT);
INSERT INTO numbered (t) VALUES ('a'), ('b'), ('c');
DELETE FROM numbered WHERE id = 3;
PRAGMA user_version = 7;
