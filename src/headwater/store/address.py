"""The address of the store: an external PostgreSQL if one is set, else the embedded one in the home folder."""

from __future__ import annotations

from pathlib import Path

from headwater.kit.errors import Unavailable
from headwater.kit.logs import keep_secret
from headwater.kit.settings import Settings
from headwater.store.cluster import ROLE, Cluster
from headwater.store.secrets import read_secret
from headwater.store.session import driver_url


def store_folder(settings: Settings) -> Path:
    """Return the folder of the embedded cluster."""
    return settings.home_folder / "store"


def store_url(settings: Settings) -> str:
    """Return the URL of the store, and hide its password from the log.

    Raises:
        Unavailable: no external store is set, and the embedded one was never started here.
    """
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
    else:
        cluster = Cluster(store_folder(settings))
        if not (cluster.folder / f"{ROLE}.password").exists():
            raise Unavailable(
                f"There is no store in {settings.home_folder}.",
                hint="Start it with `headwater up`, or set HEADWATER_DATABASE_URL.",
            )
        keep_secret(read_secret(cluster.folder / "postgres.password"))
        url = cluster.url()
    keep_secret(driver_url(url).password or "")
    return url
