\set ON_ERROR_STOP off
\restrict abc123
CREATE TABLE first (id int);
\echo 'CREATE TABLE nothing (id int);'
CREATE TABLE second (id int);
	\echo a command behind a tab
CREATE TABLE third (id int);
\unrestrict abc123
