"""A packed model as a SageMaker endpoint: deploy, show, delete."""
