"""The worker: takes jobs from the queue and runs them; as many as wanted, wherever the store can be reached."""
