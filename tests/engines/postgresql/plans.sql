SELECT * FROM person
SELECT count(*) FROM purchase
SELECT * FROM person WHERE id = 7
SELECT * FROM person WHERE id < 0
SELECT * FROM person WHERE city = 'c3'
SELECT * FROM person WHERE name LIKE 'n1%'
SELECT city, count(*) FROM person GROUP BY city
SELECT city, count(*) FROM person GROUP BY city HAVING count(*) > 1000
SELECT DISTINCT city FROM person
SELECT * FROM person ORDER BY name LIMIT 10
SELECT * FROM person ORDER BY city, name OFFSET 100 LIMIT 10
SELECT * FROM purchase WHERE amount > 990
SELECT * FROM purchase WHERE person_id IN (1, 2, 3)
SELECT * FROM purchase WHERE person_id BETWEEN 10 AND 20 AND amount < 500
SELECT sum(amount), min(amount), max(amount) FROM purchase
SELECT person_id, sum(amount) FROM purchase GROUP BY person_id ORDER BY 2 DESC LIMIT 5
SELECT p.name, sum(q.amount) FROM person p JOIN purchase q ON q.person_id = p.id GROUP BY p.name
SELECT p.city, avg(q.amount) FROM person p JOIN purchase q ON q.person_id = p.id GROUP BY p.city ORDER BY 1
SELECT * FROM person p LEFT JOIN purchase q ON q.person_id = p.id WHERE q.id IS NULL
SELECT * FROM person p WHERE EXISTS (SELECT FROM purchase q WHERE q.person_id = p.id AND q.amount > 900)
SELECT * FROM person p WHERE NOT EXISTS (SELECT FROM purchase q WHERE q.person_id = p.id AND q.amount > 900)
SELECT * FROM person p WHERE p.id IN (SELECT person_id FROM purchase WHERE amount = 5)
SELECT * FROM person p WHERE p.id NOT IN (SELECT person_id FROM purchase WHERE amount = 5)
SELECT p.name, (SELECT count(*) FROM purchase q WHERE q.person_id = p.id) FROM person p WHERE p.id < 50
SELECT p.name, (SELECT max(amount) FROM purchase) FROM person p WHERE p.id < 50
SELECT * FROM person p, LATERAL (SELECT * FROM purchase q WHERE q.person_id = p.id ORDER BY amount DESC LIMIT 2) best WHERE p.id < 100
SELECT * FROM person a JOIN person b ON a.city = b.city AND a.id < b.id WHERE a.id < 100
SELECT * FROM person a FULL JOIN purchase b ON a.id = b.id
SELECT * FROM person a CROSS JOIN (VALUES (1), (2)) v
WITH big AS (SELECT * FROM purchase WHERE amount > 500) SELECT count(*) FROM big
WITH big AS MATERIALIZED (SELECT * FROM purchase WHERE amount > 500) SELECT count(*) FROM big a JOIN big b USING (id)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT sum(i) FROM n
SELECT id FROM person UNION SELECT person_id FROM purchase
SELECT id FROM person UNION ALL SELECT person_id FROM purchase
SELECT id FROM person INTERSECT SELECT person_id FROM purchase
SELECT id FROM person EXCEPT SELECT person_id FROM purchase
SELECT name, row_number() OVER (PARTITION BY city ORDER BY id) FROM person
SELECT name, rank() OVER (ORDER BY city) FROM person LIMIT 20
SELECT * FROM generate_series(1, 1000) g WHERE g % 7 = 0
SELECT p.name FROM person p JOIN generate_series(1, 50) g ON g = p.id
SELECT city, name FROM person GROUP BY GROUPING SETS ((city), (name))
SELECT * FROM purchase WHERE person_id = 3 OR amount = 7
SELECT * FROM purchase q JOIN person p ON p.id = q.person_id WHERE p.name = 'n77'
SELECT count(DISTINCT person_id) FROM purchase
SELECT array_agg(id ORDER BY amount) FROM purchase WHERE person_id < 20
SELECT * FROM purchase TABLESAMPLE SYSTEM (50) REPEATABLE (1) WHERE amount < 100
SELECT a.id FROM purchase a JOIN purchase b ON a.person_id = b.person_id WHERE a.amount = 1 AND b.amount = 2
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) FROM purchase
SELECT * FROM (SELECT * FROM person WHERE false) nobody JOIN purchase q ON q.person_id = nobody.id
SELECT CASE WHEN count(*) > 10 THEN (SELECT max(id) FROM person) ELSE 0 END FROM purchase WHERE amount < 0
SELECT date_trunc('day', at), sum(amount) FROM purchase GROUP BY 1 ORDER BY 1
SELECT p.* FROM person p JOIN purchase q ON q.person_id = p.id ORDER BY q.at DESC, p.id LIMIT 25
