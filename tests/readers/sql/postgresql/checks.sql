CREATE TABLE t (a int CHECK (a > 0), b int CHECK (b > 0) CHECK (b < 9), c int, CHECK (a < b), CHECK (c > 1 AND c < 5), CONSTRAINT named CHECK (a + b + c > 0) NO INHERIT, CHECK (true));
CREATE TABLE u (a int CONSTRAINT positive CHECK (a > 0) CONSTRAINT filled NOT NULL, b text DEFAULT NULL, c int NULL);
