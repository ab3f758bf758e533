# SPDX-License-Identifier: LGPL-2.1-or-later
"""A tap on a unix stream socket: passes bytes and descriptors on and keeps the bytes."""

import array
import os
import select
import socket
import threading


class Wiretap:
    """Listens at `path` for one connection and joins it with the one who listens at `target`."""

    def __init__(self, path, target):
        self.heard = bytearray()
        self.descriptors = 0
        self.target = str(target)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(1)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def stop(self):
        """Waits for the end of the connection and returns what was said."""
        self.thread.join(60)
        self.listener.close()
        return bytes(self.heard)

    def _run(self):
        near, _ = self.listener.accept()
        far = socket.socket(socket.AF_UNIX)
        far.connect(self.target)
        others = {near: far, far: near}
        with near, far:
            while self._pass_on(others):
                pass

    def _pass_on(self, others):
        """FALSE when either end has closed."""
        ready, _, _ = select.select(list(others), [], [])
        for end in ready:
            fds = array.array("i")
            data, ancillary, _, _ = end.recvmsg(65536, socket.CMSG_SPACE(64 * fds.itemsize))
            if not data:
                return False
            self.heard += data
            for _, _, content in ancillary:
                fds.frombytes(content)
            self.descriptors += len(fds)
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)] if fds else []
            others[end].sendmsg([data], rights)
            for fd in fds:
                os.close(fd)
        return True
