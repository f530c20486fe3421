"""Prisma schemas: mapped names, keys, relations from both ends."""

from __future__ import annotations

from headwater.readers import SourceFile, prisma

TEXT = """
datasource db { provider = "postgresql" url = env("DATABASE_URL") }
/// A person.
model User {
  id        String   @id @default(uuid()) @map("user_id") @db.Uuid // the key
  email     String   @unique @db.VarChar(255)
  role      Role     @default(MEMBER)
  tags      String[]
  createdAt DateTime @default(now()) @map("created_at") @db.Timestamptz(6)
  posts     Post[]   @relation("author")
  edited    Post[]   @relation("editor")
  groups    Group[]
  @@map("users")
  @@index([createdAt, email], map: "by_age")
}
model Post {
  id       Int   @id @default(autoincrement())
  authorId String @map("author_id")
  editorId String? @map("editor_id")
  url      String @default("http://x.y/{") // not a brace
  author   User  @relation("author", fields: [authorId], references: [id], onDelete: Cascade)
  editor   User? @relation("editor", fields: [editorId], references: [id])
}
model Group {
  id    Int    @id
  users User[]
  @@unique([id])
}
enum Role {
  MEMBER
  ADMIN @map("admin")
}
"""


def read():
    return prisma.read(None, [SourceFile("prisma/schema.prisma", "prisma", TEXT.encode())])


def test_tables_have_their_physical_names():
    schema = read().schema
    assert [relation.name for relation in schema] == ["users", "Post", "Group", "_GroupToUser"]
    users = schema.relation("users")
    assert [column.name for column in users.columns] == ["user_id", "email", "role", "tags", "created_at"]
    assert [column.type for column in users.columns] == ["uuid", "varchar(255)", "Role", "text[]", "timestamptz(6)"]
    assert users.primary_key == ("user_id",)
    assert [(index.columns, index.unique) for index in users.indexes] == [
        (("email",), True),
        (("created_at", "email"), False),
    ]
    assert schema.enums[0].values == ("MEMBER", "admin")
    assert users.origins[0].line == 4


def test_relations_match_at_both_ends():
    models = {model.name: model for model in read().models}
    posts = {field.name: field for field in models["Post"].fields}
    users = {field.name: field for field in models["User"].fields}
    assert (posts["author"].local, posts["author"].remote) == (("author_id",), ("user_id",))
    assert (users["posts"].local, users["posts"].remote) == (("user_id",), ("author_id",))
    assert (users["edited"].local, users["edited"].remote) == (("user_id",), ("editor_id",))
    assert (users["groups"].through, users["groups"].through_local) == ("_GroupToUser", ("B",))
    assert read().schema.relation("Post").foreign_keys[0].on_delete == "CASCADE"


def test_broken_schema_is_read_as_far_as_possible():
    schema = prisma.read_text('model A {\n  id Int @id\n  name String @map("n\n  x Int\n')
    assert schema.relation("A").columns[0].name == "id"
