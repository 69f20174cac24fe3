"""The services of a Compose project as local processes, where there is no Docker engine."""
