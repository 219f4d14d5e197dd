"""The library: what things are and what is allowed; nothing here touches a file, a socket or a clock."""
