"""The services of a Compose project in containers, on whatever Docker engine the CLI would use."""
