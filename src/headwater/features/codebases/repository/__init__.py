"""All SQL of codebases: the codebases themselves, and writing and reading the results of scans."""
