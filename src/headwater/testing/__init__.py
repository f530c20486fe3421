"""Shipped with Headwater: conformance suites for engines, readers, languages, drivers and stores, and doubles."""
