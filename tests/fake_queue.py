"""A job queue in this process, to stand at the door of ``tpod_core.queue``."""

from tpod_core.errors import Unavailable
from tpod_core.queue import Delivery


class ListQueue:
    """``JobQueue`` that keeps what it is given in ``deliveries``; ``away`` plays a dead Redis."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.away = False

    def deliver(self, delivery: Delivery) -> None:
        self.ping()
        if delivery not in self.deliveries:
            self.deliveries.append(delivery)

    def known(self) -> set[str]:
        self.ping()
        return {delivery.id for delivery in self.deliveries}

    def forget(self, delivery: Delivery) -> None:
        self.ping()
        if delivery in self.deliveries:
            self.deliveries.remove(delivery)

    def ping(self) -> None:
        if self.away:
            raise Unavailable("The job queue does not answer.")
