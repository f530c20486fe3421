CREATE UNLOGGED TABLE s (id int PRIMARY KEY, v text STORAGE EXTERNAL COMPRESSION pglz, w text COMPRESSION default DEFAULT 'x') WITH (fillfactor = 80);
CREATE TABLE access (id int) USING heap TABLESPACE pg_default;
