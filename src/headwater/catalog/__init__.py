"""The shared models, all frozen and without I/O: schemas, their changes, source-code facts, usages, names."""
