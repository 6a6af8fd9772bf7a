"""Rows to SQL and back: one file a table, one statement a table and batch."""
