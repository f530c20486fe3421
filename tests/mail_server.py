"""A real SMTP server that keeps the mails it gets."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from pydantic import SecretStr

from headwater.kit.settings import Settings
from suite.ports import free_port


class MailServer:
    """The mails of a server, and its URL."""

    def __init__(self, url: str) -> None:
        self.url, self.mails = url, list[EmailMessage]()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        """Keep a mail."""
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    async def mail_to(self, address: str) -> EmailMessage:
        """Wait for a mail to an address, and return the newest."""
        async with asyncio.timeout(60):
            while not (mails := [mail for mail in self.mails if mail["To"] == address]):
                await asyncio.sleep(0.02)
        return mails[-1]

    async def token_to(self, address: str) -> str:
        """Wait for a mail to an address; return the token of the link in it."""
        match = re.search(r"https://headwater\.test/[a-z-]+#(\S+)", (await self.mail_to(address)).get_content())
        assert match
        return match[1]


@contextlib.contextmanager
def mail_server(settings: Settings) -> Iterator[MailServer]:
    """Run an SMTP server, and let the settings name it."""
    port = free_port()
    received = MailServer(f"smtp://127.0.0.1:{port}")
    controller = Controller(received, hostname="127.0.0.1", port=port)
    controller.start()
    settings.smtp_url = SecretStr(received.url)
    try:
        yield received
    finally:
        settings.smtp_url = None
        controller.stop()
