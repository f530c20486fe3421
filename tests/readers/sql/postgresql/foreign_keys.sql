CREATE TABLE parent (a int, b int, c text, PRIMARY KEY (a, b), UNIQUE (c));
CREATE TABLE child (
  id int PRIMARY KEY, a int, b int, c text REFERENCES parent (c) DEFERRABLE INITIALLY DEFERRED, me int REFERENCES child,
  FOREIGN KEY (a, b) REFERENCES parent MATCH FULL ON DELETE SET NULL,
  CONSTRAINT named FOREIGN KEY (b, a) REFERENCES parent (b, a) ON UPDATE RESTRICT
);
CREATE TABLE ok (a int, b int, CONSTRAINT some_columns FOREIGN KEY (a, b) REFERENCES parent ON DELETE SET NULL (b));
