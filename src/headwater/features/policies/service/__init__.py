"""Operations on policies, their runs and alerts."""
