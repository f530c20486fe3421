CREATE TABLE reviews (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book_id      bigint NOT NULL REFERENCES books (id) ON DELETE CASCADE,
    customer_id  bigint NOT NULL REFERENCES customers (id),
    rating       smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
    body         text,
    approved     boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (book_id, customer_id)
);

ALTER TABLE customers ADD COLUMN newsletter boolean NOT NULL DEFAULT false;

CREATE VIEW best_sellers AS
SELECT b.id AS book_id, b.title, sum(l.quantity) AS sold
FROM books AS b
JOIN order_lines AS l ON l.book_id = b.id
GROUP BY b.id, b.title;
