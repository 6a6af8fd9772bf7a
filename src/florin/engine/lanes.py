"""The 128 lane numbers: the smallest non-negative smallint in each of 128 equal ranges of PostgreSQL's `hashint2`.

Citus hashes a lane again to choose its shard; numbers 0..127 would leave shards empty, these divide exactly for every
power-of-two shard count up to 128. Plain PostgreSQL does not care. The list is fixed for ever: rows carry these numbers.
"""

# fmt: off
LANES: tuple[int, ...] = (
    298, 60, 8, 20, 230, 82, 118, 1, 155, 31, 88, 311, 148, 79, 26, 24,
    35, 10, 115, 92, 104, 48, 109, 466, 5, 208, 290, 112, 50, 77, 166, 504,
    61, 4, 7, 215, 17, 51, 172, 287, 133, 16, 111, 96, 269, 170, 217, 85,
    36, 191, 89, 271, 110, 19, 55, 0, 37, 65, 45, 103, 158, 101, 117, 3,
    161, 113, 366, 52, 62, 353, 99, 367, 165, 136, 168, 509, 102, 46, 28, 154,
    6, 73, 66, 71, 335, 70, 21, 34, 83, 124, 49, 39, 43, 167, 371, 13,
    47, 2, 382, 351, 27, 199, 95, 114, 333, 58, 149, 481, 41, 219, 224, 179,
    131, 9, 80, 81, 59, 72, 190, 22, 29, 12, 78, 11, 67, 44, 107, 18,
)
# fmt: on
