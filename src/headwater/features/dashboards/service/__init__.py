"""The verbs of dashboards."""
