"""Headwater: one self-hosted workbench for the whole life of a database."""
