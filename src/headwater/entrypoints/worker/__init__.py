"""The worker takes jobs from the queue and runs them; run as many as needed, on any host that can reach the store."""
