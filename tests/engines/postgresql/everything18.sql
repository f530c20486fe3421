-- What came with PostgreSQL 18.
CREATE TABLE stays (room int4range, during tstzrange, PRIMARY KEY (room, during WITHOUT OVERLAPS), note int4range, UNIQUE (note, during WITHOUT OVERLAPS));
CREATE TABLE guests (room int4range, during tstzrange, FOREIGN KEY (room, PERIOD during) REFERENCES stays (room, PERIOD during));
CREATE TABLE sums (
    a integer, b integer, total integer GENERATED ALWAYS AS (a + b) VIRTUAL, kept integer GENERATED ALWAYS AS (a * 2) STORED,
    CONSTRAINT named NOT NULL a, CONSTRAINT small CHECK (a < 5) NOT ENFORCED, id uuid DEFAULT uuidv7() PRIMARY KEY
);
CREATE TABLE refers (id uuid, CONSTRAINT loose FOREIGN KEY (id) REFERENCES sums (id) NOT ENFORCED);
