"""What breaks when a schema changes: lines of code by certainty and risk, carriers, and dependents in the schema."""

from __future__ import annotations

import json

import pytest

from headwater.core.lineage import pipeline
from headwater.core.lineage.impact import formats, requests
from headwater.core.lineage.impact.code import of_scan
from headwater.core.lineage.impact.report import impact_of
from headwater.kit.errors import BadInput, NotFound

FILES = {
    "schema.sql": """CREATE TABLE users (id int PRIMARY KEY, email_address text NOT NULL, key text, team_id int);
CREATE TABLE teams (id int PRIMARY KEY, title text, key text);
ALTER TABLE users ADD CONSTRAINT users_team FOREIGN KEY (team_id) REFERENCES teams (id);
CREATE INDEX by_email ON users (email_address);
CREATE VIEW addresses AS SELECT id, email_address FROM users;
""",
    "models.py": """from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email_address = Column(String, nullable=False)
    key = Column(String)
    team_id = Column(Integer, ForeignKey("teams.id"))


class Team(Base):
    __tablename__ = "teams"
    id = Column(Integer, primary_key=True)
    title = Column(String)
    key = Column(String)
""",
    "service.py": """from models import Team, User


def rename(session, old: str, new: str):
    user = session.query(User).filter(User.email_address == old).one()
    user.email_address = new
    print(user.key)


def add(session):
    session.add(User(key="k"))
    session.add(Team(title="t"))
""",
    "tests/test_service.py": 'QUERY = "SELECT email_address FROM users"\n',
    "web/form.tsx": "export const fields = { emailAddress: '', key: '' };\n",
    "web/row.tsx": "export const Row = ({ user }) => user.key;\n",
    "README.md": "The email_address is unique.\n",
}


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("app")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return pipeline.scan(folder, processes=1, keep_texts=True)


def lines(report, certainty):
    return sorted((b.file_path, b.line_number) for b in report.breaks if b.certainty == certainty)


def of_column(scan, name, **wanted):
    return impact_of(requests.of_column(scan.schema, name, requests.ColumnChange(**wanted)), of_scan(scan))


def test_dropped_column_breaks_the_lines_that_use_it(scan):
    report = of_column(scan, "users.email_address", drop=True)
    assert report.change == ("Drop column users.email_address",)
    assert lines(report, "breaks") == [
        ("models.py", 10),
        ("schema.sql", 5),
        ("service.py", 5),
        ("service.py", 6),
        ("tests/test_service.py", 1),
    ]
    assert lines(report, "carries") == [("web/form.tsx", 1)]


def test_dependents_in_the_schema_are_named(scan):
    report = of_column(scan, "users.email_address", rename="email")
    assert [(item.kind, item.name) for item in report.schema] == [("index", "by_email"), ("view", "addresses")]
    keys = of_column(scan, "teams.id", drop=True)
    assert ("foreign key", "users(team_id)") in [(item.kind, item.name) for item in keys.schema]


def test_writes_in_code_come_before_reads_and_tests(scan):
    report = of_column(scan, "users.email_address", drop=True)
    order = [(item.file_path, item.line_number) for item in report.breaks]
    assert order[0] == ("service.py", 6)
    assert order.index(("service.py", 5)) < order.index(("tests/test_service.py", 1)) < order.index(("web/form.tsx", 1))
    assert [item.is_test for item in report.breaks if item.file_path.startswith("tests/")] == [True]


def test_name_of_one_word_is_searched_for_only_after_the_model(scan):
    report = of_column(scan, "users.key", rename="secret")
    assert lines(report, "may_break") == [("web/row.tsx", 1)]
    assert lines(report, "carries") == []
    assert ("web/form.tsx", 1) not in {(b.file_path, b.line_number) for b in report.breaks}


def test_forbidding_null_names_writes_without_the_column(scan):
    report = of_column(scan, "users.team_id", not_null=True)
    assert lines(report, "may_break") == [("service.py", 11)]
    assert "without team_id" in report.breaks[0].reason


def test_renamed_table_breaks_sql_and_the_mapping(scan):
    report = impact_of(requests.of_table(scan.schema, "users", requests.ColumnChange(rename="people")), of_scan(scan))
    assert lines(report, "breaks") == [("models.py", 7), ("schema.sql", 5), ("tests/test_service.py", 1)]


def test_statement_and_two_schemas_give_the_same_change(scan):
    by_text = requests.of_sql(scan.schema, "ALTER TABLE users DROP COLUMN email_address;")
    assert impact_of(by_text, of_scan(scan)).breaks == of_column(scan, "users.email_address", drop=True).breaks


@pytest.mark.parametrize(
    ("name", "wanted", "error", "sentence"),
    [
        ("users.mail", {"drop": True}, NotFound, "users has no column mail."),
        ("people.email", {"drop": True}, NotFound, "There is no table people."),
        ("email", {"drop": True}, BadInput, "'email' is not of the form TABLE.COLUMN."),
        ("users.key", {}, BadInput, "Say what happens to the column."),
        ("users.key", {"drop": True, "rename": "x"}, BadInput, "Say what happens to the column."),
    ],
)
def test_unclear_request_is_refused(scan, name, wanted, error, sentence):
    with pytest.raises(error) as refused:
        of_column(scan, name, **wanted)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("SELECT 1", "This SQL changes no table or column that is known."),
        ("DROP TABLE people;", "This SQL changes no table or column that is known: DROP TABLE people"),
        (
            "ALTER TABLE users\n  DROP COLUMN mail",
            "This SQL changes no table or column that is known: ALTER TABLE users DROP COLUMN mail",
        ),
        ("ALTER TABLE ((", "This SQL changes no table or column that is known: ALTER TABLE (("),
    ],
)
def test_sql_without_a_change_is_refused(scan, text, sentence):
    with pytest.raises(BadInput) as refused:
        requests.of_sql(scan.schema, text)
    assert str(refused.value) == sentence


def test_statements_without_effect_are_said(scan):
    asked = requests.of_sql(scan.schema, "DROP TABLE people; ALTER TABLE users DROP COLUMN key; SELECT 1;")
    report = impact_of(asked, of_scan(scan))
    assert report.change == ("Drop column users.key",)
    assert report.unseen == ("This changes no table or column that is known: DROP TABLE people",)


def test_migrations_are_not_broken_by_a_later_one(tmp_path):
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "1.sql").write_text("CREATE TABLE users (id int, email text);")
    (tmp_path / "migrations" / "2.sql").write_text("CREATE VIEW emails AS SELECT email FROM users;")
    (tmp_path / "app.py").write_text('QUERY = "SELECT email FROM users"\n')
    report = of_column(pipeline.scan(tmp_path, keep_texts=True), "users.email", drop=True)
    assert [item.file_path for item in report.breaks] == ["app.py"]
    assert [(item.kind, item.name) for item in report.schema] == [("view", "emails")]


def test_sarif_has_a_result_for_each_line(scan):
    report = of_column(scan, "users.email_address", drop=True)
    document = json.loads(formats.to_sarif(report))
    (run,) = document["runs"]
    assert document["version"] == "2.1.0"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["breaks", "may_break", "carries"]
    assert len(run["results"]) == len(report.breaks)
    assert {result["level"] for result in run["results"]} == {"error", "note"}
    location = run["results"][0]["locations"][0]["physicalLocation"]
    assert location == {"artifactLocation": {"uri": "service.py"}, "region": {"startLine": 6}}


def test_markdown_names_lines_schema_and_what_was_not_seen(scan):
    text = formats.to_markdown(of_column(scan, "users.email_address", drop=True)).decode()
    assert "- Drop column users.email_address" in text
    assert "| `service.py:6` | `user.email_address = new` | Updates users.email_address" in text
    assert "- view `addresses`: It selects users.email_address." in text


SHOP = """CREATE TABLE order_items (id int PRIMARY KEY, unit_price int, note text, colour text);
CREATE TABLE {other} (id int PRIMARY KEY, unit_price int, note text);
CREATE TABLE a (id int PRIMARY KEY, note text);
CREATE TABLE b (id int PRIMARY KEY, note text);
"""
ITEMS = """from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class OrderItem(Base):
    __tablename__ = "order_items"
    id = Column(Integer, primary_key=True)
    unit_price = Column(Integer)
    note = Column(String)
    colour = Column(String)


def first(session):
    return session.query(OrderItem).order_by(OrderItem.id).one()
"""
CARRIERS = {
    # A file that is named like the model, and one that is not.
    ("unit_price", "web/OrderItemsForm.tsx", "const form = { unitPrice: 0 }"): True,
    ("unit_price", "web/ReorderItem.tsx", "const form = { unitPrice: 0 }"): False,
    # A variable that is named like the end of the model's name.
    ("unit_price", "web/cart.ts", "sum += item.unitPrice"): True,
    ("unit_price", "web/cart.ts", "sum += other.unitPrice"): False,
    # One word that no other table has, and one that many have.
    ("colour", "app/items.py", "from models import first\n\ndef paint(s):\n    return {'colour': first(s).id}"): True,
    ("colour", "app/paint.py", "def paint():\n    return {'colour': 1}"): False,
    ("note", "web/OrderItemForm.tsx", "const form = { note: '' }"): False,
    ("note", "web/cart.ts", "text += orderItem.note"): True,
    ("note", "web/cart.ts", "text += item.note"): False,
    # A folder that is named like the model, and symbols.
    ("unit_price", "order_items/_form.html.erb", "<%= f.label :unit_price %>"): True,
    ("colour", "order_items/_form.html.erb", "<%= f.check_box :colour, x %>"): True,
    ("colour", "orders/_form.html.erb", "<%= f.check_box :colour, x %>"): False,
    # A text with the name of the table.
    ("note", "web/cart.ts", "sort('order_items.note')"): True,
    ("note", "web/cart.ts", "sort('items.note')"): False,
    ("note", "web/cart.ts", "sort('order_items.notes')"): False,
}


@pytest.mark.parametrize(("column", "path", "text"), CARRIERS)
def test_carriers_of_names_that_other_tables_have(tmp_path, column, path, text):
    (tmp_path / "schema.sql").write_text(SHOP.format(other="products"))
    (tmp_path / "models.py").write_text(ITEMS)
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text(text + "\n")
    report = of_column(pipeline.scan(tmp_path, keep_texts=True), f"order_items.{column}", drop=True)
    assert any(item.file_path == path for item in report.breaks) == CARRIERS[column, path, text]


def test_dropped_table_breaks_the_lines_that_name_its_model(tmp_path):
    (tmp_path / "models.py").write_text(ITEMS)
    (tmp_path / "admin.py").write_text("from models import OrderItem\n\nREGISTERED = [OrderItem]\n")
    scan = pipeline.scan(tmp_path, keep_texts=True)
    report = impact_of(requests.of_table(scan.schema, "order_items", requests.ColumnChange(drop=True)), of_scan(scan))
    assert [line for line in lines(report, "may_break") if line[0] == "admin.py"] == [("admin.py", 1), ("admin.py", 3)]


def test_many_changes_find_what_each_finds_alone(tmp_path):
    names = [f"field_{letter}" for letter in "abcdefghij"]
    columns = ", ".join(f"{name} int" for name in names)
    (tmp_path / "schema.sql").write_text(f"CREATE TABLE items (id int, {columns});")
    (tmp_path / "form.ts").write_text(
        "".join(f"set('{name.replace('_', '-')}')\nget{name.title()}()\n" for name in names)
    )
    (tmp_path / "page.ts").write_text("item.fieldA\nitem.fieldK\nFIELD_B\nsetFieldC()\n")
    scan = pipeline.scan(tmp_path, keep_texts=True)
    together = requests.of_sql(scan.schema, ";".join(f"ALTER TABLE items DROP COLUMN {name}" for name in names))
    alone = [line for name in names for line in of_column(scan, f"items.{name}", drop=True).breaks]
    assert set(impact_of(together, of_scan(scan)).breaks) == set(alone)
    assert len(alone) == 13
