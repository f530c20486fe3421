/* one /* inside; another */ */ CREATE TABLE a (id int /* CREATE TABLE b (id int); */, n int);
-- a line; with a semicolon
CREATE /* x */ TABLE c (id int); -- behind
