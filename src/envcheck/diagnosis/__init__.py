"""Evidence → causes → one culprit, the rest victims."""
