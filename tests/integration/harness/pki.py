# SPDX-License-Identifier: LGPL-2.1-or-later
"""A company's certificate authority: root, intermediate, a server and as many people as needed.

Everything is made by the openssl program, in a directory that other users may read, and kept for
the run of one test file.
"""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

PASSWORD = "correct horse"
ORGANISATION = "Example Corp"

# What `openssl genpkey` wants for each kind of key.
ALGORITHMS = {
    "rsa2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa3072": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
    "rsa4096": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
    "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "p521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "ed25519": ["-algorithm", "ED25519"],
}

CA_EXTENSIONS = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"]
CLIENT_EXTENSIONS = [
    "basicConstraints=CA:FALSE",
    "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=clientAuth",
]
SERVER_EXTENSIONS = [
    "basicConstraints=CA:FALSE",
    "extendedKeyUsage=serverAuth",
    "subjectAltName=DNS:localhost,IP:127.0.0.1",
]

# For `openssl ca`, which alone dates certificates freely and revokes them.
CA_CONFIG = """\
[ca]
default_ca = this
[this]
database = {dir}/index.txt
new_certs_dir = {dir}
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
x509_extensions = client
email_in_dn = no
preserve = yes
[any]
organizationName = supplied
commonName = supplied
[client]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def openssl(*args, check=True, **kwargs):
    """Runs openssl and returns its output as text."""
    command = ["openssl", *(str(arg) for arg in args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **kwargs)
    assert not check or done.returncode == 0, f"{' '.join(command)}:\n{done.stderr}"
    return done.stdout


@dataclass
class Certified:
    """A key and its certificate, with the issuers above it, nearest first."""

    name: str
    key: Path
    cert: Path
    issuers: list = field(default_factory=list)

    @property
    def subject(self):
        """As RFC 2253, which is how nginx writes it."""
        return f"CN={self.name},O={ORGANISATION}"

    def der(self):
        """The certificate as DER bytes."""
        done = subprocess.run(
            ["openssl", "x509", "-in", self.cert, "-outform", "DER"], capture_output=True, check=True
        )
        return done.stdout


class Pki:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(mode=0o755)
        self._made = {}
        self.root = self._certify("Example Root CA", "rsa2048", None, CA_EXTENSIONS)
        self.intermediate = self._certify("Example User CA", "rsa2048", self.root, CA_EXTENSIONS)
        self.server = self._certify("localhost", "p256", self.root, SERVER_EXTENSIONS)

    def identity(self, name, algorithm="p256", issuer=None, extensions=None, days=365):
        """A person's key and certificate; the same one for the same name."""
        if name not in self._made:
            self._made[name] = self._certify(
                name,
                algorithm,
                issuer or self.intermediate,
                CLIENT_EXTENSIONS if extensions is None else extensions,
                days,
            )
        return self._made[name]

    def renewal(self, certified, name, days=365):
        """Another certificate for the key of `certified`, under another name."""
        return self._certify(
            name, None, self.intermediate, CLIENT_EXTENSIONS, days, key=certified.key
        )

    def certificate_for(self, public, name):
        """For a key that is elsewhere, of which there is only the public half (DER)."""
        stem = name.replace(" ", "-")
        pem, cert = self.directory / f"{stem}.pub", self.directory / f"{stem}.crt"
        openssl("pkey", "-pubin", "-inform", "DER", "-in", public, "-out", pem)
        issuer = self.intermediate
        openssl(
            "x509", "-new", "-force_pubkey", pem, "-subj", f"/O={ORGANISATION}/CN={name}",
            "-CA", issuer.cert, "-CAkey", issuer.key, "-days", "365", "-out", cert,
        )  # fmt: skip
        return Certified(name, None, cert, [issuer.cert, *issuer.issuers])

    def authority(self, name, stem=None):
        """A root of its own; two may have one name, under different stems."""
        return self._certify(name, "rsa2048", None, CA_EXTENSIONS, stem=stem)

    def self_signed(self, subject):
        """A certificate in PEM for `subject` ("/O=.../CN=..."), by the root's key."""
        return openssl(
            "req", "-new", "-x509", "-key", self.root.key, "-days", 30, "-sha256",
            "-config", self._config(), "-subj", subject,
        )  # fmt: skip

    def dated(self, name, start, end, stem):
        """A person's certificate from the intermediate for a time that may be over; `start` and
        `end` as 20240131000000Z."""
        key = self.new_key(stem, "p256")
        request, cert = self.directory / f"{stem}.csr", self.directory / f"{stem}.crt"
        (self.directory / "index.txt").touch()
        (self.directory / "ca.cnf").write_text(CA_CONFIG.format(dir=self.directory))
        openssl(
            "req", "-new", "-key", key, "-out", request, "-config", self._config(),
            "-subj", f"/O={ORGANISATION}/CN={name}",
        )  # fmt: skip
        openssl(
            "ca", "-batch", "-notext", "-config", self.directory / "ca.cnf", "-in", request,
            "-out", cert, "-cert", self.intermediate.cert, "-keyfile", self.intermediate.key,
            "-startdate", start, "-enddate", end,
        )  # fmt: skip
        cert.chmod(0o644)
        return Certified(name, key, cert, [self.intermediate.cert, *self.intermediate.issuers])

    def revocations(self, certified):
        """The intermediate's and the root's lists, PEM, that revoke `certified`."""
        (self.directory / "ca.cnf").write_text(CA_CONFIG.format(dir=self.directory))
        lists = []
        for issuer, revoked in ((self.intermediate, [certified]), (self.root, [])):
            (self.directory / "index.txt").write_text("")
            signer = ["-config", self.directory / "ca.cnf",
                      "-cert", issuer.cert, "-keyfile", issuer.key]  # fmt: skip
            for one in revoked:
                openssl("ca", *signer, "-revoke", one.cert)
            lists.append(openssl("ca", *signer, "-gencrl", "-crldays", "30"))
        path = self.directory / "revoked.pem"
        path.write_text("".join(lists))
        return path

    def p12(self, certified, password=PASSWORD, options=(), with_root=True, file=None):
        """What the administrator sends: key, certificate and issuers in one PKCS#12 file."""
        out = self.directory / (file or f"{certified.key.stem}.p12")
        issuers = self.directory / f"{certified.key.stem}-issuers.pem"
        chain = certified.issuers if with_root else certified.issuers[:1]
        issuers.write_text("".join(path.read_text() for path in chain))
        openssl(
            "pkcs12", "-export", "-inkey", certified.key, "-in", certified.cert,
            "-certfile", issuers, "-name", certified.name, "-passout", f"pass:{password}",
            "-out", out, *options,
        )  # fmt: skip
        out.chmod(0o644)
        return out

    def bundle(self, name, *certified):
        """A PEM file with these certificates."""
        path = self.directory / name
        path.write_text("".join(one.cert.read_text() for one in certified))
        return path

    def new_key(self, stem, algorithm):
        key = self.directory / f"{stem}.key"
        openssl("genpkey", *ALGORITHMS[algorithm], "-out", key)
        key.chmod(0o644)
        return key

    def _certify(self, name, algorithm, issuer, extensions, days=365, key=None, stem=None):
        stem = stem or name.replace(" ", "-")
        key = key or self.new_key(stem, algorithm)
        cert = self.directory / f"{stem}.crt"
        signer = [] if issuer is None else ["-CA", issuer.cert, "-CAkey", issuer.key]
        added = [arg for extension in extensions for arg in ("-addext", extension)]
        openssl(
            "req", "-new", "-x509", "-key", key, "-out", cert, "-days", days, "-sha256",
            "-config", self._config(), "-subj", f"/O={ORGANISATION}/CN={name}", *signer, *added,
            "-addext", "subjectKeyIdentifier=hash", "-addext", "authorityKeyIdentifier=keyid",
        )  # fmt: skip
        issuers = [] if issuer is None else [issuer.cert, *issuer.issuers]
        return Certified(name, key, cert, issuers)

    def _config(self):
        # An empty request section: the machine's openssl.cnf would add extensions of its own.
        path = self.directory / "req.cnf"
        path.write_text("[req]\ndistinguished_name = dn\n[dn]\n")
        return path
