"""How one comes in: server, cli, worker; each only collects what features offer."""
