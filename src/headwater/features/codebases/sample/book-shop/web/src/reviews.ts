import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();

export interface ReviewInput {
  bookId: bigint;
  email: string;
  rating: number;
  body?: string;
}

/** Store a review; the shop looks at it before others see it. */
export async function writeReview(input: ReviewInput) {
  const customer = await prisma.customer.findUniqueOrThrow({ where: { email: input.email } });
  return prisma.review.create({
    data: { bookId: input.bookId, customerId: customer.id, rating: input.rating, body: input.body },
  });
}

/** The reviews of a book that everybody may read, the newest first. */
export async function reviewsOfBook(isbn: string) {
  const reviews = await prisma.review.findMany({
    where: { approved: true, book: { isbn } },
    select: { rating: true, body: true, createdAt: true, customer: { select: { fullName: true } } },
    orderBy: { createdAt: "desc" },
  });
  return reviews.map((review) => ({
    stars: "★".repeat(review.rating),
    text: review.body ?? "",
    by: review.customer.fullName,
  }));
}

export async function approve(id: bigint) {
  await prisma.review.update({ where: { id }, data: { approved: true } });
}

export async function removeSpam(word: string) {
  await prisma.review.deleteMany({ where: { approved: false, body: { contains: word } } });
}
