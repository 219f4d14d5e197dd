"""The run's folder: the contract between the server and the shim that owns a run."""
