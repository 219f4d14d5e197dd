"""The caretaker: builds every room once, starts and stops them in order."""
