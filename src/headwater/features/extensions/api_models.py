"""Request and response models of extensions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from headwater.features.accounts.api_models import Input, Text, Wire

Name = Annotated[Text, StringConstraints(min_length=1, max_length=63)]


class ExtensionOut(Wire):
    """An extension that the server offers.

    `version` is what an installation gets, `installed` the version in this database, `refused` the reason why this
    connection cannot install it.
    """

    name: str
    description: str
    version: str
    installed: str | None
    schema_: Annotated[str | None, Field(alias="schema", serialization_alias="schema")]
    requires: list[str]
    refused: str | None
    outdated: bool


class NewExtension(Input):
    """An extension to install, in a schema or where the extension belongs."""

    name: Name
    schema_: Annotated[Name | None, Field(alias="schema")] = None
    confirmed: bool = False
