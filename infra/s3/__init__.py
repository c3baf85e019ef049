"""An S3 in memory, for benchmarks and chaos runs."""
