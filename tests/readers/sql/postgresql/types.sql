CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN email AS text CHECK (VALUE ~ '@');
CREATE TABLE ty (
  a varchar(40)[] NOT NULL DEFAULT '{}'::varchar[], b timestamp(3) DEFAULT CURRENT_TIMESTAMP, c interval day to second(2),
  d bit varying(5), e double precision, f mood DEFAULT 'ok'::mood NOT NULL, g email, h decimal(12,4) DEFAULT 0.0000,
  i int4range, j text COLLATE "C" NOT NULL, k "char", l char, m time with time zone, n int ARRAY[3], o json, p jsonb,
  q national character varying(20), r float(24), s float(53), t bit(3), u varbit, v timestamptz(0), w interval(3),
  x interval year to month, y numeric(5), z national char(7), aa bpchar, ab name, ac int8, ad bool[][], ae dec, af uuid,
  ag timestamp with time zone, ah interval hour, ai xml, aj inet, ak money, al tsvector, am oid, an mood[], ao int2, ap regclass
);
