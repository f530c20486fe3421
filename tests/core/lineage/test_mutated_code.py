"""Law: however a code base is damaged, its scan ends, and no language, reader or statement fails on it."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies
from tests.core.lineage.mutations import mutated
from tests.suite import profiles

from headwater.core.lineage import pipeline

TESTS = Path(__file__).parents[2]
FOLDERS = ("core/lineage/orm/cases", "core/lineage/cases", "readers/cases")
FAILED = re.compile("Please report it|nested too deeply")
CASES = [file for folder in FOLDERS for file in sorted((TESTS / folder).glob("*.txt"))]


def files_of(case: Path) -> dict[str, str]:
    parts = re.split(r"^--- (\S+).*\n", case.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_scan_of_mutated_code_ends_and_nothing_fails(case: Path, tmp_path: Path) -> None:
    files = files_of(case)

    @settings(max_examples=profiles.examples(40))
    @given(strategies.integers(0, 2**32))
    def law(seed: int) -> None:
        source = random.Random(seed)
        chosen = source.sample(sorted(files), min(len(files), source.choice((1, 1, 2, 9))))
        for path, text in files.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(mutated(source, text) if path in chosen else text, "utf-8")
        missed = pipeline.scan(tmp_path, processes=1).not_understood
        assert [item for item in missed if FAILED.search(item.reason)] == []

    law()


CIRCLES = {
    "django": {
        "models.py": "from django.db import models\n\nclass First(models.Model, Second):\n    a = models.IntegerField()\n\n"
        "class Second(First):\n    class Meta:\n        proxy = True\n\nclass Other(models.Model):\n    b = models.IntegerField()\n"
    },
    "sqlalchemy": {
        "models.py": "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import DeclarativeBase\n\n"
        "class Base(DeclarativeBase): ...\n\nclass First(Base, Second):\n    __tablename__ = 'first'\n    a = Column(Integer, primary_key=True)\n\n"
        "class Second(First):\n    __tablename__ = 'second'\n    c = Column(Integer)\n\n"
        "class Other(Base):\n    __tablename__ = 'other'\n    b = Column(Integer)\n"
    },
    "association_proxy": {
        "models.py": "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import DeclarativeBase\n"
        "from sqlalchemy.ext.associationproxy import association_proxy\n\nclass Base(DeclarativeBase): ...\n\n"
        "class Other(Base):\n    __tablename__ = 'other'\n    b = Column(Integer, primary_key=True)\n"
        "    first = association_proxy('second', 'x')\n    second = association_proxy('first', 'x')\n\n"
        "def read(other: Other):\n    return other.first, other.second\n"
    },
    "jpa": {
        "First.java": "package a;\nimport jakarta.persistence.*;\n@Entity\npublic class First extends Second { @Id Long a; }\n",
        "Second.java": "package a;\nimport jakarta.persistence.*;\n@Entity\npublic class Second extends First { Long c; }\n",
        "Other.java": "package a;\nimport jakarta.persistence.*;\n@Entity\npublic class Other { @Id Long b; }\n",
    },
    "ef_core": {
        "Data.cs": "using Microsoft.EntityFrameworkCore;\npublic class First : Second { public int Id { get; set; } }\n"
        "public class Second : First { public int C { get; set; } }\npublic class Other { public int Id { get; set; } public int B { get; set; } }\n"
        "public class Shop : DbContext { public DbSet<First> Firsts { get; set; } public DbSet<Other> other { get; set; } }\n"
    },
    "typeorm": {
        "models.ts": "import { Entity, Column, PrimaryColumn } from 'typeorm'\n@Entity()\nexport class First extends Second { @PrimaryColumn() a: number }\n"
        "@Entity()\nexport class Second extends First { @Column() c: number }\n@Entity()\nexport class Other { @PrimaryColumn() b: number }\n"
    },
    "eloquent": {
        "app/Models/First.php": "<?php\nnamespace App\\Models;\nclass First extends Second { protected $table = 'first'; }\n",
        "app/Models/Second.php": "<?php\nnamespace App\\Models;\nclass Second extends First {}\n",
        "app/Models/Other.php": "<?php\nnamespace App\\Models;\nuse Illuminate\\Database\\Eloquent\\Model;\nclass Other extends Model { protected $table = 'other'; protected $fillable = ['b']; }\n",
        "database/migrations/2024_01_01_000000_create.php": "<?php\nuse Illuminate\\Database\\Migrations\\Migration;\nreturn new class extends Migration { public function up() { Schema::create('other', function (Blueprint $table) { $table->integer('b'); }); } };\n",
    },
    "active_record": {
        "app/models/first.rb": "class First < Second\nend\n",
        "app/models/second.rb": "class Second < First\nend\n",
        "app/models/other.rb": "class Other < ApplicationRecord\n  self.table_name = 'other'\nend\n",
        "db/schema.rb": "ActiveRecord::Schema[7.0].define(version: 1) do\n  create_table 'other' do |t|\n    t.integer 'b'\n  end\nend\n",
    },
}


@pytest.mark.parametrize("files", CIRCLES.values(), ids=CIRCLES)
def test_models_that_inherit_each_other_leave_the_others(files: dict[str, str], tmp_path: Path) -> None:
    for path, text in files.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    result = pipeline.scan(tmp_path, processes=1)
    assert [item for item in result.not_understood if FAILED.search(item.reason)] == []
    other = next(relation for relation in result.schema if relation.name.lower().endswith("other"))
    assert [column.name.lower() for column in other.columns][-1] == "b"
