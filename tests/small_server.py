"""The settings of every server that a test starts.

Small, because several run beside each other. fsync and full_page_writes off are for tests only: they matter when the
power fails, not when a process is killed. Shared memory in files goes with the folder, whoever kills the server. No parallel
workers: for tables that nobody has counted yet the planner would start two, ten milliseconds for a handful of rows.
"""

SMALL = {
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
    "fsync": "off",
    "full_page_writes": "off",
    "max_parallel_workers_per_gather": "0",
    "dynamic_shared_memory_type": "mmap",
}
