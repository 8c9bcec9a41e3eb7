"""What a person or a program sees: the command line, the web chat, the HTTP API. No retrieval logic."""
