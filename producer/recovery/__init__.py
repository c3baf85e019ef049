"""Recovery: a batch that Redis lost, put back from its permanent record in S3."""

from producer.recovery.recover import Recovery, recover

__all__ = ["Recovery", "recover"]
