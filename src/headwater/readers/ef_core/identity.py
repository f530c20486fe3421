"""Tables of ASP.NET Core Identity and properties of its classes, which code bases use without declaring them.

Source: the ASP.NET Core documentation, "Identity model customization".
"""

from __future__ import annotations

from typing import Final

_USER: Final = {
    "Id": "string",
    "UserName": "string",
    "NormalizedUserName": "string",
    "Email": "string",
    "NormalizedEmail": "string",
    "EmailConfirmed": "bool",
    "PasswordHash": "string",
    "SecurityStamp": "string",
    "ConcurrencyStamp": "string",
    "PhoneNumber": "string",
    "PhoneNumberConfirmed": "bool",
    "TwoFactorEnabled": "bool",
    "LockoutEnd": "DateTimeOffset",
    "LockoutEnabled": "bool",
    "AccessFailedCount": "int",
}
_ROLE: Final = {"Id": "string", "Name": "string", "NormalizedName": "string", "ConcurrencyStamp": "string"}
_USER_CLAIM: Final = {"Id": "int", "UserId": "string", "ClaimType": "string", "ClaimValue": "string"}
_ROLE_CLAIM: Final = {"Id": "int", "RoleId": "string", "ClaimType": "string", "ClaimValue": "string"}
_LOGIN: Final = {
    "LoginProvider": "string",
    "ProviderKey": "string",
    "ProviderDisplayName": "string",
    "UserId": "string",
}
_TOKEN: Final = {"UserId": "string", "LoginProvider": "string", "Name": "string", "Value": "string"}
_USER_ROLE: Final = {"UserId": "string", "RoleId": "string"}
# Properties that a class has from a base class of the framework.
BASES: Final = {
    "IdentityUser": _USER,
    "IdentityRole": _ROLE,
    "IdentityUserClaim": _USER_CLAIM,
    "IdentityRoleClaim": _ROLE_CLAIM,
    "IdentityUserLogin": _LOGIN,
    "IdentityUserToken": _TOKEN,
    "IdentityUserRole": _USER_ROLE,
}
# Of each class: its table, and its key.
TABLES: Final = {
    "IdentityUser": ("AspNetUsers", ("Id",)),
    "IdentityRole": ("AspNetRoles", ("Id",)),
    "IdentityUserClaim": ("AspNetUserClaims", ("Id",)),
    "IdentityRoleClaim": ("AspNetRoleClaims", ("Id",)),
    "IdentityUserLogin": ("AspNetUserLogins", ("LoginProvider", "ProviderKey")),
    "IdentityUserToken": ("AspNetUserTokens", ("UserId", "LoginProvider", "Name")),
    "IdentityUserRole": ("AspNetUserRoles", ("UserId", "RoleId")),
}
# The positions of these classes in the type arguments of a context, by its base class.
CONTEXTS: Final = {
    "IdentityDbContext": tuple(TABLES),
    "IdentityUserContext": ("IdentityUser", "IdentityUserClaim", "IdentityUserLogin", "IdentityUserToken"),
}
ARGUMENTS: Final = {
    "IdentityDbContext": {
        "IdentityUser": 0,
        "IdentityRole": 1,
        "IdentityUserClaim": 3,
        "IdentityUserRole": 4,
        "IdentityUserLogin": 5,
        "IdentityRoleClaim": 6,
        "IdentityUserToken": 7,
    },
    "IdentityUserContext": {
        "IdentityUser": 0,
        "IdentityUserClaim": 2,
        "IdentityUserLogin": 3,
        "IdentityUserToken": 4,
    },
}
