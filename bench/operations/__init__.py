"""Operations measured: starting, kills, size of the page, connections."""
