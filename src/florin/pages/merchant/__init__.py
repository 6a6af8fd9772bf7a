"""A merchant's pages: what he sold, what is settled to him, and why a request of his program was refused."""
