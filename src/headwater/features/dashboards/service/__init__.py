"""The services of dashboards."""
