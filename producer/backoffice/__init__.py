"""The back office: what people and programs see of batches over HTTP, and what they do there."""
