"""airunner: run, watch, schedule and audit AI coding agents from one file."""

__version__ = "0.1.0"
