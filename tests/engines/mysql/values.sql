-- Values whose text is easily lost on the way: each type's extremes, and what looks like something else.
CREATE TABLE `every type` (
    id INT PRIMARY KEY, t TINYINT, ub BIGINT UNSIGNED, z INT ZEROFILL, f FLOAT, d DOUBLE, n DECIMAL(30, 10), b BIT(64), yes BOOLEAN, y YEAR,
    c CHAR(5), v VARCHAR(60), lt TEXT, latin VARCHAR(20) CHARACTER SET latin1, up VARCHAR(20) COLLATE utf8mb4_bin, e ENUM('', 'it''s', 'tab	'), s SET('a', 'b', 'c d'),
    bi BINARY(4), vb VARBINARY(20), bl BLOB, day DATE, at DATETIME(6), ts TIMESTAMP NULL, ti TIME(3), j JSON, g GEOMETRY, p POINT
) CHARACTER SET utf8mb4;
SET STATEMENT sql_mode = '' FOR INSERT INTO `every type` VALUES
(1, -128, 18446744073709551615, 7, 3.40282e38, 1.7976931348623157e308, 12345678901234567890.0123456789, b'1111', TRUE, 1901, ' a', '', '\\N', 'é€', 'It''s "q" `b`', '', 'a,b,c d',
 x'00ff', x'', x'5c0a0900ff27', '0000-00-00', '9999-12-31 23:59:59.999999', '1970-01-01 00:00:01', '-838:59:59.000', '{"a": [1, 1.0, null]}', ST_GeomFromText('LINESTRING(0 0,1 1)'), POINT(1e300, -1)),
(2, 127, 0, 0, 0.1, 5e-324, -0.0000000001, b'0', FALSE, 2155, 'ab', '\t\n\r\0\Z\\', '\\', 'ÿ', '☃😀', 'it''s', '',
 x'5c4e', x'5c4e', '', '2024-02-29', '2024-02-29 12:00:00.5', '2038-01-19 03:14:07', '00:00:00.001', '"\\\\"', POINT(0, 0), NULL),
(3, 0, 1, 4294967295, -1e-38, 0.1, 0, NULL, NULL, NULL, NULL, NULL, REPEAT('x\n', 30000), NULL, NULL, 'tab	', 'a', NULL, NULL, REPEAT(x'00', 70000), '2024-00-00', '0000-00-00 00:00:00', NULL, NULL, 'null', NULL, NULL),
(4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE `no key` (a INT, b TEXT);
INSERT INTO `no key` VALUES (1, 'same'), (1, 'same'), (NULL, NULL), (2, '');
CREATE TABLE pairs (a VARCHAR(20) COLLATE utf8mb4_general_ci, b INT, c TEXT, PRIMARY KEY (a, b));
INSERT INTO pairs SELECT CONCAT(CHAR(97 + seq % 26), IF(seq % 2, 'É', 'e')), seq, seq FROM seq_1_to_500;
CREATE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY, t TEXT);
INSERT INTO counted (t) VALUES ('a'), ('b'), ('c');
DELETE FROM counted WHERE id = 3;
INSERT INTO customers (email, `full name`, place, born) VALUES ('a@b', 'O''Hara \\', POINT(1, 2), '1999-01-01');
SELECT NEXT VALUE FOR tickets;
