# SPDX-License-Identifier: LGPL-2.1-or-later
"""A PKCS#11 client in a process of its own, so that a test can look at it from outside.

Started by Client with a module's path, it takes one JSON request per line on standard input and
answers with one line: the return value, and what the call returned.  ctypes only.
"""

import ctypes
import os
import select
import sys
import threading
import time
from pathlib import Path

if __name__ == "__main__":  # started by its path, by whoever has no harness
    from running import Running, serve
else:
    from .running import Running

FUNCTIONS = """
C_Initialize C_Finalize C_GetInfo C_GetFunctionList C_GetSlotList C_GetSlotInfo C_GetTokenInfo
C_GetMechanismList C_GetMechanismInfo C_InitToken C_InitPIN C_SetPIN C_OpenSession C_CloseSession
C_CloseAllSessions C_GetSessionInfo C_GetOperationState C_SetOperationState C_Login C_Logout
C_CreateObject C_CopyObject C_DestroyObject C_GetObjectSize C_GetAttributeValue
C_SetAttributeValue C_FindObjectsInit C_FindObjects C_FindObjectsFinal C_EncryptInit C_Encrypt
C_EncryptUpdate C_EncryptFinal C_DecryptInit C_Decrypt C_DecryptUpdate C_DecryptFinal C_DigestInit
C_Digest C_DigestUpdate C_DigestKey C_DigestFinal C_SignInit C_Sign C_SignUpdate C_SignFinal
C_SignRecoverInit C_SignRecover C_VerifyInit C_Verify C_VerifyUpdate C_VerifyFinal
C_VerifyRecoverInit C_VerifyRecover C_DigestEncryptUpdate C_DecryptDigestUpdate C_SignEncryptUpdate
C_DecryptVerifyUpdate C_GenerateKey C_GenerateKeyPair C_WrapKey C_UnwrapKey C_DeriveKey
C_SeedRandom C_GenerateRandom C_GetFunctionStatus C_CancelFunction C_WaitForSlotEvent
""".split()

ULONG = ctypes.c_ulong

CKF_SERIAL_SESSION = 4
CKF_DONT_BLOCK = 1
CKU_USER = 1
CKA_CLASS = 0x0
CKA_LABEL = 0x3
CKO_PRIVATE_KEY = 3
CKM = {
    "SHA256_RSA_PKCS": 0x40, "SHA256_RSA_PKCS_PSS": 0x43, "ECDSA_SHA256": 0x1044, "EDDSA": 0x1057,
}  # fmt: skip
PSS = (0x250, 2, 32)  # as in TLS 1.3: CKM_SHA256, CKG_MGF1_SHA256, length of the salt


class Attribute(ctypes.Structure):
    _fields_ = [("type", ULONG), ("value", ctypes.c_void_p), ("length", ULONG)]


class Mechanism(ctypes.Structure):
    _fields_ = [("type", ULONG), ("parameter", ctypes.c_void_p), ("length", ULONG)]


class FunctionList(ctypes.Structure):
    _fields_ = [("version", ctypes.c_ubyte * 2)] + [(n, ctypes.c_void_p) for n in FUNCTIONS]


class Module:
    """The module, loaded into this process."""

    def __init__(self, path):
        library = ctypes.CDLL(path)
        pointer = ctypes.POINTER(FunctionList)()
        assert library.C_GetFunctionList(ctypes.byref(pointer)) == 0
        self.table = pointer.contents

    def call(self, name, *args):
        prototype = ctypes.CFUNCTYPE(ULONG, *(type(arg) for arg in args))
        return prototype(getattr(self.table, name))(*args)

    # ---- requests: each returns a dictionary with "rv" ----

    def initialize(self):
        return {"rv": self.call("C_Initialize", ctypes.c_void_p())}

    def finalize(self):
        return {"rv": self.call("C_Finalize", ctypes.c_void_p())}

    def slots(self, present=True):
        count = ULONG(64)
        slots = (ULONG * 64)()
        rv = self.call("C_GetSlotList", ctypes.c_ubyte(present), slots, ctypes.pointer(count))
        return {"rv": rv, "slots": list(slots[: count.value]) if rv == 0 else []}

    def initialize_and_list(self):
        """What a program does that finds no use for us, and the processor time it took."""
        before = time.process_time_ns()
        rv = self.call("C_Initialize", ctypes.c_void_p())
        listed = self.slots()
        return listed | {"init": rv, "cpu_us": (time.process_time_ns() - before) / 1000}

    def open(self, slot):
        session = ULONG()
        rv = self.call(
            "C_OpenSession", ULONG(slot), ULONG(CKF_SERIAL_SESSION), ctypes.c_void_p(),
            ctypes.c_void_p(), ctypes.pointer(session),
        )  # fmt: skip
        return {"rv": rv, "session": session.value}

    def session_info(self, session):
        return {"rv": self.call("C_GetSessionInfo", ULONG(session), (ULONG * 4)())}

    def slot_flags(self, slot):
        info = ctypes.create_string_buffer(128)
        rv = self.call("C_GetSlotInfo", ULONG(slot), info)
        return {"rv": rv, "flags": int.from_bytes(info.raw[96:104], sys.byteorder)}

    def token_info(self, slot):
        info = ctypes.create_string_buffer(512)
        rv = self.call("C_GetTokenInfo", ULONG(slot), info)
        return {"rv": rv, "label": info.raw[:32].decode().rstrip() if rv == 0 else ""}

    def event(self, flags=CKF_DONT_BLOCK):
        slot = ULONG()
        rv = self.call(
            "C_WaitForSlotEvent", ULONG(flags), ctypes.pointer(slot), ctypes.c_void_p()
        )
        return {"rv": rv, "slot": slot.value if rv == 0 else None}

    def close_session(self, session):
        return {"rv": self.call("C_CloseSession", ULONG(session))}

    def close_all_sessions(self, slot):
        return {"rv": self.call("C_CloseAllSessions", ULONG(slot))}

    def find_key(self, session, label):
        wanted = ctypes.create_string_buffer(label.encode(), len(label.encode()))
        kind = ULONG(CKO_PRIVATE_KEY)
        template = (Attribute * 2)(
            Attribute(CKA_CLASS, ctypes.cast(ctypes.pointer(kind), ctypes.c_void_p), 8),
            Attribute(CKA_LABEL, ctypes.cast(wanted, ctypes.c_void_p), len(wanted)),
        )
        rv = self.call("C_FindObjectsInit", ULONG(session), template, ULONG(2))
        found, count = ULONG(), ULONG()
        if rv == 0:
            rv = self.call(
                "C_FindObjects", ULONG(session), ctypes.pointer(found), ULONG(1),
                ctypes.pointer(count),
            )  # fmt: skip
            self.call("C_FindObjectsFinal", ULONG(session))
        return {"rv": rv, "key": found.value if count.value else 0}

    def sign_init(self, session, key, mechanism):
        parameter = (ULONG * 3)(*PSS)
        has_one = mechanism.endswith("_PSS")
        chosen = Mechanism(
            CKM[mechanism], ctypes.cast(parameter, ctypes.c_void_p) if has_one else None,
            ctypes.sizeof(parameter) if has_one else 0,
        )  # fmt: skip
        return {
            "rv": self.call("C_SignInit", ULONG(session), ctypes.pointer(chosen), ULONG(key))
        }

    def sign_rest(self, session, data):
        raw = bytes.fromhex(data)
        buffer = ctypes.create_string_buffer(raw, len(raw))
        signature = ctypes.create_string_buffer(1024)
        length = ULONG(1024)
        rv = self.call(
            "C_Sign", ULONG(session), buffer, ULONG(len(raw)), signature, ctypes.pointer(length)
        )
        return {"rv": rv, "signature": signature.raw[: length.value].hex() if rv == 0 else ""}

    def sign(self, session, key, mechanism, data):
        begun = self.sign_init(session, key, mechanism)
        return begun if begun["rv"] else self.sign_rest(session, data)

    def login(self, session):
        """Without a PIN: by the protected authentication path."""
        rv = self.call("C_Login", ULONG(session), ULONG(CKU_USER), ctypes.c_void_p(), ULONG(0))
        return {"rv": rv}

    def sign_aside(self, **arguments):
        """Signs in a thread of its own, for end_aside() to tell what came of it."""
        return self.do_aside(lambda: self.sign(**arguments))

    def event_aside(self):
        """Waits for an event in a thread of its own."""
        return self.do_aside(lambda: self.event(flags=0))

    def do_aside(self, call):
        self.thread = threading.Thread(target=lambda: self.aside.append(call()))
        self.aside = []
        self.thread.start()
        return {"rv": 0}

    def end_aside(self):
        self.thread.join()
        return self.aside[0]

    def sign_in_threads(self, threads, seconds, slot, **arguments):
        """As much as possible, each thread in a session of its own; how many in all."""
        end, done = time.monotonic() + seconds, []

        def run():
            session = self.open(slot)["session"]
            while time.monotonic() < end:
                done.append(self.sign(session=session, **arguments)["rv"])

        running = [threading.Thread(target=run) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        return {"rv": max(done), "n": len(done)}

    def finalize_in_child(self):
        """What a child does that is made to run another program, and tidies up before."""
        child = os.fork()
        if child == 0:
            os._exit(self.finalize()["rv"] & 0xFF)
        return {"rv": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}

    def sign_until_failure(self, **arguments):
        n = 0
        while (rv := self.sign(**arguments)["rv"]) == 0:
            n += 1
        return {"rv": rv, "n": n}

    def sign_for(self, seconds, **arguments):
        """Signs without a pause; when each call began and what it returned."""
        calls = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.monotonic()
            calls.append((began, self.sign(**arguments)["rv"]))
            if calls[-1][1] != 0:
                time.sleep(0.01)
        return {"rv": 0, "calls": calls}


class Client(Running):
    """The other end: `client.sign(session=..., ...)` asks the process and returns its answer."""

    def __init__(self, person, module=None):
        super().__init__(person, sys.executable, "-B", Path(__file__), module or person.tree.module)
        self.person = person

    @property
    def pid(self):
        return self.process.pid

    def has_answered(self):
        """Whether receive() would not wait."""
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def open_key(self, label):
        """Initialises, opens a session on the first slot that has the key; arguments of sign()."""
        assert self.initialize()["rv"] == 0
        for slot in self.slots()["slots"]:
            session = self.open(slot=slot)["session"]
            key = self.find_key(session=session, label=label)["key"]
            if key:
                self.slot = slot
                return {"session": session, "key": key}
        raise AssertionError(f"no private key called {label}")


if __name__ == "__main__":
    serve(Module(sys.argv[1]))
