"""Nouns and protocols. Standard library only."""
