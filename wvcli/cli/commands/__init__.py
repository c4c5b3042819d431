"""One file a command: resolve what was named, call the library once, write the answer."""
