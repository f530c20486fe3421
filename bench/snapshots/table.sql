CREATE TYPE mood AS ENUM ('new', 'paid', 'shipped', 'cancelled');
SELECT setseed(0.42);
CREATE TABLE t (
    id bigint PRIMARY KEY, customer int, ratio float8, price numeric(12, 2), email text, note text, title text, created timestamptz,
    born date, ref uuid, active bool, tags text[], doc jsonb, raw bytea, mood mood, n int
);
INSERT INTO t SELECT i, (random() * 100000)::int, random() * 1000, (random() * 10000)::numeric(12, 2),
    'user' || (random() * 1e6)::int || '@example.com',
    CASE WHEN random() < 0.3 THEN NULL ELSE 'note ' || md5(i::text) || ' ' || md5((i % 1000)::text) END,
    'Title of the item number ' || (i % 5000), '2024-01-01'::timestamptz + random() * interval '700 days',
    '1970-01-01'::date + (random() * 18000)::int, gen_random_uuid(), random() < 0.5,
    ARRAY['tag' || (random() * 20)::int, 'tag' || (random() * 20)::int],
    jsonb_build_object('k', (random() * 1000)::int, 'name', 'item' || i % 777, 'nested', jsonb_build_object('a', random() < 0.5)),
    decode(md5(random()::text), 'hex'), (ARRAY['new', 'paid', 'shipped', 'cancelled'])[1 + (random() * 3)::int]::mood, (random() * 100)::int
FROM generate_series(1, 1500000) i;
VACUUM ANALYZE t;
