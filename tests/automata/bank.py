"""A module that threads of the tests keep state in: as attributes, and behind functions."""

balance = 0
holder = {"balance": 0}


class Account:
    """Where a class keeps it."""

    total = 0

    def put(self, value: int) -> None:
        Account.total = value


def write(value: int) -> None:
    global balance
    balance = value


def read() -> int:
    return balance
