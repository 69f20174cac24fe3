"""Bring a Compose environment up, prove that it works, and name the cause when it does not."""

__version__ = "0.1.0"
