CREATE TABLE booking (id int, during tsrange, area box, EXCLUDE USING gist (during WITH &&), CONSTRAINT no_overlap EXCLUDE USING gist (area WITH ~=) WHERE (id > 3));
ALTER TABLE booking ADD EXCLUDE USING spgist (area WITH &&);
