"""Our own reader of Compose files: what it does not understand it refuses by name."""
