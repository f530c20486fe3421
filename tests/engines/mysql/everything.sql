-- Every kind of object that the round trip keeps: what inspect reads and ddl writes must come back equal.
CREATE SEQUENCE tickets START WITH 5 INCREMENT BY 5 MINVALUE 5 MAXVALUE 5000 CACHE 3 CYCLE;
CREATE TABLE customers (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    email VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE COMMENT 'where; it''s "said" \\ back',
    `full name` VARCHAR(80) DEFAULT 'it''s, (unknown) \\' NOT NULL,
    balance DECIMAL(12, 2) UNSIGNED ZEROFILL DEFAULT 0.00,
    mood ENUM('sad', 'o''k', 'happy') DEFAULT 'sad',
    flags SET('a', 'b') DEFAULT 'a,b',
    born DATE CHECK (born < '2020-01-01'),
    seen TIMESTAMP(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
    at DATETIME DEFAULT NULL,
    data JSON,
    bits BIT(5) DEFAULT b'101',
    raw VARBINARY(16) DEFAULT x'616263',
    long_text MEDIUMTEXT CHARACTER SET latin1,
    ticket BIGINT DEFAULT (NEXT VALUE FOR tickets),
    id_text CHAR(36) DEFAULT uuid(),
    number INT DEFAULT (1 + 2),
    up VARCHAR(80) GENERATED ALWAYS AS (upper(`full name`)) STORED COMMENT 'loud',
    low VARCHAR(80) AS (concat(lower(`full name`), ')')) VIRTUAL,
    hidden INT INVISIBLE DEFAULT 7,
    low_text TEXT,
    place POINT NOT NULL,
    `back``tick ☃` INT,
    KEY by_name (`full name`(10), born DESC) COMMENT 'a prefix',
    UNIQUE KEY one_up (up) USING BTREE,
    KEY ignored_one (born) IGNORED,
    FULLTEXT KEY words (`full name`, low_text),
    SPATIAL KEY places (place),
    CONSTRAINT `grown up` CHECK (born > '1900-01-01' AND `full name` <> 'a''b')
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci ROW_FORMAT=COMPRESSED COMMENT='Who buys; it''s \\ "quoted"';
CREATE TABLE orders (
    customer_id BIGINT UNSIGNED NOT NULL, number INT NOT NULL, parent INT, note TEXT DEFAULT 'x',
    PRIMARY KEY (customer_id, number),
    CONSTRAINT to_customer FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT to_parent FOREIGN KEY (customer_id, parent) REFERENCES orders (customer_id, number),
    KEY by_note (note(20))
);
CREATE TABLE later (order_customer BIGINT UNSIGNED, order_number INT, INDEX (order_customer, order_number),
    FOREIGN KEY (order_customer, order_number) REFERENCES orders (customer_id, number) ON DELETE SET NULL);
CREATE TABLE plain (a INT, b INT, KEY USING HASH (a)) ENGINE=MEMORY;
CREATE TABLE events (at DATE NOT NULL, kind INT) PARTITION BY RANGE (YEAR(at)) SUBPARTITION BY HASH (kind) SUBPARTITIONS 2
    (PARTITION old VALUES LESS THAN (2026), PARTITION rest VALUES LESS THAN MAXVALUE COMMENT = 'the rest');
CREATE TABLE `select` (`from` INT, `a.b` INT, `ünïcode` TEXT);
CREATE FUNCTION loud(word VARCHAR(20), latin VARCHAR(5) CHARSET latin1) RETURNS VARCHAR(40) DETERMINISTIC NO SQL COMMENT 'shouts' RETURN concat(upper(word), '!;');
CREATE PROCEDURE clean(IN most INT, OUT gone INT, INOUT both_ways DECIMAL(5,2)) SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
  IF most > 0 THEN DELETE FROM plain WHERE a > most; END IF;
  CASE most WHEN 1 THEN SET gone = 1; ELSE SET gone = 2; END CASE;
END;
CREATE VIEW z_first AS SELECT id, email AS `The Mail`, 'customers.x' AS t, loud(`full name`, 'a') AS l FROM customers WHERE balance > 0;
CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW a_second (n) AS SELECT id FROM z_first WHERE id > 5 WITH LOCAL CHECK OPTION;
CREATE TRIGGER touch BEFORE UPDATE ON customers FOR EACH ROW BEGIN SET NEW.at = now(); IF NEW.id THEN SET NEW.born = NULL; END IF; END;
CREATE TRIGGER and_then BEFORE UPDATE ON customers FOR EACH ROW FOLLOWS touch SET NEW.bits = b'1';
CREATE TRIGGER a_third AFTER INSERT ON customers FOR EACH ROW INSERT INTO plain VALUES (1, 2);
CREATE EVENT sweep ON SCHEDULE EVERY 1 DAY STARTS '2026-01-01 00:00:00' ENDS '2036-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'nightly' DO DELETE FROM plain;
CREATE EVENT often ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2026-01-01 00:00:00' DO BEGIN DELETE FROM plain; END
