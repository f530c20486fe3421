-- Values whose text is easily lost on the way: each type's extremes, and what looks like something else.
CREATE TYPE pair AS (a int, b text);
CREATE TYPE colour AS ENUM ('red', 'it''s', 'tab	');
CREATE TABLE "every type" (
    id int PRIMARY KEY, small smallint, big bigint, r real, d double precision, num numeric, short numeric(10, 3), cash money,
    t text, v varchar(40), c char(5), b bytea, day date, at timestamp, tz timestamptz, of_day time, of_zone timetz,
    span interval, yes boolean, u uuid, j json, jb jsonb, ip inet, net cidr, mac macaddr, bits bit(4), more bit varying,
    p point, box_ box, circle_ circle, path_ path, line_ line, poly polygon, seg lseg,
    ts tsvector, q tsquery, r4 int4range, rn numrange, rt tstzrange, mr int4multirange, lsn pg_lsn, x xid, ch "char", nm name, o oid,
    ints int[], texts text[], odd int[], pairs pair[], one pair, col colour, cols colour[], jp jsonpath
);
INSERT INTO "every type" VALUES
(1, -32768, -9223372036854775808, 'NaN', '-Infinity', 'NaN', -1234567.891, -92233720368547758.08, '', ' ', 'a', '', 'infinity',
 '-infinity', 'infinity', '24:00', '23:59:59.999999-15:59', '-178000000 years', true, '00000000-0000-0000-0000-000000000000',
 '{"a": 1, "a": 2 }', '{"a": null}', '::1/128', '10.0.0.0/8', '08:00:2b:01:02:03', B'1010', B'', '(1e300,-1e-300)', '(1,1),(0,0)', '<(0,0),1>',
 '[(0,0),(1,1)]', '{1,-1,0}', '((0,0),(1,1),(1,0))', '[(0,0),(1,1)]', 'a:1A cat', '''fat'' & rat', 'empty', '(,5.5]', '[2024-01-01,infinity)', '{[1,3),[5,9)}',
 'FFFFFFFF/FFFFFFFF', '3', '\377', 'select', 4294967295, '{}', '{NULL,"NULL","a,b","\"q\"","\\"}', '[2:3][0:1]={{1,2},{3,4}}', ARRAY[ROW(1, E'tab\tquote"')::pair, NULL, ROW(NULL, NULL)::pair],
 ROW(NULL, NULL), 'it''s', ARRAY['red', NULL]::colour[], '$.a[*] ? (@ > 1)'),
(2, 32767, 9223372036854775807, 3.4028235e38, 1.7976931348623157e308, 0.000000000000000000001, 0.1, 0.01, E'\\N', E'\\.', '\N', '\x00ff5c0a09', '4713-01-01 BC',
 '294276-12-31 23:59:59.999999', '4713-11-24 00:00:00+00 BC', '00:00:00.000001', '00:00+00', '1 year 2 mons -3 days 04:05:06.789', false, 'ffffffff-ffff-ffff-ffff-ffffffffffff',
 '[1.0, 1.00]', '[1.0, 1.00, 1e400]', '192.168.0.1/24', '::/0', '00:00:00:00:00:00', B'0000', B'1', '(0,-0)', NULL, NULL, '((0,0),(1,1))', NULL, NULL, NULL, '', '', '[1,)', 'empty',
 NULL, '{}', '0/0', '0', '', '', 0, '{{1,2},{3,NULL}}', ARRAY['', ' ', E'\n', E'\r', E'\b\f\v', '☃'], '{}', '{}', ROW(5, ''), 'tab	', '{}', 'strict $'),
(3, 0, 0, -0.0, 5e-324, 1e130000, 0, 0, E'line\nline\r\ttab\\back', E'\u0001\u007f\u00a0\ufeff', 'é', '\xdeadbeef', '2024-02-29', '2024-02-29 23:59:59.5', '0001-01-01 00:00:00+00',
 NULL, NULL, '0', NULL, NULL, 'null', 'null', '0.0.0.0', NULL, NULL, NULL, NULL, '(NaN,NaN)', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
 'a', NULL, NULL, NULL, NULL, NULL, NULL, ROW(NULL, 'x'), NULL, NULL, NULL),
(4, NULL, NULL, 0.1, 0.1, 100.00, 1.500, NULL, '﻿byte order mark', repeat('ü', 40), NULL, NULL, '9999-12-31', '2024-01-01 00:00:00', '2024-01-01 00:00:00.100+00',
 NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
 NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE "no key" (a int, b text);
INSERT INTO "no key" VALUES (1, 'same'), (1, 'same'), (NULL, NULL), (2, '');
CREATE TABLE "text key" (k text COLLATE "C" PRIMARY KEY, n int);
INSERT INTO "text key" SELECT chr(33 + g % 90) || g, g FROM generate_series(1, 500) g;
CREATE TABLE "one column" (t text);
INSERT INTO "one column" VALUES (''), (NULL), (E'\n'), ('\.');
INSERT INTO no_columns DEFAULT VALUES;
INSERT INTO no_columns DEFAULT VALUES;
INSERT INTO shop.customers (email, name, home, tags, "User") VALUES ('a@b', 'O''Hara', ROW('s "q"', 5, NULL), '{a,"b c"}', E'\\');
INSERT INTO shop.events SELECT '2026-05-01'::timestamptz + g * interval '1 day', 'a', '{}' FROM generate_series(1, 400) g WHERE g < 200;
GRANT SELECT, INSERT ON shop.customers TO PUBLIC;
GRANT USAGE ON SEQUENCE shop.ticket TO pg_monitor WITH GRANT OPTION;
SELECT nextval('shop.ticket');
