"""The console: pages of who works for the owner. They read the house, and change it by the engine's commands alone."""
