"""What tests share: waiting, clocks, processes, a real server."""
