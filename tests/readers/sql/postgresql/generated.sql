CREATE TABLE who (
  data jsonb, n int,
  email text GENERATED ALWAYS AS (lower((data ->> 'email'::text))) STORED,
  live boolean GENERATED ALWAYS AS (((data ->> 't')::text = 'Public'::text)) STORED,
  twice int GENERATED ALWAYS AS (n * 2) VIRTUAL,
  thrice int GENERATED ALWAYS AS (n * 3)
);
