"""Every language passes the complete conformance suite."""

from __future__ import annotations

import pytest

from headwater.kit import plugins
from headwater.testing.languages import CHECKS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", plugins.names("languages"))
def test_language_conforms(name, check):
    check(plugins.load("languages", name))
