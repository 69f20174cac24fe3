"""The kind ``api``: requests as somebody, what must come back, and what must follow from it."""
