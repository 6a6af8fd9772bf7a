"""The benchmark: how many payments a second, on this machine, at what cost, with what left behind.

One embedded server with its usual settings (fsync on) takes turns: pgbench's TPC-B as the yardstick that everybody knows, the
engine at four batch sizes, and the REST wire over real sockets. What is measured runs in processes of its own (`engine_load`,
`http_load`), so that nobody's CPU is counted as another's. Afterwards the books are proven: a fast benchmark of wrong books is
worth nothing. `plans` asks another question: whether a batch's statements still find their rows among ten million payments.

It reads CPU and memory from /proc, so it runs on Linux.
"""
