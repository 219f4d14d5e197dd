"""Random faults under load: no run is lost, doubled or stuck, no byte is lost, no process is left."""
