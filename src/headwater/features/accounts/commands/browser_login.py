"""Signs the command line in through a browser: shows a code, and waits until it was entered and approved there."""

from __future__ import annotations

import contextlib
import socket
import sys
import time
import webbrowser

import typer

from headwater.features.accounts.api_client import ApiClient, ApiInputRefusal
from headwater.kit.errors import Unauthenticated

PENDING = "authorization_pending"


def key_by_browser(server: ApiClient) -> str:
    """Return a new API key that the user has approved in a browser, here or on another machine.

    Raises:
        Unauthenticated: nobody has approved it in time, or it was refused.
    """
    request = server.call("POST", "/auth/device", json={"name": socket.gethostname()[:200]})
    address = f"{request['verification_uri']}?code={request['user_code']}"
    typer.echo(f"Open {address} in a browser in which you are signed in,", err=True)
    typer.echo(f"check that it shows the code {request['user_code']}, and approve it.", err=True)
    if sys.stderr.isatty():
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(address)
    end = time.monotonic() + request["expires_in"]
    while time.monotonic() < end:
        try:
            return str(server.call("POST", "/auth/device/key", json={"device_code": request["device_code"]})["secret"])
        except ApiInputRefusal as refusal:
            if refusal.problem != PENDING:
                raise
        time.sleep(request["interval"])
    raise Unauthenticated("Nobody has approved it in time.", hint="Run `headwater login` again.")
