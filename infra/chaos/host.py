"""One host of a chaos run: the real supervisor, its children stand-ins.

    python -m infra.chaos.host ORDERS

Settings come from the environment, as a worker's do.
"""

import sys

from infra.chaos.orders import Orders
from infra.chaos.planted import altered_board
from shared.dispatch import Dispatcher
from shared.logs import configure_logs
from shared.queue import Publisher, celery_app
from shared.settings import load_settings
from worker.devices import Device
from worker.supervisor import Supervisor


def main() -> None:
    """Run until SIGTERM."""
    path, settings = sys.argv[1], load_settings()
    orders = Orders.read(path)
    configure_logs(settings)
    board = altered_board(orders.plant, settings)
    board.refuse_unsafe()
    dispatcher = Dispatcher(board, Publisher(celery_app(settings)), settings)
    devices = [Device("cpu")] * orders.devices
    child = ("-m", "infra.chaos.child", path)
    sys.exit(Supervisor(devices, settings, board, dispatcher, child).run())


if __name__ == "__main__":
    main()
