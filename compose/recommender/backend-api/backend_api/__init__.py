"""The SaaS API of the embedding recommender."""
