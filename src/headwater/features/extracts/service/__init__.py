"""Operations on the contents of snapshots."""
