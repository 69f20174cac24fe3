"""Takes a tenant's uploads: validates rows, keeps them as Parquet, tells Kafka each one once."""
