CREATE TABLE t (id int PRIMARY KEY);
DO $$ BEGIN
  ALTER TABLE t ADD COLUMN c numeric(10,2);
EXCEPTION WHEN duplicate_column THEN NULL;
END $$;
DO $body$
DECLARE n integer := 0;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood') THEN
    CREATE TYPE mood AS ENUM ('a', 'b');
  END IF;
  IF NOT (EXISTS (SELECT FROM information_schema.columns WHERE column_name = 'm')) THEN
    ALTER TABLE t ADD COLUMN m mood;
    EXECUTE 'ALTER TABLE t ADD COLUMN d text DEFAULT ''x''';
  ELSE
    DROP TABLE t;
  END IF;
  PERFORM 1;
  n := n + 1;
END
$body$ LANGUAGE plpgsql;
DO 'BEGIN CREATE INDEX IF NOT EXISTS t_c ON t (c); END';
