"""Models of `django.contrib` that code bases refer to: their tables and columns, as Django's migrations create them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from headwater.catalog.model import Column, Relation
from headwater.readers import Field, Model

_USER = "id password last_login is_superuser username first_name last_name email is_staff is_active date_joined"
# Of each model: its table and its columns.
_MODELS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "User": ("auth_user", _USER),
        "Group": ("auth_group", "id name"),
        "Permission": ("auth_permission", "id name content_type_id codename"),
        "ContentType": ("django_content_type", "id app_label model"),
        "Site": ("django_site", "id domain name"),
        "Session": ("django_session", "session_key session_data expire_date"),
    }
)


def key_of(name: str) -> str:
    """Return the key of a model of `django.contrib`."""
    return f"django.contrib:{name}"


def is_known(name: str) -> bool:
    """Return True if this is the name of such a model."""
    return name in _MODELS


def model_of(name: str) -> Model:
    """Return such a model."""
    table, columns = _MODELS[name]
    fields = tuple(Field(column, column) for column in columns.split())
    return Model(key_of(name), name, "django", "", 0, table, None, fields)


def relation_of(name: str) -> Relation:
    """Return its table."""
    table, columns = _MODELS[name]
    first, *_ = columns.split()
    return Relation(table, tuple(Column(column) for column in columns.split()), primary_key=(first,))
