/*M!999999\- enable the sandbox mode */ 
-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: shop

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '';

DROP DATABASE IF EXISTS `other_shop`;
CREATE DATABASE /*!32312 IF NOT EXISTS*/ `other_shop` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;

USE `other_shop`;
DROP TABLE IF EXISTS `orders`;
CREATE TABLE `orders` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `person` int(11) DEFAULT NULL,
  `note` varchar(100) COLLATE utf8mb4_0900_ai_ci DEFAULT 'it''s; \'fine\'',
  `raw` blob DEFAULT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `of` FOREIGN KEY (`person`) REFERENCES `people` (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
LOCK TABLES `orders` WRITE;
/*!40000 ALTER TABLE `orders` DISABLE KEYS */;
INSERT INTO `orders` VALUES (1,1,'other_shop.x `other_shop`.`y`; -- no',_binary '@RAW@'),(0,NULL,'é',NULL);
/*!40000 ALTER TABLE `orders` ENABLE KEYS */;
UNLOCK TABLES;
CREATE TABLE `people` (`id` int(11) NOT NULL, PRIMARY KEY (`id`));
INSERT INTO `other_shop`.`people` VALUES (1);

DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER `t` BEFORE INSERT ON `orders` FOR EACH ROW BEGIN
  SET NEW.note = concat(NEW.note, '; t');
END */;;
DELIMITER ;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=`root`@`%` SQL SECURITY DEFINER */
/*!50001 VIEW `v` AS select `other_shop`.`orders`.`id` AS `id` from other_shop.orders */;
CREATE USER 'someone'@'%';
GRANT SELECT ON *.* TO 'someone'@'%';
FLUSH PRIVILEGES;
/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
