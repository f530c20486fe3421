"""Shipped with the product: conformance suites that every part must pass, and in-memory doubles."""
