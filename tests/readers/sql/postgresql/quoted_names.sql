CREATE TABLE "Order" ("Id" int PRIMARY KEY, "user id" int, "a""b" text, "select" int, ünïcode text, CamelCase int);
CREATE TABLE "order" (id int);
ALTER TABLE "Order" RENAME "user id" TO "User.Id";
CREATE INDEX "Index One" ON "Order" ("User.Id", "a""b");
ALTER TABLE "Order" ADD CHECK ("User.Id" > 0), ADD FOREIGN KEY ("User.Id") REFERENCES "Order" ("Id");
CREATE TABLE a_very_long_name_of_a_table_that_goes_on_and_on_until_it_is_too_long (another_rather_long_column_name int UNIQUE, x int CHECK (x > 0));
