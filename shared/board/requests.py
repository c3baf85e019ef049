"""Requests: what was asked under a key, for a while, so that it can be asked again."""

from shared.board.part import Part, milliseconds


class Requests(Part):
    """Remembers what was asked under keys that askers choose."""

    def remember(self, key: str, asked: str, seconds: float) -> str:
        """What is remembered under a key: what is asked now, unless something is already.

        Args:
            key: A name of up to some hundred characters.
            asked: What is asked.
            seconds: Then it is forgotten.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        return str(self._connection.run("remember", key, asked, milliseconds(seconds)))

    def forget(self, key: str, asked: str) -> None:
        """Let a key be used for something else, where this is what is remembered under it.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        self._connection.run("forget", key, asked)
