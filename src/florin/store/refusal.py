"""The store says no: one class per reason, each with what is wrong and what to do about it."""


class StoreRefusal(Exception):
    """Expected, told to the operator, never a bug. Subclasses stand beside the code that raises them."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy
