"""Turns: what only one may do at a time, such as planning for one output; under a lease."""

from shared.board.part import Part, milliseconds


class Turns(Part):
    """Gives turns; one that nobody keeps is over by itself."""

    def take_turn(self, name: str, token: str, seconds: float) -> bool:
        """Take a turn, or keep one's own for so long from now.

        Args:
            name: What it is for.
            token: Who asks; another one for each asker.
            seconds: Then it is over, unless it is kept.

        Returns:
            False while another has it.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        return bool(self._connection.run("take_turn", name, token, milliseconds(seconds)))

    def leave_turn(self, name: str, token: str) -> None:
        """Leave one's turn to others; one that is over is another's already.

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        self._connection.run("leave_turn", name, token)
