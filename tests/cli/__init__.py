"""The command line, against a stand-in server and a real one."""
