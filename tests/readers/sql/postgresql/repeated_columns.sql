-- The same text of a column is not the same column: the search path, tables before it and comments decide.
CREATE SCHEMA one;
CREATE SCHEMA two;
CREATE TYPE one.state AS ENUM ('a', 'b');
CREATE DOMAIN two.state AS text;
CREATE TABLE first (
    id bigint NOT NULL,
    state text DEFAULT 'new'::text NOT NULL, -- a comment, with 'a text' and a comma
    ends timestamp with time zone DEFAULT now(),
    prix_café numeric(12,2) DEFAULT 0.0,
    given character varying(20) COLLATE "C",
    unique_one integer UNIQUE, checked integer CHECK (checked > 0),
    last integer
);
CREATE TABLE second (
    id bigint NOT NULL,
    state text DEFAULT 'new'::text NOT NULL, -- a comment, with 'a text' and a comma
    ends timestamp with time zone DEFAULT now(),
    prix_café numeric(12,2) DEFAULT 0.0,
    given character varying(20) COLLATE "C",
    unique_one integer UNIQUE, checked integer CHECK (checked > 0),
    last integer
);
SET search_path = one, public;
CREATE TABLE third (
    id integer PRIMARY KEY,
    now_in state, -- one.state
    last integer
);
SET search_path = two, public;
CREATE TABLE fourth (
    id integer PRIMARY KEY,
    now_in state, -- one.state
    last integer
);
CREATE TABLE fifth (
    id integer PRIMARY KEY,
    now_in state, -- one.state
    last integer
) ;
DO $$ BEGIN
    CREATE TABLE public.sixth (a integer, b text, c integer);
    CREATE TABLE public.seventh (a bigint, b text, c integer);
END $$;
CREATE SCHEMA three CREATE TABLE eighth (a integer NOT NULL, b integer, c text) CREATE TABLE ninth (a integer, b text);
