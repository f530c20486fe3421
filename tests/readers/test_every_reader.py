"""Every reader passes the complete conformance suite."""

from __future__ import annotations

import pytest

from headwater.kit import plugins
from headwater.testing.readers import CHECKS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", plugins.names("readers"))
def test_reader_conforms(name, check):
    check(plugins.load("readers", name))
