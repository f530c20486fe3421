-- One of each kind of object whose text another writer of DDL would change; run by the program mysql in an empty database.
SET NAMES utf8mb4;
SET sql_mode = 'PIPES_AS_CONCAT,ANSI_QUOTES', foreign_key_checks = 0;
CREATE TABLE joined (id INT PRIMARY KEY, a VARCHAR(10), b VARCHAR(21));
CREATE TRIGGER joins BEFORE INSERT ON joined FOR EACH ROW SET NEW.b = NEW.a || '-' || NEW.id;
CREATE FUNCTION loud(x VARCHAR(10)) RETURNS VARCHAR(30) DETERMINISTIC RETURN x || '!';
CREATE VIEW texts_joined AS SELECT "a" || '?' AS q, loud(a) AS g FROM joined;
SET sql_mode = '';
CREATE TABLE child (id INT AUTO_INCREMENT PRIMARY KEY, parent INT, CONSTRAINT to_absent FOREIGN KEY (parent) REFERENCES absent (id),
    note TEXT COMMENT 'a, (b) foreign key (x) references `y`', CHECK (note <> ', constraint `q` foreign key (id) references z (id)'));
CREATE TABLE circle_a (id INT PRIMARY KEY, b INT, KEY (b), CONSTRAINT `to,b` FOREIGN KEY (b) REFERENCES circle_b (id) ON DELETE CASCADE ON UPDATE SET NULL);
CREATE TABLE circle_b (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES circle_a (id));
CREATE TABLE `do.t``s "q"` (`a.b` INT, `c``d` INT GENERATED ALWAYS AS (`a.b` + 1) STORED, KEY `we,ird` (`c``d`)) COMMENT 'back\\slash, new
line ''q''';
CREATE TABLE defaults (id CHAR(36) DEFAULT uuid() PRIMARY KEY, at TIMESTAMP(3) NOT NULL DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3),
    d DATE NOT NULL DEFAULT '0000-00-00', dt DATETIME DEFAULT '0000-00-00 00:00:00', ts TIMESTAMP NOT NULL DEFAULT '2020-02-02 02:02:02',
    raw VARBINARY(4) DEFAULT x'ff00', e ENUM('a,b', 'c''d') DEFAULT 'c''d', bits BIT(3) DEFAULT b'101', hidden INT INVISIBLE DEFAULT 3,
    latin VARCHAR(10) CHARACTER SET latin1 COLLATE latin1_german1_ci DEFAULT 'ä');
CREATE TABLE versioned (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING;
CREATE TABLE versioned_columns (id INT PRIMARY KEY, v INT, other INT WITHOUT SYSTEM VERSIONING, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START INVISIBLE,
    e TIMESTAMP(6) GENERATED ALWAYS AS ROW END INVISIBLE, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
CREATE TABLE versioned_parts (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME LIMIT 1000 (PARTITION p0 HISTORY, PARTITION pc CURRENT);
CREATE TABLE periods (id INT, a DATE, b DATE, PERIOD FOR p (a, b), UNIQUE (id, p WITHOUT OVERLAPS));
CREATE TABLE parts (id INT, at DATE) PARTITION BY RANGE (year(at)) SUBPARTITION BY HASH (id) (
    PARTITION p0 VALUES LESS THAN (2000) (SUBPARTITION a COMMENT 'x', SUBPARTITION b), PARTITION p1 VALUES LESS THAN MAXVALUE (SUBPARTITION c, SUBPARTITION d));
CREATE TABLE lists (id INT, kind VARCHAR(5)) PARTITION BY LIST COLUMNS (kind) (PARTITION a VALUES IN ('x', 'y'), PARTITION rest DEFAULT);
CREATE TABLE searched (id INT PRIMARY KEY, t TEXT, g GEOMETRY NOT NULL, FULLTEXT KEY ft (t), SPATIAL KEY sp (g)) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=4 STATS_PERSISTENT=1;
CREATE TABLE heap (a INT, KEY USING BTREE (a)) ENGINE=MEMORY MAX_ROWS=7;
CREATE TABLE checked (a VARCHAR(10) CHECK (a <> 'é' AND a <> _utf8mb4'日本'), CONSTRAINT named CHECK (length(a) > 0),
    g VARCHAR(40) AS (concat(upper(a), if(a IN ('x', 'y'), 'é', ','))) VIRTUAL COMMENT 'c', i INT, KEY i (i) IGNORED, UNIQUE KEY u (i DESC));
CREATE SEQUENCE seq START 5 INCREMENT BY -2 MINVALUE -100 MAXVALUE 5 NOCACHE CYCLE;
CREATE TABLE numbered (id INT DEFAULT (NEXT VALUE FOR seq), w INT);
CREATE VIEW z_first AS SELECT id FROM joined;
CREATE VIEW b_second AS SELECT id FROM z_first;
CREATE VIEW a_third AS SELECT z_first.id, c.id AS other FROM z_first JOIN b_second AS c ON c.id = z_first.id;
CREATE DEFINER=`ghost user`@`%` SQL SECURITY INVOKER VIEW secured AS SELECT id FROM joined WITH CASCADED CHECK OPTION;
CREATE VIEW elsewhere AS SELECT joined.id, u.user FROM joined LEFT JOIN mysql.global_priv u ON u.user = joined.a;
SET time_zone = '+05:30';
CREATE EVENT zoned ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 08:00:00' ENDS '2031-01-01 08:00:00' ON COMPLETION PRESERVE DO SET @a = 'x; y';
SET timestamp = unix_timestamp('2020-01-01');
CREATE EVENT past ON SCHEDULE AT '2020-05-01 00:00:00' DO SET @a = 1;
CREATE EVENT ended ON SCHEDULE EVERY 1 HOUR STARTS '2020-01-01 00:00:00' ENDS '2020-02-01 00:00:00' DISABLE ON SLAVE COMMENT 'it''s' DO SET @a = 1;
SET timestamp = DEFAULT, time_zone = DEFAULT;
-- What users of mydumper, mysqldump, mysqlsh and others reported as lost, changed or not loaded.
SET time_zone = '+08:00', innodb_strict_mode = 0;
CREATE TABLE first_second (c TIMESTAMP NOT NULL DEFAULT '1970-01-01 08:00:01', d TIMESTAMP DEFAULT '2038-01-19 11:14:07');
CREATE TABLE not_signed (sign VARCHAR(50) NOT NULL DEFAULT '没签名', e ENUM('没', '签') DEFAULT '签') DEFAULT CHARSET=gbk COMMENT='没签名';
CREATE TABLE fixed_rows (id INT) ROW_FORMAT=FIXED KEY_BLOCK_SIZE=16;
SET time_zone = DEFAULT, innodb_strict_mode = DEFAULT;
CREATE TABLE offices (id INT PRIMARY KEY);
CREATE TABLE users (id INT PRIMARY KEY, office INT, deleted INT, unique_office INT GENERATED ALWAYS AS (if(deleted IS NULL, office, NULL)) VIRTUAL,
    UNIQUE KEY (unique_office), CONSTRAINT of_office FOREIGN KEY (office) REFERENCES offices (id) ON DELETE CASCADE);
CREATE TABLE charsets (e ENUM('é', 'ü') CHARACTER SET latin1 DEFAULT 'é', s SET('ß') CHARACTER SET latin1, u VARCHAR(3) CHARACTER SET ucs2 DEFAULT 'é');
CREATE TABLE `keys` (`key` INT, ` lead` INT, `a*/b` INT COMMENT '*/ -- # /*', `x?y` INT DEFAULT '5') PARTITION BY KEY (`key`) PARTITIONS 3;
CREATE TABLE constants (a DECIMAL(10,2) DEFAULT '1.50', b INT DEFAULT 0x1F, c CHAR(3) DEFAULT 0x414243, d DOUBLE DEFAULT 1e100, e TIME(2) DEFAULT '-10:00:00.12',
    g BIT(8) DEFAULT b'11', h DATE DEFAULT curdate(), i DATETIME DEFAULT (now() + INTERVAL 1 DAY), k TEXT DEFAULT ('multi\nline\\'));
SET sql_mode = 'NO_BACKSLASH_ESCAPES';
CREATE VIEW backslashes AS SELECT 'a\b' AS x, '\' AS y, "it's" AS z;
CREATE PROCEDURE one_backslash() SELECT '\', 'x;y';
SET sql_mode = 'HIGH_NOT_PRECEDENCE,IGNORE_SPACE,REAL_AS_FLOAT';
CREATE FUNCTION precedence(a INT, b INT) RETURNS INT DETERMINISTIC RETURN NOT a BETWEEN 5 AND b;
SET sql_mode = '';
CREATE VIEW expressions AS SELECT 1 + 1, concat('a', "b"), 'very long expression text that is longer than sixty four characters in total', _latin1'x' COLLATE latin1_german1_ci, N'é' AS n, x'4142' AS h;
CREATE VIEW recursive_view AS WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r;
CREATE VIEW quotes AS SELECT 'it''s "q" \\ `b` */ -- ; \n' AS `a``b "c"`, JSON_EXTRACT('{"a": [1]}', '$.a[0]') AS j;
DELIMITER //
CREATE PROCEDURE `we``ird. name`(INOUT `p a` DECIMAL(5,2) UNSIGNED, b ENUM('x','y'), c VARCHAR(5) CHARACTER SET latin1, d TEXT)
BEGIN
  /* comment */ # hash
  /*!50003 SET @v = 1 */;
  IF b = 'x' THEN SELECT '%s %d' AS `;`; END IF;
END//
CREATE TRIGGER `tr ``x` BEFORE UPDATE ON offices FOR EACH ROW BEGIN DECLARE x INT; END//
CREATE EVENT `ev.1` ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2030-01-01 00:00:00' DO BEGIN SELECT ';'; END//
CREATE DEFINER=`ghost`@`%` PROCEDURE commented(IN a INT, OUT b VARCHAR(10)) SQL SECURITY INVOKER MODIFIES SQL DATA COMMENT 'p''c'
BEGIN
  -- a comment; with ;; and $$
  DECLARE c CURSOR FOR SELECT 1; SET b = '//';
END//
CREATE AGGREGATE FUNCTION total(x INT) RETURNS INT
BEGIN DECLARE n INT DEFAULT 0; DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN n; LOOP FETCH GROUP NEXT ROW; SET n = n + x; END LOOP; END//
CREATE TRIGGER second AFTER INSERT ON child FOR EACH ROW BEGIN SET @x = concat(@x, '2'); END//
CREATE TRIGGER first AFTER INSERT ON child FOR EACH ROW PRECEDES second BEGIN SET @x = '1'; END//
CREATE TRIGGER third AFTER INSERT ON child FOR EACH ROW FOLLOWS first SET @x = concat(@x, 'é')//
SET sql_mode = ORACLE//
CREATE PACKAGE pack AS FUNCTION one RETURN INT; PROCEDURE two(a INT); END//
CREATE PACKAGE BODY pack AS n INT := 1; FUNCTION one RETURN INT AS BEGIN RETURN n; END; PROCEDURE two(a INT) AS BEGIN n := a; END; END//
CREATE PROCEDURE oracle_style(a IN INT, b OUT VARCHAR2) AS BEGIN b := a || '!'; END//
DELIMITER ;
SET sql_mode = '';
INSERT INTO joined (id, a) VALUES (1, 'one');
INSERT INTO versioned VALUES (1, 1);
UPDATE versioned SET v = 2;
INSERT INTO users (id, office) VALUES (1, 77);
INSERT INTO not_signed VALUES ('名', '没');
INSERT INTO circle_a VALUES (1, 1), (2, 77);
INSERT INTO circle_b VALUES (1, 1);
