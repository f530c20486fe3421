"""Every framework passes the complete conformance suite."""

from __future__ import annotations

import pytest

from headwater.kit import plugins
from headwater.testing.frameworks import CHECKS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", plugins.names("frameworks"))
def test_framework_conforms(name, check):
    check(plugins.load("frameworks", name))
