"""The processes of Headwater: server, cli, worker, proxy. Each only collects what the features declare."""
