--
-- PostgreSQL database dump; what pg_dump 18 writes for a database of another owner
--

\restrict Kx2abc

-- Dumped from database version 18.1

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET setting_of_the_future = on;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8';
ALTER DATABASE shop OWNER TO nobody_here;
\connect shop
\set ON_ERROR_STOP on
\echo 'loading; really'
\pset pager off

CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;
COMMENT ON EXTENSION plpgsql IS 'PL/pgSQL procedural language';
SET ROLE nobody_here;
CREATE ROLE reader;

CREATE SCHEMA sales AUTHORIZATION nobody_here;
ALTER SCHEMA sales OWNER TO nobody_here;
CREATE TYPE sales.mood AS ENUM (
    'it''s; fine',
    'bad'
);
ALTER TYPE sales.mood OWNER TO nobody_here;
CREATE FUNCTION sales.touch() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  NEW.n := coalesce(NEW.n, 0) + 1; -- not; here
  RETURN NEW;
END;
$$;
CREATE TABLE sales.people (
    id integer NOT NULL,
    name text,
    mood sales.mood,
    n integer
);
ALTER TABLE sales.people OWNER TO nobody_here;
CREATE SEQUENCE sales.people_id_seq AS integer START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;
ALTER SEQUENCE sales.people_id_seq OWNED BY sales.people.id;
ALTER TABLE ONLY sales.people ALTER COLUMN id SET DEFAULT nextval('sales.people_id_seq'::regclass);
CREATE TABLE sales.empty (a integer);
COPY sales.people (id, name, mood, n) FROM stdin;
1	tab\there; O'Brien "x" $$ /* \\. 	it's; fine	\N
2	\N	\N	7
3	\\.	bad	0
\.


COPY sales.empty (a) FROM stdin;
\.


COPY sales.people (id, name) FROM stdin WITH (FORMAT csv, HEADER, DELIMITER ';');
id;name
4;"two
lines; ""quoted"""
5;
\.
SELECT pg_catalog.setval('sales.people_id_seq', 41, true);
ALTER TABLE ONLY sales.people
    ADD CONSTRAINT people_pkey PRIMARY KEY (id);
CREATE RULE keep AS ON DELETE TO sales.people DO INSTEAD (
  SELECT 1;
  SELECT 2;
);
CREATE TRIGGER touched BEFORE INSERT OR UPDATE ON sales.people FOR EACH ROW EXECUTE FUNCTION sales.touch();
GRANT SELECT ON TABLE sales.people TO nobody_here;
REVOKE ALL ON TABLE sales.people FROM "No One";
GRANT SELECT ON TABLE sales.people TO PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE nobody_here IN SCHEMA sales GRANT SELECT ON TABLES TO PUBLIC;

\unrestrict Kx2abc
