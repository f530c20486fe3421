-- Every kind of object that the round trip keeps: what inspect reads and ddl writes must come back equal.
CREATE SCHEMA shop;
CREATE SCHEMA "Odd ""Names""";
CREATE TYPE shop.mood AS ENUM ('sad', 'o''k', 'happy');
COMMENT ON TYPE shop.mood IS 'how it feels';
CREATE DOMAIN shop.email AS text COLLATE "C" NOT NULL DEFAULT 'x@y' CONSTRAINT has_at CHECK (VALUE ~ '@') CHECK (length(VALUE) < 200);
CREATE TYPE shop.address AS (street text, "number" integer, "Zip Code" varchar(10));
CREATE SEQUENCE shop.ticket AS integer START WITH 5 INCREMENT BY 5 MINVALUE 5 MAXVALUE 5000 CACHE 3 CYCLE;
CREATE FUNCTION shop.next_ticket() RETURNS integer LANGUAGE sql AS $$ SELECT nextval('shop.ticket')::integer $$;
CREATE TABLE shop.customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email shop.email,
    name varchar(80) NOT NULL,
    mood shop.mood DEFAULT 'sad',
    home shop.address,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    balance numeric(12,2) DEFAULT 0 CHECK (balance >= 0),
    born date,
    seen timestamp(3) with time zone DEFAULT now(),
    data jsonb,
    "User" text COLLATE "C",
    ticket integer DEFAULT shop.next_ticket(),
    upper_name text GENERATED ALWAYS AS (upper((name)::text)) STORED,
    CONSTRAINT grown_up CHECK (born < '2020-01-01'::date) NO INHERIT
);
COMMENT ON TABLE shop.customers IS 'Who buys; it''s "quoted"';
COMMENT ON COLUMN shop.customers."User" IS E'back\\slash and\nnewline';
CREATE UNIQUE INDEX customers_email ON shop.customers (lower(email::text)) WHERE mood <> 'sad';
CREATE INDEX customers_data ON shop.customers USING gin (data jsonb_path_ops);
CREATE INDEX customers_name ON shop.customers (name DESC NULLS LAST, "User" COLLATE "C") INCLUDE (id, "User") WITH (fillfactor=70);
COMMENT ON INDEX shop.customers_name IS 'by name';
CREATE TABLE shop.orders (
    customer_id bigint NOT NULL,
    number serial,
    during tstzrange,
    note text,
    CONSTRAINT the_key PRIMARY KEY (customer_id, number),
    CONSTRAINT orders_note_key UNIQUE NULLS NOT DISTINCT (note) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&),
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES shop.customers (id) ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE
);
CREATE TABLE shop.lines (
    order_customer bigint, order_number integer, line integer, parent integer,
    price double precision, PRIMARY KEY (order_customer, order_number, line),
    FOREIGN KEY (order_customer, order_number) REFERENCES shop.orders (customer_id, number) MATCH FULL,
    FOREIGN KEY (order_customer, order_number, parent) REFERENCES shop.lines
);
ALTER TABLE shop.lines ADD CONSTRAINT later FOREIGN KEY (order_customer) REFERENCES shop.customers NOT VALID;
ALTER TABLE shop.lines ADD CONSTRAINT dear CHECK ((price) > (1)) NOT VALID;
CREATE UNLOGGED TABLE shop.cache (k text PRIMARY KEY, v bytea) WITH (fillfactor=50);
CREATE TABLE shop.events (at timestamptz NOT NULL, kind text, payload json) PARTITION BY RANGE (at);
CREATE TABLE shop.events_2026 PARTITION OF shop.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE shop.events_rest PARTITION OF shop.events DEFAULT PARTITION BY LIST (kind);
CREATE TABLE shop.events_rest_a PARTITION OF shop.events_rest FOR VALUES IN ('a', 'b''c');
CREATE INDEX events_kind ON shop.events (kind);
CREATE TABLE "Odd ""Names"""."select" ("from" int, "a.b" int, "ünïcode ☃" text, CHECK ("from" > 0));
CREATE TABLE no_columns ();
CREATE VIEW shop.b_first AS SELECT id, name AS "The Name" FROM shop.customers WHERE balance > 0;
CREATE VIEW shop.a_second WITH (security_barrier=true) AS SELECT count(*) AS n FROM shop.b_first;
CREATE MATERIALIZED VIEW shop.totals AS SELECT customer_id, count(*) AS n FROM shop.orders GROUP BY customer_id;
CREATE UNIQUE INDEX totals_customer ON shop.totals (customer_id);
COMMENT ON VIEW shop.b_first IS 'a view';
COMMENT ON COLUMN shop.b_first.id IS 'of the customer';
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN NEW.seen := now(); RETURN NEW; END $body$;
COMMENT ON FUNCTION shop.touch() IS 'keeps seen';
CREATE FUNCTION shop.of_customer(c shop.customers, VARIADIC more int[] DEFAULT '{}') RETURNS SETOF shop.orders LANGUAGE sql STABLE AS 'SELECT * FROM shop.orders WHERE customer_id = c.id';
CREATE PROCEDURE shop.clean(INOUT n integer) LANGUAGE plpgsql AS 'BEGIN DELETE FROM shop.cache; END';
CREATE AGGREGATE shop.product(double precision) (SFUNC = float8mul, STYPE = double precision, INITCOND = '1');
CREATE TRIGGER touch BEFORE UPDATE OF name, "User" ON shop.customers FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION shop.touch();
CREATE TRIGGER sleeping AFTER INSERT ON shop.customers FOR EACH STATEMENT EXECUTE FUNCTION shop.touch();
ALTER TABLE shop.customers DISABLE TRIGGER sleeping;
ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.orders FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON shop.orders AS RESTRICTIVE FOR SELECT TO PUBLIC USING (customer_id > 0);
CREATE POLICY "add new" ON shop.orders FOR INSERT WITH CHECK (note IS NOT NULL);
