"""The real servers that stand in for images, one module each, and applications of the project."""
