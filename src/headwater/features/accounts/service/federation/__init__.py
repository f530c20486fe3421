"""Sign-in with identity providers: OpenID Connect, and GitHub's OAuth 2 (decision 0030)."""
