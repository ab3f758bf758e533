#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# pki.sh DIR: certificates as a company would make them, for the tests of daemon/agent.  Root, sub
# CA, people below the sub CA; elliptic curves, because they are made in no time.
# pki.sh DIR SECONDS: in the same place brief.crt, Bob's for this many seconds from now.
set -eu
cd "$1"

dated() { # NAME CSR ISSUER START END: the dates as date(1) reads them
    : >index.txt
    printf 'unique_subject=no\n' >index.txt.attr
    cat >dated.cnf <<CNF
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
organizationName = optional
CNF
    openssl ca -batch -notext -preserveDN -config dated.cnf -in "$2.csr" -cert "$3.crt" -keyfile "$3.key" \
        -startdate "$(date -u -d "$4" +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d "$5" +%Y%m%d%H%M%SZ)" \
        -extfile client.ext -out "$1.crt"
}

brief() { # SECONDS
    dated brief bob sub 2020-01-01 "+$1 seconds"
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
    cp client.ext "$1.ext"
    issue "$1" "$3" "$5"
}

family() { # NAME SUBJECT ISSUER START END: NAME.pem, with a key of its own
    key "$1"
    openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
    dated "$1" "$1" "$3" "$4" "$5"
    cat "$1.key" "$1.crt" >"$1.pem"
}

printf 'extendedKeyUsage=clientAuth\nauthorityKeyIdentifier=keyid\n' >client.ext
ca root /CN=Root root
ca sub /CN=Sub root
ca other /CN=Other other
person alice "/O=Example/CN=Alice" sub alice 400
dated alice alice sub "-1 day" "+400 days"
person renewed "/O=Example/CN=Alice" sub alice 800
person bob "/O=Example/CN=Bob" sub bob 400
person stranger "/O=Elsewhere/CN=Stranger" other stranger 400

# One person's certificates through the years, and those of somebody else with the same authority
# renewed, and of another authority of its name.
family hana1 /CN=Hana sub "-900 days" "-200 days"
family hana2 /CN=Hana sub "-300 days" "+60 days"
family hana3 /CN=Hana sub "-30 days" "+300 days"
family hana4 /CN=Hana sub "+200 days" "+900 days"
family hana3b /CN=Hana sub "-10 days" "+320 days"
ca corp2 "/O=Corp/CN=CA 2" corp2
ca corp3 "/O=Corp/CN=CA 3" corp3
ca corp3b "/O=Corp/CN=CA 3" corp3b
family taro2 /CN=Taro corp2 "-90 days" "+90 days"
family taro3 /CN=Taro corp3 "-60 days" "+90 days"
family taro3b /CN=Taro corp3b "-30 days" "+90 days"
cat sub.crt root.crt >chain.pem
openssl pkcs12 -export -inkey alice.key -in alice.crt -certfile chain.pem -name "Alice at work" \
    -passout pass:secret -out alice.p12
cat bob.key bob.crt >bob.pem
openssl x509 -in renewed.crt -outform DER -out renewed.der
