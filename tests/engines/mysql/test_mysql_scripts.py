"""What an import does with each kind of statement of a dump, as tables."""

from __future__ import annotations

import pytest

from headwater.engines.mysql import script_rules as rules

DATABASES = {
    "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `a``b` /*!40100 DEFAULT CHARACTER SET utf8 */": ("a`b", "CREATE"),
    "/*!40000 DROP DATABASE IF EXISTS `a`*/": ("a", "DROP"),
    "USE shop": ("shop", "USE"),
    "CREATE SCHEMA sakila": ("sakila", "CREATE"),
    "ALTER DATABASE `a` CHARACTER SET latin1": ("a", "ALTER"),
    "CREATE TABLE `use` (a int)": None,
    "SELECT 'USE a'": None,
}


@pytest.mark.parametrize("text", DATABASES)
def test_database_of_a_statement_is_read(text: str) -> None:
    reference = rules.database(rules.plain_head(text))
    assert (reference and (reference.name, reference.verb)) == DATABASES[text]


DEFINERS = {
    b"CREATE DEFINER=`a`@`%` PROCEDURE p() SELECT 'DEFINER=`x`@`y`'": "DEFINER=`a`@`%`",
    b"/*!50003 CREATE*/ /*!50017 DEFINER=`a``b`@`localhost`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @a = 1 */": (
        "DEFINER=`a``b`@`localhost`"
    ),
    b"CREATE DEFINER = 'a'@'10.0.0.1' SQL SECURITY DEFINER VIEW v AS SELECT 1": "DEFINER = 'a'@'10.0.0.1'",
    b"CREATE DEFINER=root@localhost FUNCTION f() RETURNS int RETURN 1": "DEFINER=root@localhost",
    b"CREATE VIEW v AS SELECT 'DEFINER=`a`@`b`'": "",
    b"INSERT INTO t VALUES ('CREATE DEFINER=`a`@`b` VIEW')": "",
}


@pytest.mark.parametrize("text", DEFINERS)
def test_definer_is_replaced_before_the_body(text: bytes) -> None:
    changed, definer = rules.without_definer(text, rules.plain_head(text.decode()))
    assert definer == DEFINERS[text]
    expected = text.replace(definer.encode(), b"DEFINER=CURRENT_USER", 1) if definer else text
    assert changed == expected


QUALIFIED = {
    b"SELECT `shop`.`a`.`id` FROM shop.a, `shop` . `b`": b"SELECT `a`.`id` FROM a, `b`",
    b"INSERT INTO `shop`.`t` VALUES ('shop.x', \"`shop`.`y`\", 'it''s \\' shop.z')": (
        b"INSERT INTO `t` VALUES ('shop.x', \"`shop`.`y`\", 'it''s \\' shop.z')"
    ),
    b"SELECT a.shop, myshop.x, `my`.shop.y -- shop.z": b"SELECT a.shop, myshop.x, `my`.shop.y -- shop.z",
    b"\xff shop.a": b"\xff a",
}


@pytest.mark.parametrize("text", QUALIFIED)
def test_name_of_the_database_is_removed_outside_texts(text: bytes) -> None:
    assert rules.Qualifier("shop", bare=True).removed(text) == QUALIFIED[text]


def test_name_of_the_database_stays_if_a_table_has_it_too() -> None:
    assert rules.Qualifier("shop", bare=False).removed(b"SELECT shop.id FROM `shop`.`shop`") == (
        b"SELECT shop.id FROM `shop`"
    )
