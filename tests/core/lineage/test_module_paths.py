"""Go imports and Rust module paths lead to folders and files of the code base, and those of libraries to none."""

from __future__ import annotations

import pytest

from headwater.core.lineage import go_modules, rust_modules

RUST = {
    "src/main.rs",
    "src/db/mod.rs",
    "src/db/models/user.rs",
    "src/db/models/mod.rs",
    "src/api.rs",
    "src/api/core.rs",
}
WORKSPACE = {"crates/db-schema/src/lib.rs", "crates/db-schema/src/source/post.rs", "crates/api/src/lib.rs"}


def test_go_import_leads_to_the_folder_after_the_name_of_the_module():
    imports = ["gogs.io/gogs/internal/database", "gogs.io/gogs/internal/conf", "gorm.io/gorm", "database/sql", "errors"]
    folders = ["internal/database", "internal/conf", "internal/gorm", "errors", "sql"]
    assert go_modules.folders_of(imports, folders) == {
        "gogs.io/gogs/internal/database": "internal/database",
        "gogs.io/gogs/internal/conf": "internal/conf",
    }


def test_go_import_of_a_module_in_a_subfolder_leads_there():
    imports = ["example.com/shop/models", "example.com/shop/store", "example.com/admin/models", "example.com/admin/web"]
    folders = ["backend/models", "backend/store", "admin/models", "admin/web"]
    assert go_modules.folders_of(imports, folders) == {
        "example.com/shop/models": "backend/models",
        "example.com/shop/store": "backend/store",
        "example.com/admin/models": "admin/models",
        "example.com/admin/web": "admin/web",
    }


@pytest.mark.parametrize(
    ("importer", "name", "file"),
    [
        ("src/api/core.rs", "crate.db", "src/db/mod.rs"),
        ("src/api/core.rs", "crate.db.models.user", "src/db/models/user.rs"),
        ("src/api/core.rs", "super", "src/api.rs"),
        ("src/api.rs", "self.core", "src/api/core.rs"),
        ("src/db/models/user.rs", "super.super", "src/db/mod.rs"),
        ("src/db/mod.rs", "models", "src/db/models/mod.rs"),
        ("src/main.rs", "crate", "src/main.rs"),
        ("src/api.rs", "diesel.prelude", None),
    ],
)
def test_rust_path_leads_to_the_file_of_its_module(importer, name, file):
    assert rust_modules.file_of(importer, name, RUST) == file


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("db_schema.source.post", "crates/db-schema/src/source/post.rs"),
        ("db_schema", "crates/db-schema/src/lib.rs"),
        ("serde", None),
    ],
)
def test_rust_path_leads_to_another_crate_of_the_workspace(name, file):
    assert rust_modules.file_of("crates/api/src/lib.rs", name, WORKSPACE) == file
