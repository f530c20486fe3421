"""What breaks when a schema changes: usages in code, carriers of the value, and dependents in the schema.

`rules.py` says for each kind of change which usages it breaks, `carriers.py` finds the same name one step further,
`dependents.py` what in the schema itself refers to the column, `report.py` puts them in order of risk, and `formats.py`
writes the report as JSON, Markdown and SARIF.
"""
