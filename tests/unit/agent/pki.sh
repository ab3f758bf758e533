#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# pki.sh DIR: certificates as a company would make them, for the tests of daemon/agent.  Root, sub
# CA, people below the sub CA; elliptic curves, because they are made in no time.
# pki.sh DIR SECONDS: in the same place brief.crt, Bob's for this many seconds from now.
set -eu
cd "$1"

brief() { # SECONDS
    : >index.txt
    printf 'unique_subject=no\n' >index.txt.attr
    cat >brief.cnf <<CNF
[ca]
default_ca = one
[one]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
organizationName = supplied
CNF
    openssl ca -batch -notext -config brief.cnf -in bob.csr -cert sub.crt -keyfile sub.key \
        -startdate 20200101000000Z -enddate "$(date -u -d "+$1 seconds" +%Y%m%d%H%M%SZ)" \
        -out brief.crt
}

if [ $# -eq 2 ]; then
    brief "$2"
    exit
fi

key() { # NAME
    openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
}

ca() { # NAME SUBJECT ISSUER
    key "$1"
    openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
    printf 'basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n' >"$1.ext"
    if [ "$1" = "$3" ]; then
        openssl x509 -req -in "$1.csr" -signkey "$1.key" -days 3650 -extfile "$1.ext" -out "$1.crt"
    else
        issue "$1" "$3" 3000
    fi
}

issue() { # NAME ISSUER DAYS: signs NAME.csr with NAME.ext
    openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -days "$3" \
        -extfile "$1.ext" -out "$1.crt"
}

person() { # NAME SUBJECT ISSUER KEY DAYS
    [ -f "$4.key" ] || key "$4"
    openssl req -new -key "$4.key" -subj "$2" -out "$1.csr"
    printf 'extendedKeyUsage=clientAuth\nauthorityKeyIdentifier=keyid\n' >"$1.ext"
    issue "$1" "$3" "$5"
}

ca root /CN=Root root
ca sub /CN=Sub root
ca other /CN=Other other
person alice "/O=Example/CN=Alice" sub alice 400
person renewed "/O=Example/CN=Alice" sub alice 800
person bob "/O=Example/CN=Bob" sub bob 400
person stranger "/O=Elsewhere/CN=Stranger" other stranger 400
cat sub.crt root.crt >chain.pem
openssl pkcs12 -export -inkey alice.key -in alice.crt -certfile chain.pem -name "Alice at work" \
    -passout pass:secret -out alice.p12
cat bob.key bob.crt >bob.pem
openssl x509 -in renewed.crt -outform DER -out renewed.der
