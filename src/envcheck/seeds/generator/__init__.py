"""Sample data with structure a recommender can learn, from one number."""
