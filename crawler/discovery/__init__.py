"""Finding article addresses: pure functions from a fetched page to candidates."""
