"""Where snapshots are or shall be stored, as an admin entered it."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from headwater.features.accounts.rights import Actor
from headwater.features.snapshots.models import VaultRecord
from headwater.features.snapshots.service.storage import vault_locations
from headwater.kit.errors import Forbidden, Invalid
from headwater.kit.ids import new_id
from headwater.store.context import Context
from headwater.store.encryption import SecretCipher
from headwater.vault.codecs import DEFAULT

BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,254}")
REGION = re.compile(r"[A-Za-z0-9-]{1,63}")
URL = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class StorageInput:
    """A storage: a folder of this machine (the organization's own one if `folder` is empty), or a bucket."""

    kind: Literal["local", "s3"]
    folder: str = ""
    bucket: str = ""
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""


async def record_of(context: Context, actor: Actor, organization_id: uuid.UUID, given: StorageInput) -> VaultRecord:
    """Return a row for a storage, which is not in the store yet; `seal` completes it.

    Raises:
        Invalid: a field is missing or wrong.
        Forbidden: the network policy does not allow the endpoint, or the actor may not name a folder.
    """
    row = VaultRecord(
        id=new_id(),
        organization_id=organization_id,
        kind=given.kind,
        created_by=actor.user_id,
        current=False,
        read_only=False,
        codec=DEFAULT.name,
        level=DEFAULT.level,
    )
    if given.kind == "local":
        row.settings = _folder(context, actor, organization_id, given.folder)
    else:
        row.settings = await _bucket(context, given)
    return row


def seal(row: VaultRecord, cipher: SecretCipher, given: StorageInput, row_id: uuid.UUID) -> None:
    """Set the id of a row, and the encrypted key of its storage, which is bound to that id."""
    row.id = row_id
    if given.kind == "s3":
        row.sealed = cipher.encrypt(given.secret_key, row.organization_id, row.id, vault_locations.CREDENTIALS)


def _folder(context: Context, actor: Actor, organization_id: uuid.UUID, text: str) -> dict[str, Any]:
    """Return the settings of a folder; only an administrator may name one, because it is a path of this machine."""
    if not text:
        return {}
    if not actor.is_admin:
        raise Forbidden(
            "Only the administrator of this instance may name a folder of its machine.", hint="Use a bucket."
        )
    folder = Path(text)
    if not folder.is_absolute():
        raise Invalid({"folder": "Enter the full path of the folder on the machine of the server."})
    folder = folder.resolve()
    own = vault_locations.own_folder(context.settings, organization_id)
    return {} if folder == own.resolve() else {"folder": str(folder)}


async def _bucket(context: Context, given: StorageInput) -> dict[str, Any]:
    wrong = {}
    if not given.bucket:
        wrong["bucket"] = "Enter the name of the bucket."
    elif not BUCKET.fullmatch(given.bucket):
        wrong["bucket"] = "A bucket has 3 to 255 letters, digits, dots, hyphens and underscores."
    if not _is_prefix(given.prefix.strip("/")):
        wrong["prefix"] = "Use folders separated by /, without control characters, . and .."
    if not REGION.fullmatch(given.region):
        wrong["region"] = "Enter a region such as us-east-1."
    if not given.access_key or not given.secret_key:
        wrong["access_key"] = "Enter the access key and the secret key of the storage."
    if given.endpoint and not _is_url(given.endpoint):
        wrong["endpoint"] = "Enter https://host, or leave it empty for Amazon S3."
    if wrong:
        raise Invalid(wrong)
    await vault_locations.check_endpoint(context.settings, given.endpoint)
    return {
        "bucket": given.bucket,
        "prefix": given.prefix.strip("/"),
        "endpoint": given.endpoint.rstrip("/"),
        "region": given.region,
        "access_key": given.access_key,
    }


def _is_prefix(text: str) -> bool:
    segments = text.split("/") if text else []
    return text.isprintable() and not {"", ".", ".."}.intersection(segments)


def _is_url(text: str) -> bool:
    """Return True for scheme, host, port and path: credentials and queries have no meaning here."""
    try:
        parts = urlsplit(text)
        has_more = parts.username is not None or parts.query or parts.fragment or not URL.fullmatch(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and not has_more
    except ValueError:  # a port that is no number, an unfinished IPv6 address
        return False


def location_text(row: VaultRecord) -> str:
    """Return the location of a vault in words, for messages."""
    if row.kind == "local":
        return str(row.settings.get("folder") or "the folder of this organization in the home folder")
    return "/".join(filter(None, ("bucket " + row.settings["bucket"], row.settings.get("prefix", ""))))
