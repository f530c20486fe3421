"""Three-way merge: the changes of `theirs` since `base`, applied to `ours`, with the conflicts that a person resolves."""
