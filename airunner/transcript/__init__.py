"""Raw terminal bytes into the text a person would have read; pure, imports nothing outside this room."""
