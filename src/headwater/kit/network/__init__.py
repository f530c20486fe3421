"""Outgoing connections: allowed addresses, tunnels, proxies and TLS; independent of databases."""
