CREATE TYPE address AS (street text, number int);
CREATE TABLE of_type OF address;
CREATE TABLE of_type_more OF address (street NOT NULL, PRIMARY KEY (number));
CREATE TABLE has_one (home address, all_of address[]);
