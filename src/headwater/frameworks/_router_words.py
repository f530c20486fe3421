"""What the routers of a framework are called: data for the one interpretation of routers."""

from __future__ import annotations

import msgspec


class Mount(msgspec.Struct, frozen=True):
    """A call that puts a router under another one: where the router stands, and its path.

    `child` None is every argument that is a router. `path` is the position of the path, `keyword` its name. With
    `inverse`, the router is put below the argument.
    """

    child: int | None = 0
    path: int | None = None
    keyword: str = ""
    inverse: bool = False


class RouterWords(msgspec.Struct, frozen=True):
    """The names of a framework's functions that make, join and use routers.

    `constructors` make a router, imported from one of `packages`; each with the argument that holds its own path.
    Parameters of one of the `types` are routers, and those called like one of `names` in code that says no types.
    `verbs` maps methods of a router that declare a route to the HTTP method, or to "" if its argument `method_key`
    lists them and `default` else. `mounts` put another router below, `groups` return a new router below the path at a
    position, `blocks` hand such a router to a function. With `replaces`, the path of a mount stands for the router's
    own. `sections` return a router of one path, whose verbs need none. `resources` declare the methods of a class that
    are called like HTTP methods: the position of the class, followed by its paths; `class_view` is the method that
    makes a handler of such a class. With `strips_slash`, a path is answered with and without a slash at its end.
    """

    packages: tuple[str, ...]
    constructors: dict[str, str]
    types: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    verbs: dict[str, str] = {}
    method_key: str = ""
    default: tuple[str, ...] = ("ANY",)
    mounts: dict[str, Mount] = {}
    groups: dict[str, int] = {}
    blocks: dict[str, int] = {}
    sections: frozenset[str] = frozenset()
    resources: dict[str, int] = {}
    class_view: str = ""
    replaces: bool = False
    strips_slash: bool = False
