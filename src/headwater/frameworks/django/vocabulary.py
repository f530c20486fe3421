"""The names of Django and Django REST framework: generic views, their hooks, decorators of views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_READ = ("GET",)
_FORM = ("GET", "POST")
_CHANGE = ("PUT", "PATCH")
_WRITE = ("POST", "PUT", "PATCH")

# The methods that a generic view answers.
GENERIC_VIEWS: Final[Mapping[str, tuple[str, ...]]] = {
    "TemplateView": _READ,
    "ListView": _READ,
    "DetailView": _READ,
    "RedirectView": _READ,
    "ArchiveIndexView": _READ,
    "FormView": _FORM,
    "CreateView": _FORM,
    "UpdateView": _FORM,
    "DeleteView": _FORM,
    "LoginView": _FORM,
    "ListAPIView": _READ,
    "RetrieveAPIView": _READ,
    "CreateAPIView": ("POST",),
    "DestroyAPIView": ("DELETE",),
    "UpdateAPIView": _CHANGE,
    "ListCreateAPIView": ("GET", "POST"),
    "RetrieveUpdateAPIView": ("GET", *_CHANGE),
    "RetrieveDestroyAPIView": ("GET", "DELETE"),
    "RetrieveUpdateDestroyAPIView": ("GET", *_CHANGE, "DELETE"),
}
# The actions of a view set: the method, and whether it is about one row.
ACTIONS: Final[Mapping[str, tuple[str, bool]]] = {
    "list": ("GET", False),
    "create": ("POST", False),
    "retrieve": ("GET", True),
    "update": ("PUT", True),
    "partial_update": ("PATCH", True),
    "destroy": ("DELETE", True),
}
MIXINS: Final[Mapping[str, tuple[str, ...]]] = {
    "ModelViewSet": tuple(ACTIONS),
    "ReadOnlyModelViewSet": ("list", "retrieve"),
    "ListModelMixin": ("list",),
    "CreateModelMixin": ("create",),
    "RetrieveModelMixin": ("retrieve",),
    "UpdateModelMixin": ("update", "partial_update"),
    "DestroyModelMixin": ("destroy",),
}
# Methods of a class that the framework calls: for these HTTP methods, or for all if there are none.
HOOKS: Final[Mapping[str, tuple[str, ...]]] = {
    "setup": (),
    "dispatch": (),
    "initial": (),
    "get_queryset": (),
    "filter_queryset": (),
    "get_object": (),
    "get_context_data": (),
    "get_serializer": (),
    "get_serializer_class": (),
    "get_serializer_context": (),
    "get_permissions": (),
    "get_form": (),
    "get_form_class": (),
    "get_form_kwargs": (),
    "get_initial": (),
    "get_template_names": (),
    "test_func": (),
    "has_permission": (),
    "get_success_url": ("POST",),
    "form_valid": ("POST",),
    "form_invalid": ("POST",),
    "perform_create": ("POST",),
    "perform_update": _CHANGE,
    "perform_destroy": ("DELETE",),
    "get_redirect_url": _READ,
}
# What a class view names whose code runs with it, and the methods of it that do not run for every HTTP method.
CLASS_ATTRIBUTES: Final = frozenset(
    {"serializer_class", "form_class", "permission_classes", "authentication_classes", "filterset_class"}
)
SERIALIZER_METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    "create": ("POST",),
    "update": _CHANGE,
    "save": _WRITE,
    "validate": _WRITE,
    "clean": _WRITE,
}
DECORATORS: Final[Mapping[str, tuple[str, ...]]] = {
    "require_GET": _READ,
    "require_POST": ("POST",),
    "require_safe": ("GET", "HEAD"),
}
LISTING_DECORATORS: Final = frozenset({"api_view", "require_http_methods"})
