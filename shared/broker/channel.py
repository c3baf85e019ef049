"""Our channel to Redis: it screens what it takes from a queue, and keeps no slot for good."""

from collections.abc import Sequence
from typing import Any

from kombu.transport import redis as redis_transport
from kombu.transport import virtual
from kombu.utils.json import dumps

from shared.broker.screen import Screen


class ForgettingQoS(redis_transport.QoS):
    """Frees a message's prefetch slot even when Redis is away as it is acknowledged.

    kombu's own keeps the slot then. When all slots are taken it never reads the queue again, so
    it never notices that the connection is lost: the worker stays deaf for good.
    """

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge; what Redis did not hear comes back after the visibility timeout."""
        try:
            super().ack(delivery_tag)
        except Exception:
            virtual.QoS.ack(self, delivery_tag)
            raise

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:  # noqa: FBT001, FBT002 - kombu's
        """Put the message back, or drop it; the same holds."""
        try:
            super().reject(delivery_tag, requeue=requeue)
        except Exception:
            virtual.QoS.ack(self, delivery_tag)
            raise

    def restore_by_tag(self, tag: str, client: Any = None, leftmost: bool = False) -> None:  # noqa: FBT001, FBT002 - kombu's
        """Put a message back that nobody acknowledged; a record that is none is dropped.

        kombu's own stumbles over it at every look, and none behind it comes back.
        """
        try:
            super().restore_by_tag(tag, client, leftmost)
        except (TypeError, ValueError):
            self._remove_from_indices(tag).execute()  # type: ignore[attr-defined]  # not in the stubs


class ScreenedChannel(redis_transport.Channel):
    """Hands on only what its screen admits; the rest looks like an answer without a message.

    kombu's own raises whatever it stumbles over, which ends the worker, and takes a slot first.
    """

    QoS = ForgettingQoS
    from_transport_options = (*redis_transport.Channel.from_transport_options, "screen")
    #: A transport option; without one, messages are taken as kombu takes them.
    screen: Screen | None = None

    def _create_client(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002 - kombu's
        client = super()._create_client(asynchronous)  # type: ignore[misc]  # not in the stubs
        if self.screen is not None:
            client.set_response_callback("BRPOP", self._screened)
        return client

    def _screened(self, reply: Sequence[Any] | None, **_: object) -> tuple[bytes, str] | None:
        """The answer to BRPOP, the message in it taken apart and made anew."""
        if not reply or self.screen is None:
            return None
        key, raw = reply
        payload = self.screen.admit(raw)
        return None if payload is None else (key, dumps(payload))
