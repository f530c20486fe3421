"""Locations and secrets of vaults on the command line; a secret is never the value of an option."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from headwater.features.accounts.api_client import ApiClient
from headwater.kit.errors import BadInput, NotFound, did_you_mean

Location = Annotated[
    str,
    typer.Argument(
        metavar="LOCATION", help="local (the home folder of the server), s3 (a bucket) or a folder.", show_default=False
    ),
]
Existing = Annotated[
    str, typer.Argument(metavar="LOCATION", help="A folder of the server, or s3 (a bucket).", show_default=False)
]
Bucket = Annotated[str, typer.Option(help="S3 (or S3-compatible) bucket.")]
Prefix = Annotated[str, typer.Option(help="Folder in the bucket.")]
Endpoint = Annotated[str, typer.Option(help="Address of the S3 service (default: Amazon).")]
Region = Annotated[str, typer.Option(help="Region of the bucket.")]
AccessKey = Annotated[str, typer.Option(help="Access key; asks for the secret key.")]
SecretKeyFile = Annotated[
    Path | None, typer.Option(help="File with the secret key, instead of asking.", show_default=False)
]
PassphraseFile = Annotated[
    Path | None, typer.Option(help="File with the passphrase, instead of asking.", show_default=False)
]
OrganizationOption = Annotated[
    str | None, typer.Option("--organization", help="Name or id; not needed if there is only one.", show_default=False)
]


def storage(location: str, options: dict[str, str], secret_key_file: Path | None) -> dict[str, str]:
    """Return a location as the body of a request; the secret key of a bucket is asked for, or read from a file."""
    if location != "s3":
        wrong = sorted(name for name in ("bucket", "prefix", "endpoint", "access_key") if options[name])
        if wrong or secret_key_file:
            raise BadInput("A folder has no options of a bucket.", hint="Use s3 as the location, or omit them.")
        folder = "" if location == "local" else str(Path(location).expanduser().absolute())
        return {"kind": "local", "folder": folder}
    if not options["bucket"] or not options["access_key"]:
        raise BadInput("A bucket needs --bucket and --access-key.")
    return {"kind": "s3", **options, "secret_key": secret("Secret key", secret_key_file, "--secret-key-file")}


def secret(name: str, file: Path | None, option: str, *, confirm: bool = False) -> str:
    """Return a secret from a file, or ask for it if there is a terminal or input.

    Raises:
        BadInput: the file cannot be read or is empty, or the input has ended.
    """
    if file is None:
        return _asked(name, option, confirm=confirm)
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.", hint=f"Check the path of {option}.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not a text file.", hint=f"Check the path of {option}.") from error
    text = text.rstrip("\r\n")
    if not text:
        raise BadInput(f"{file} is empty.", hint=f"Check the path of {option}.")
    return text


def _asked(name: str, option: str, *, confirm: bool) -> str:
    try:
        answer: str = typer.prompt(name, hide_input=True, confirmation_prompt=confirm and sys.stdin.isatty())
    except typer.Abort as error:
        raise BadInput(f"No {name.lower()} was given.", hint=f"Enter it, or use {option} FILE.") from error
    return answer


def organization_path(server: ApiClient, wanted: str | None) -> str:
    """Return the path of an organization in the API."""
    every: list[Any] = server.call("GET", "/organizations")["items"]
    if wanted is None and len(every) > 1:
        names = ", ".join(item["name"] for item in every)
        raise BadInput("You are in several organizations.", hint=f"Choose one with --organization: {names}")
    items = [item for item in every if wanted in {None, item["id"], item["name"]}]
    if not items:
        hint = did_you_mean(wanted or "", {item["name"] for item in every})
        raise NotFound(f"There is no organization {wanted!r}.", hint=hint)
    return f"/organizations/{items[0]['id']}"
