"""The answer to a sign-in: the access token in the body, the refresh token in a cookie that scripts cannot read."""

from __future__ import annotations

from fastapi import Response

from headwater.features.accounts.api_models import SignedInOut, UserOut
from headwater.features.accounts.guard import AppState
from headwater.features.accounts.service.identity import SignedIn
from headwater.kit.settings import Settings

SECURE_COOKIE, PLAIN_COOKIE = "__Host-headwater_refresh", "headwater_refresh"


def cookie_name(settings: Settings) -> str:
    """Return the name of the refresh cookie; browsers accept the `__Host-` prefix only over HTTPS."""
    return SECURE_COOKIE if settings.secure_cookies else PLAIN_COOKIE


def signed_in_answer(response: Response, server: AppState, signed_in: SignedIn) -> SignedInOut:
    """Return the answer to a sign-in, and set the refresh cookie."""
    response.set_cookie(
        cookie_name(server.settings),
        signed_in.refresh_token,
        max_age=server.settings.session_days * 86_400,
        path="/",
        secure=server.settings.secure_cookies,
        httponly=True,
        samesite="strict",
    )
    response.headers["cache-control"] = "no-store"
    return SignedInOut(
        user=UserOut.model_validate(signed_in.user),
        access_token=signed_in.access_token,
        expires_in=signed_in.expires_in,
    )
