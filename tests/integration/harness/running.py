# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program that runs all the time and does what it is told: a line of JSON in, a line out.

In the program, serve() answers each request ([name, arguments]) with what the function of that name
returns.
"""

import json
import subprocess
import sys


class Running:
    """The other end: `running.name(argument=...)` asks the program and returns its answer."""

    def __init__(self, person, *argv, env=None):
        self.process = subprocess.Popen(
            [str(arg) for arg in argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=person.home,
            env=person.env | (env or {}),
            **person.identity(),
        )

    def __getattr__(self, name):
        def ask(**arguments):
            self.send(name, **arguments)
            return self.receive()

        return ask

    def send(self, name, **arguments):
        self.process.stdin.write(json.dumps([name, arguments]) + "\n")
        self.process.stdin.flush()

    def receive(self):
        line = self.process.stdout.readline()
        assert line, f"{self.process.args[0]} ended with {self.process.wait()}"
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


def serve(program):
    """`program` has a method for each request."""
    for line in sys.stdin:
        name, arguments = json.loads(line)
        print(json.dumps(getattr(program, name)(**arguments)), flush=True)
