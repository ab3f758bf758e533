# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program of NSS's: the module in a database of its own, certificates listed, data signed, and
the wait for tokens that NSS has for whoever wants to know at once.  ctypes only.

Started by Nss with a directory and a module's path.
"""

import ctypes
import sys
import threading
from pathlib import Path

CERTS_OF_USER = 1  # PK11CertListUser
CKM_SHA256_RSA_PKCS = 0x40
SECMOD_WAIT_LATENCY_MS = 100


class Item(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("data", ctypes.c_void_p), ("length", ctypes.c_uint)]


class Link(ctypes.Structure):
    pass


Link._fields_ = [("next", ctypes.POINTER(Link)), ("previous", ctypes.POINTER(Link))]


class CertNode(ctypes.Structure):
    _fields_ = [("link", Link), ("cert", ctypes.c_void_p)]


class CertHead(ctypes.Structure):
    """The beginning of CERTCertificate."""

    _fields_ = [("arena", ctypes.c_void_p), ("subject", ctypes.c_char_p)]


POINTERS = """
SECMOD_LoadUserModule PK11_ListCerts PK11_FindKeyByAnyCert SECMOD_WaitForAnyTokenEvent
""".split()


class Program:
    def __init__(self, directory, module):
        self.nss = ctypes.CDLL("libnss3.so")
        for name in POINTERS:
            getattr(self.nss, name).restype = ctypes.c_void_p
        self.nss.PK11_GetTokenName.restype = ctypes.c_char_p
        made = self.nss.NSS_Initialize(f"sql:{directory}".encode(), b"", b"", b"secmod.db", 0)
        assert made == 0, f"NSS does not start: {self.nss.PORT_GetError()}"
        specification = f'library="{module}" name="Meishi"'.encode()
        self.module = self.nss.SECMOD_LoadUserModule(specification, None, 0)
        self.waiting = None

    def subjects(self):
        """Of the certificates that have a key, wherever."""
        return sorted(subject for subject, _ in self._certs())

    def sign(self, subject):
        """The length of a signature, or NSS's error."""
        for found, cert in self._certs():
            if found == subject:
                return self._sign(cert)
        return {"error": "no such certificate"}

    def wait_aside(self):
        """Waits for a token to come or go, in a thread of its own."""
        self.waiting = threading.Thread(target=self._wait)
        self.waiting.start()

    def end_wait(self):
        """What came of that."""
        self.waiting.join()
        return self.event

    def cancel_wait(self):
        """NSS calls C_Finalize for that, and C_Initialize again."""
        return self.nss.SECMOD_CancelWait(ctypes.c_void_p(self.module))

    def _certs(self):
        first = self.nss.PK11_ListCerts(CERTS_OF_USER, None)
        link = ctypes.cast(first, ctypes.POINTER(Link)).contents.next
        while ctypes.addressof(link.contents) != first:
            cert = ctypes.cast(link, ctypes.POINTER(CertNode)).contents.cert
            head = ctypes.cast(cert, ctypes.POINTER(CertHead)).contents
            yield head.subject.decode(), ctypes.c_void_p(cert)
            link = link.contents.next

    def _sign(self, cert):
        key = ctypes.c_void_p(self.nss.PK11_FindKeyByAnyCert(cert, None))
        if not key:
            return {"error": self.nss.PORT_GetError()}
        room = ctypes.create_string_buffer(1024)
        data = ctypes.create_string_buffer(b"data", 4)
        signature = Item(0, ctypes.addressof(room), 1024)
        rv = self.nss.PK11_SignWithMechanism(
            key, ctypes.c_ulong(CKM_SHA256_RSA_PKCS), None, ctypes.byref(signature),
            ctypes.byref(Item(0, ctypes.addressof(data), 4)),
        )  # fmt: skip
        error = self.nss.PORT_GetError()
        self.nss.SECKEY_DestroyPrivateKey(key)
        return {"error": error} if rv else {"length": signature.length}

    def _wait(self):
        slot = self.nss.SECMOD_WaitForAnyTokenEvent(
            ctypes.c_void_p(self.module), ctypes.c_ulong(0), ctypes.c_uint(SECMOD_WAIT_LATENCY_MS)
        )
        self.event = slot and {
            "is_present": bool(self.nss.PK11_IsPresent(ctypes.c_void_p(slot))),  # and reads it
            "token": self.nss.PK11_GetTokenName(ctypes.c_void_p(slot)).decode(),
        }


def start(person):
    from .running import Running  # pylint: disable=import-outside-toplevel

    directory = person.home / "nssdb"
    person._mkdir(directory)
    person.run("certutil", "-N", "-d", f"sql:{directory}", "--empty-password")
    return Running(person, sys.executable, "-B", __file__, directory, person.tree.module)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    from running import serve

    serve(Program(sys.argv[1], sys.argv[2]))
