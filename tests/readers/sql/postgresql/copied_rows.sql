-- A dump with rows: what follows the rows is read as well.
CREATE TABLE shelf (id integer NOT NULL, label text);
CREATE TABLE book (id integer NOT NULL, shelf_id integer, title text);
COPY shelf (id, label) FROM stdin;
1	CREATE TABLE not_a_table (id int);
2	it's "odd"; \N
\.


COPY book FROM stdin WITH (DELIMITER E'\t');
1	1	x
\.
ALTER TABLE ONLY shelf ADD CONSTRAINT shelf_pkey PRIMARY KEY (id);
ALTER TABLE ONLY book ADD CONSTRAINT book_key PRIMARY KEY (id);
ALTER TABLE ONLY book ADD CONSTRAINT book_shelf FOREIGN KEY (shelf_id) REFERENCES shelf(id) ON DELETE CASCADE;
CREATE INDEX book_title ON book USING btree (title DESC);
