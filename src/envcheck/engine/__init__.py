"""Environment → plan → events. Prints nothing, reads no YAML, knows no runtime by name."""
