"""Mails: what somebody entered stays in its header."""

from __future__ import annotations

import pytest

from headwater.kit.errors import Unavailable
from headwater.kit.network.mail import Mail, send
from headwater.kit.settings import Settings
from mail_server import mail_server


@pytest.mark.parametrize("line", ["x\r\nBcc: eve@example.org", "x\nSubject: y", "x\r\n\r\nbody"])
async def test_lines_in_headers_are_refused(line: str) -> None:
    settings = Settings()
    with mail_server(settings) as server:
        for mail in (Mail(line, "subject", "text"), Mail("ada@example.org", line, "text")):
            with pytest.raises(Unavailable):
                await send(settings, mail)
        assert server.mails == []
        await send(settings, Mail("ada@example.org", "subject", f"text {line}"))
        assert (await server.mail_to("ada@example.org"))["Bcc"] is None
