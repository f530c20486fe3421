"""The services of codebases: codebases, results (what a scan stores), lineage, graph, files, exports."""
