CREATE TABLE authors (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    born_year  integer,
    biography  text
);

CREATE TABLE books (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    isbn          varchar(13) NOT NULL UNIQUE,
    title         text NOT NULL,
    author_id     bigint NOT NULL REFERENCES authors (id),
    price_cents   integer NOT NULL CHECK (price_cents >= 0),
    stock         integer NOT NULL DEFAULT 0,
    published_on  date,
    cover_url     text
);

CREATE INDEX books_author_id_idx ON books (author_id);
