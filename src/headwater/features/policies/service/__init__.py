"""What is done with policies, their runs and alerts."""
