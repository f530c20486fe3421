CREATE TABLE t (
    id bigint PRIMARY KEY, customer int, ratio double, price decimal(12, 2), email varchar(100), note text, created datetime(6),
    born date, raw varbinary(16), mood enum('new', 'paid', 'shipped', 'cancelled')
);
INSERT INTO t SELECT seq, floor(rand(seq) * 100000), rand(seq + 1) * 1000, rand(seq + 2) * 10000,
    concat('user', floor(rand(seq + 3) * 1e6), '@example.com'),
    if(rand(seq + 4) < 0.3, NULL, concat('note ', md5(seq), ' ', md5(seq % 1000))),
    '2024-01-01' + INTERVAL rand(seq + 5) * 60480000 SECOND, '1970-01-01' + INTERVAL rand(seq + 6) * 18000 DAY,
    unhex(md5(rand(seq + 7))), elt(1 + floor(rand(seq + 8) * 4), 'new', 'paid', 'shipped', 'cancelled')
FROM seq_1_to_500000;
