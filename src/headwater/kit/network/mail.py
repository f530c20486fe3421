"""Sends mail through the SMTP server of the settings, in a thread; nothing else knows SMTP."""

from __future__ import annotations

import asyncio
import ipaddress
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from headwater.kit.errors import Unavailable
from headwater.kit.settings import Settings

SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in plain text."""

    to: str
    subject: str
    text: str


def sends_mail(settings: Settings) -> bool:
    """Return True if this instance can send mail."""
    return settings.smtp_url is not None


async def send(settings: Settings, mail: Mail) -> None:
    """Send a mail.

    Raises:
        Unavailable: there is no SMTP server, it cannot be reached, or it refuses the mail.
    """
    if settings.smtp_url is None:
        raise Unavailable("This instance sends no mail.", hint="Set HEADWATER_SMTP_URL.")
    try:
        await asyncio.to_thread(_send, settings.smtp_url.get_secret_value(), settings.mail_from, mail)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise Unavailable(f"The mail cannot be sent: {error}.", hint="Check HEADWATER_SMTP_URL.") from error


def _send(url: str, sender: str, mail: Mail) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, mail.to, mail.subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    parts = urlsplit(url)
    host, trusted = parts.hostname or "", ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=SECONDS, context=trusted)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=SECONDS)
    with server:
        is_encrypted = parts.scheme == "smtps"
        server.ehlo()
        if not is_encrypted and server.has_extn("starttls"):
            server.starttls(context=trusted)
            is_encrypted = True
        if not is_encrypted and not _is_loopback(host):
            raise ValueError("the server offers no TLS")
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
