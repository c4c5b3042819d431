"""stdout and stderr, each written by one module, and what they share: columns, tables, help, failures."""
