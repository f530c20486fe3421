-- Schemas that a restore must give back exactly, one database each. A line `-- = name` begins a case.
-- = domain_check_calls_function
CREATE FUNCTION is_code(given text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT given ~ '^[A-Z]+$' $$;
CREATE DOMAIN code AS text CONSTRAINT upper_case CHECK (is_code(VALUE));
CREATE TABLE parcel (id int PRIMARY KEY, c code);
INSERT INTO parcel VALUES (1, 'XY');
-- = range_type
CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TABLE measured (id int PRIMARY KEY, r span);
INSERT INTO measured VALUES (1, '[1.5,2.5)');
CREATE TABLE orders (id int PRIMARY KEY, v text);
INSERT INTO orders VALUES (1, 'unrelated');
-- = aggregates
CREATE FUNCTION z_step(state bigint, v int) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT state + v * v';
CREATE AGGREGATE a_squares(int) (SFUNC = z_step, STYPE = bigint, INITCOND = '0');
CREATE FUNCTION z_push(list anyarray, e anyelement) RETURNS anyarray LANGUAGE sql IMMUTABLE
    AS 'SELECT array_append(list, e)';
CREATE AGGREGATE a_list(anyelement) (SFUNC = z_push, STYPE = anyarray, INITCOND = '{}');
CREATE AGGREGATE rows_of(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0');
COMMENT ON AGGREGATE rows_of(*) IS 'counts';
CREATE TABLE numbers (id int PRIMARY KEY, v int);
INSERT INTO numbers VALUES (1, 2), (2, 3);
CREATE VIEW sums AS SELECT a_squares(v) s, rows_of(*) c FROM numbers;
-- = typed_table
CREATE TYPE address AS (street text, nr int);
CREATE DOMAIN age AS int CHECK (VALUE > 0);
CREATE TYPE person AS (name text, home address, age age, tags text[]);
CREATE TABLE people (id int PRIMARY KEY, p person, h address[]);
INSERT INTO people VALUES (1, ROW('O''Neil "x", (y)', ROW('a\b', 1), 3, '{a,"b,c",NULL}')::person,
    ARRAY[ROW('x y', 1)::address, NULL]), (2, NULL, '{}');
CREATE FUNCTION born(n text) RETURNS person LANGUAGE sql AS $$ SELECT ROW(n, NULL, 1, NULL)::person $$;
CREATE TABLE typed OF address (PRIMARY KEY (nr));
INSERT INTO typed VALUES ('a', 1);
CREATE TABLE with_row (a int, r typed);
INSERT INTO with_row VALUES (1, ROW('q', 2));
-- = generated_column_of_child
CREATE TABLE g (a int PRIMARY KEY, b int GENERATED ALWAYS AS (a * 2) STORED);
CREATE TABLE g1 () INHERITS (g);
INSERT INTO g (a) VALUES (1);
INSERT INTO g1 (a) VALUES (3);
-- = not_valid
CREATE TABLE stock (id int PRIMARY KEY, v int);
INSERT INTO stock VALUES (1, 0), (2, 5);
ALTER TABLE stock ADD CONSTRAINT positive CHECK (v > 0) NOT VALID;
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int PRIMARY KEY, parent int);
INSERT INTO child VALUES (1, 99);
ALTER TABLE child ADD CONSTRAINT of_parent FOREIGN KEY (parent) REFERENCES parent NOT VALID;
-- = collation
CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE words (id int PRIMARY KEY, a text COLLATE "C", b text COLLATE folded UNIQUE);
INSERT INTO words VALUES (1, 'b', 'X'), (2, 'B', 'y');
CREATE INDEX ON words (a COLLATE "POSIX" DESC);
-- = constraints_and_storage
CREATE TABLE t (id int, u int UNIQUE DEFERRABLE INITIALLY DEFERRED, r int4range,
    EXCLUDE USING gist (r WITH &&) WHERE (id > 0) DEFERRABLE,
    CONSTRAINT "odd "" name" CHECK (id <> 13) NO INHERIT, UNIQUE NULLS NOT DISTINCT (u, id), PRIMARY KEY (id) INCLUDE (u));
INSERT INTO t VALUES (1, 2, '[1,2)'), (2, NULL, '[5,6)');
CREATE TABLE f (a int, b int, FOREIGN KEY (a, b) REFERENCES t (u, id) MATCH FULL ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE f2 (a int, b int, c int NOT NULL, PRIMARY KEY (a, b));
CREATE TABLE f3 (x int, y int, FOREIGN KEY (x, y) REFERENCES f2 ON DELETE SET NULL (y));
CREATE UNIQUE INDEX u_idx ON f2 (c);
ALTER TABLE f2 ADD CONSTRAINT by_idx UNIQUE USING INDEX u_idx;
ALTER TABLE f2 REPLICA IDENTITY USING INDEX by_idx;
ALTER TABLE f3 REPLICA IDENTITY FULL;
ALTER TABLE f2 CLUSTER ON f2_pkey;
CREATE INDEX part ON f2 (a DESC NULLS LAST, (b + c)) INCLUDE (c) WHERE c IS NOT NULL;
CREATE INDEX br ON f2 USING brin (a) WITH (pages_per_range = 4, autosummarize = on);
ALTER INDEX part ALTER COLUMN 2 SET STATISTICS 500;
COMMENT ON CONSTRAINT by_idx ON f2 IS 'by index';
-- = operator
CREATE FUNCTION near(a int, b int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT abs(a - b) < 2';
CREATE OPERATOR ~~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = near, COMMUTATOR = ~~~~);
CREATE TABLE pairs (id int PRIMARY KEY, v int, CHECK (v OPERATOR(public.~~~~) id));
INSERT INTO pairs VALUES (1, 2);
CREATE TABLE unrelated (id int PRIMARY KEY);
INSERT INTO unrelated VALUES (5);
-- = operator_class_statistics_publication
CREATE TABLE t (id int PRIMARY KEY, a int, b int);
INSERT INTO t SELECT i, i % 3, i % 6 FROM generate_series(1, 100) i;
CREATE STATISTICS st (dependencies, mcv) ON a, b FROM t;
CREATE PUBLICATION pub FOR TABLE t;
COMMENT ON SCHEMA public IS 'ours';
COMMENT ON COLUMN t.a IS 'a column';
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION f(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
COMMENT ON FUNCTION f(int) IS 'of numbers';
CREATE CONVERSION cv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE OPERATOR FAMILY of1 USING btree;
CREATE FUNCTION cmp(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $2 - $1';
CREATE OPERATOR CLASS rev FOR TYPE int USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=,
    OPERATOR 5 <, FUNCTION 1 cmp(int, int);
CREATE INDEX revi ON t (a rev);
-- = sequences
CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, v text);
INSERT INTO t (id, v) SELECT i, 'x' FROM generate_series(1, 100) i;
ALTER TABLE t ALTER id RESTART WITH 101;
CREATE SEQUENCE invoices;
ALTER SEQUENCE invoices RESTART WITH 5000;
CREATE SEQUENCE uncalled START 7;
SELECT setval('uncalled', 70, false);
CREATE TABLE k (id int GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT 10) PRIMARY KEY);
INSERT INTO k DEFAULT VALUES;
INSERT INTO k DEFAULT VALUES;
-- = column_order
CREATE TABLE par (a int, b text) PARTITION BY LIST (a);
CREATE TABLE p1 (b text, a int);
ALTER TABLE par ATTACH PARTITION p1 FOR VALUES IN (1);
INSERT INTO p1 VALUES ('x', 1);
CREATE TABLE base (id int, a text, c int);
CREATE TABLE kid (b int) INHERITS (base);
INSERT INTO kid (id, a, b, c) VALUES (1, 'a', 2, 3);
CREATE INDEX par_a ON par (a);
CREATE INDEX only_idx ON ONLY par (b);
CREATE FUNCTION kids() RETURNS SETOF kid LANGUAGE sql AS 'SELECT 1, ''a''::text, 3, 2';
-- = set_null_columns
CREATE TABLE parent (tenant int, id int, PRIMARY KEY (tenant, id));
CREATE TABLE child (tenant int, parent int, FOREIGN KEY (tenant, parent) REFERENCES parent ON DELETE SET NULL (parent));
INSERT INTO parent VALUES (1, 1);
INSERT INTO child VALUES (1, 1);
-- = subpartition_before_parent
CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
CREATE TABLE p_new PARTITION OF p FOR VALUES FROM (10) TO (40) PARTITION BY LIST (b);
CREATE TABLE p_first PARTITION OF p_new FOR VALUES IN (1);
INSERT INTO p VALUES (25, 1);
-- = views_and_rules
CREATE TABLE t (id int PRIMARY KEY, v text);
INSERT INTO t VALUES (1, 'a'), (2, 'b');
CREATE MATERIALIZED VIEW b_filled AS SELECT count(*) n FROM t;
CREATE MATERIALIZED VIEW a_second AS SELECT n + 1 AS n FROM b_filled;
CREATE UNIQUE INDEX ON a_second (n);
CREATE MATERIALIZED VIEW empty AS SELECT * FROM t WITH NO DATA;
CREATE FUNCTION total() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM public.t';
CREATE MATERIALIZED VIEW aa_by_function AS SELECT total() AS n;
CREATE VIEW v AS SELECT * FROM t;
CREATE RULE no_delete AS ON DELETE TO t DO INSTEAD NOTHING;
CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER always BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION noop();
ALTER TABLE t ENABLE ALWAYS TRIGGER always;
CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION on_ddl();
COMMENT ON EVENT TRIGGER watch IS 'watches';
-- = text_search_and_casts
CREATE TEXT SEARCH DICTIONARY plain (TEMPLATE = simple, STOPWORDS = 'english');
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION words ALTER MAPPING FOR asciiword WITH plain;
CREATE TYPE grade AS ENUM ('low', 'high');
CREATE FUNCTION to_int(grade) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT CASE $1 WHEN 'low' THEN 1 ELSE 2 END $$;
CREATE CAST (grade AS int) WITH FUNCTION to_int(grade);
CREATE TABLE docs (id int PRIMARY KEY, body text, g grade,
    v tsvector GENERATED ALWAYS AS (to_tsvector('public.words', body)) STORED);
INSERT INTO docs (id, body, g) VALUES (1, 'the quick fox', 'high');
CREATE INDEX ON docs USING gin (v);
-- = sql_bodies
CREATE TABLE t (id int PRIMARY KEY);
INSERT INTO t VALUES (1);
CREATE FUNCTION atomic(a int) RETURNS int BEGIN ATOMIC SELECT count(*)::int FROM t; SELECT a; END;
CREATE FUNCTION commented() RETURNS text LANGUAGE sql AS $$
--
-- Name: t; Type: TABLE; Schema: public; Owner: -
--
SELECT E'a;b\'c' $$;
CREATE VIEW late AS SELECT atomic(id) FROM t;
-- = functions_of_the_search_path
CREATE FUNCTION plain(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT lower($1) $$;
CREATE FUNCTION folded(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT plain($1) $$;
CREATE TABLE person (id int PRIMARY KEY, name text, f text GENERATED ALWAYS AS (folded(name)) STORED);
CREATE INDEX on_folded ON person (folded(name));
INSERT INTO person VALUES (1, 'É'), (2, 'B');
CREATE MATERIALIZED VIEW names AS SELECT id, folded(name) FROM person;
CREATE MATERIALIZED VIEW words AS SELECT word FROM ts_stat('SELECT to_tsvector(''simple'', name) FROM person');
-- = access_methods
CREATE ACCESS METHOD other TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE stored (id int PRIMARY KEY) USING other;
CREATE TABLE ordinary (id int PRIMARY KEY);
INSERT INTO stored VALUES (1);
