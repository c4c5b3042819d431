"""The table of commands: their names, in the order of the help, and what each help ends with."""

EXIT_CODES = (
    "Exit codes: 0 done; 1 failed; 2 wrong usage; 3 model or input missing, damaged or unreadable; "
    "4 a word is not in the vocabulary; 5 an optional extra is not installed; 130 interrupted."
)

COMMANDS = {  # each with the heading it stands under
    "train": "Train",
    "update": "Train",
    "vector": "Ask",
    "similar": "Ask",
    "analogy": "Ask",
    "similarity": "Ask",
    "odd-one-out": "Ask",
    "vocab": "Ask",
    "shell": "Ask",
    "evaluate": "Judge",
    "compare": "Judge",
    "import": "Exchange",
    "export": "Exchange",
    "formats": "Exchange",
    "info": "Manage",
    "models": "Manage",
    "index": "Manage",
}
