CREATE TABLE teams (id int PRIMARY KEY, title text);
CREATE TABLE users (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- used certain: Read and written nowhere; 1 whole-row load; it is the primary key
  email text NOT NULL,  -- used certain: Written in 2 places, read in 1 place
  nick text,  -- never_read likely: Written in 1 place, read nowhere; 1 whole-row load
  origin text,  -- never_written certain: Read in 1 place, written nowhere
  fax text,  -- unused likely: Read and written nowhere; 1 whole-row load
  shoe text,  -- unused likely: Read and written nowhere; 1 whole-row load; 1 in tests
  team_id int REFERENCES teams (id),  -- never_read likely: Written in 1 place, read nowhere; 1 whole-row load; foreign key to teams.id
  low int,  -- used certain: Read and written nowhere; 1 whole-row load; check in_order compares it with another column
  high int,  -- used certain: Read and written nowhere; 1 whole-row load; check in_order compares it with another column
  half int CHECK (half > 0),  -- unused likely: Read and written nowhere; 1 whole-row load
  base int,  -- used certain: Read and written nowhere; 1 whole-row load; total is computed from it
  total int GENERATED ALWAYS AS (base * 2) STORED,  -- used certain: Read in 1 place, written nowhere
  level int DEFAULT 1,  -- used certain: Read in 1 place, written nowhere
  created_at timestamp NOT NULL,  -- used certain: Read in 1 place, written nowhere
  city text,  -- used certain: Read and written nowhere; 1 whole-row load; view places names it
  CONSTRAINT in_order CHECK (low < high)
);
CREATE TABLE events (
  kind text,  -- used certain: Written in 1 place, read in 1 place
  payload text  -- never_read certain: Written in 1 place, read nowhere
);
CREATE TABLE drafts (
  body text  -- unused likely: Read and written nowhere
);
CREATE TABLE outbox (
  message text  -- never_read likely: Written in 1 place, read nowhere
);
CREATE VIEW places AS SELECT city FROM users;
