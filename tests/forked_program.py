"""Ask the process of `forking.py` at an address to run wvcli with our arguments and streams, and end as it does.

It is started by itself, with an interpreter that loads nothing else, so as to take hardly any time.
"""

import json
import os
import socket
import sys


def main(address: str, arguments: list[str]) -> int:
    """Return the exit code of wvcli; if a signal ended it, be ended by the same."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    request = json.dumps([arguments, os.getcwd(), dict(os.environ), {}, []]).encode()
    socket.send_fds(connection, [request], [0, 1, 2])
    with connection.makefile("rb") as answers:
        answers.readline()  # the number of its process
        code = int(answers.readline())
    if code < 0:
        os.kill(os.getpid(), -code)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
