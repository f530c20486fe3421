import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();

interface Rated {
  title: string;
  name: string;
  stars: number;
}

/** The best rated books, straight from the database. */
export async function bestRated(limit: number): Promise<Rated[]> {
  return prisma.$queryRaw<Rated[]>`
    SELECT b.title, a.name, avg(r.rating) AS stars
    FROM books b
    JOIN authors a ON a.id = b.author_id
    JOIN reviews r ON r.book_id = b.id
    WHERE r.approved AND b.stock > 0
    GROUP BY b.id, a.id
    ORDER BY stars DESC
    LIMIT ${limit}
  `;
}

/** What the page of one book shows. */
export async function bookPage(isbn: string) {
  const book = await prisma.book.findUnique({
    where: { isbn },
    include: { author: true },
  });
  if (!book) return null;
  const price = (book.priceCents / 100).toFixed(2);
  return { title: book.title, by: book.author.name, price, cover: book.coverUrl, left: book.stock };
}
