"""What a user agent says about the device of a session, in a few words: `Firefox on Linux`."""

from __future__ import annotations

import re

# The first match counts: most browsers claim to be several others, too.
PROGRAMS = (
    (r"Edg(e|A|iOS)?/", "Edge"),
    (r"OPR/|Opera", "Opera"),
    (r"Vivaldi/", "Vivaldi"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"HeadlessChrome/", "Headless Chrome"),
    (r"Chrome/|CriOS/|Chromium/", "Chrome"),
    (r"Version/\S+ .*Safari/", "Safari"),
    (r"headwater", "Headwater's command line"),
    (r"python-httpx|python-requests|aiohttp|urllib", "Python"),
    (r"curl/", "curl"),
    (r"PostmanRuntime/", "Postman"),
    (r"okhttp|Java/", "Java"),
    (r"node|undici", "Node.js"),
    (r"Go-http-client", "Go"),
)
SYSTEMS = (
    (r"Android", "Android"),
    (r"iPhone|iPod", "iPhone"),
    (r"iPad", "iPad"),
    (r"CrOS", "ChromeOS"),
    (r"Windows", "Windows"),
    (r"Macintosh|Mac OS X|Darwin", "macOS"),
    (r"Linux|X11", "Linux"),
)


def device_of(user_agent: str) -> str:
    """Return the browser or program and its system, or as much of it as is known."""
    program = next((name for pattern, name in PROGRAMS if re.search(pattern, user_agent, re.IGNORECASE)), "")
    system = next((name for pattern, name in SYSTEMS if re.search(pattern, user_agent)), "")
    if program and system:
        return f"{program} on {system}"
    return program or (f"A browser on {system}" if system else "Unknown device")
