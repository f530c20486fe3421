"""The verbs of code bases, by noun: codebases, results (what a scan stores), lineage, graph, files, exports."""
