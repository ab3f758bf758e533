# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034
#
# What building, showing, testing and packaging Meishi needs, and how to get it.  Sourced by
# data/quickstart, data/package and tests/run.  Looks for abilities, not for packages, so that it
# serves every distribution; on Debian and its kin it installs what is missing.

# ability                          Debian package
NEEDS_BUILD='
command:cc                         gcc
command:pkg-config                 pkg-config
command:meson                      meson
command:ninja                      ninja-build
library:libc                       libc6-dev
library:glib-2.0                   libglib2.0-dev
library:libcrypto                  libssl-dev
library:sqlite3                    libsqlite3-dev
library:libsecret-1                libsecret-1-dev
library:p11-kit-1                  libp11-kit-dev
library:json-glib-1.0              libjson-glib-dev
library:gnutls                     libgnutls28-dev
library:libassuan                  libassuan-dev
library:nss                        libnss3-dev
library:gtk4                       libgtk-4-dev
library:libadwaita-1               libadwaita-1-dev
command:msgfmt                     gettext
'
NEEDS_DEMO='
command:openssl                    openssl
command:curl                       curl
command:python3                    python3
engine:pkcs11                      libengine-pkcs11-openssl
server:nginx                       nginx
'
NEEDS_TEST='
server:apache2                     apache2-bin
server:sshd                        openssh-server
command:ansible-playbook           ansible-core
command:bwrap                      bubblewrap
command:certutil                   libnss3-tools
command:clang-format               clang-format
imap:core                          dovecot-core
imap:imapd                         dovecot-imapd
soname:libsodium.so.23             libsodium23
soname:libunwind.so.8              libunwind8
command:dbus-daemon                dbus
command:desktop-file-validate      desktop-file-utils
command:expect                     expect
browser:chromium                   chromium
browser:firefox                    firefox-esr
command:fish                       fish
command:flatpak                    flatpak
command:gio                        libglib2.0-bin
command:git                        git
command:gnome-keyring-daemon       gnome-keyring
beside:pkcs11/gnome-keyring-pkcs11.so gnome-keyring-pkcs11
command:gnutls-cli                 gnutls-bin
command:ip                         iproute2
command:javac                      default-jdk-headless
command:lynx                       lynx
command:jq                         jq
command:mandoc                     mandoc
command:node                       nodejs
command:pcscd                      pcscd
command:openconnect                openconnect
server:openvpn                     openvpn
soname:libcap-ng.so.0              libcap-ng0
soname:liblzo2.so.2                liblzo2-2
soname:libnl-genl-3.so.200         libnl-genl-3-200
soname:libpkcs11-helper.so.1       libpkcs11-helper1
command:p11-kit                    p11-kit
loadable:p11-kit-client.so         p11-kit-modules
command:pinentry-curses            pinentry-curses
command:pinentry-tty               pinentry-tty
command:pkcs11-tool                opensc
command:readelf                    binutils
command:setpriv                    util-linux
command:shellcheck                 shellcheck
command:softhsm2-util              softhsm2
command:ssh                        openssh-client
command:strace                     strace
server:stunnel4                    stunnel4
command:swtpm                      swtpm
command:systemd-analyze            systemd
command:tmux                       tmux
command:update-mime-database       shared-mime-info
command:tpm2-abrmd                 tpm2-abrmd
command:tpm2_getcap                tpm2-tools
command:tpm2_ptool                 libtpm2-pkcs11-tools
loadable:libtpm2_pkcs11.so.1       libtpm2-pkcs11-1
loadable:libtss2-tcti-swtpm.so.0   libtss2-tcti-swtpm0
loadable:libtss2-tcti-tabrmd.so.0  libtss2-tcti-tabrmd0
command:valgrind                   valgrind
command:wget                       wget
command:xdg-dbus-proxy             xdg-dbus-proxy
command:Xvfb                       xvfb
command:zsh                        zsh
file:/usr/share/bash-completion/bash_completion bash-completion
command:xdotool                    xdotool
file:/etc/ssl/certs/ca-certificates.crt ca-certificates
file:/usr/libexec/at-spi2-registryd at-spi2-core
file:/usr/share/i18n/locales/ar_EG locales
command:xprop                      x11-utils
file:/usr/lib/notification-daemon/notification-daemon notification-daemon
file:/usr/lib/pcsc/drivers/serial/libifdvpcd.so vsmartcard-vpcd
giomodule:gnutls                   glib-networking
library:nss_wrapper                libnss-wrapper
soname:libwrap.so.0                libwrap0
python:pytest                      python3-pytest
python:gi                          python3-gi
python:pycurl                      python3-pycurl
typelib:Atspi                      gir1.2-atspi-2.0
typelib:Secret                     gir1.2-secret-1
typelib:Soup-3                     gir1.2-soup-3.0
'
NEEDS_PACKAGE='
command:dh                         debhelper
command:dpkg-buildpackage          dpkg-dev
'
# Trying the packages out (tests/package).
NEEDS_PACKAGED='
command:appstreamcli               appstream
command:desktop-file-validate      desktop-file-utils
command:dbus-daemon                dbus
command:fish                       fish
command:flatpak                    flatpak
command:gnutls-cli                 gnutls-bin
command:lintian                    lintian
command:openssl                    openssl
command:p11-kit                    p11-kit
command:pkcs11-tool                opensc
command:setpriv                    util-linux
command:systemd-analyze            systemd
command:wget                       wget
command:zsh                        zsh
file:/usr/share/bash-completion/bash_completion bash-completion
'

# Servers that are unpacked and not installed, because Debian's packages start one for everybody as
# soon as they are installed.  What they link is listed above.  Likewise a module that every program
# on the machine would load.
SERVER_PACKAGES='gnome-keyring-pkcs11|nginx|openssh-server|dovecot-core|dovecot-imapd|openvpn|stunnel4'

has_ability() {
    local name=${1#*:}
    case $1 in
        library:libc) [ -e /usr/include/stdio.h ] || echo '#include <stdio.h>' | cc -E - >/dev/null 2>&1 ;;
        library:*) pkg-config --exists "$name" 2>/dev/null ;;
        file:*) [ -e "$name" ] ;;
        command:*) PATH=$PATH:/usr/sbin:/sbin command -v "$name" >/dev/null ;;
        browser:*) command -v "$name" >/dev/null || command -v "$name-esr" >/dev/null ;;
        soname:*) [ -n "$(find /lib /usr/lib -name "$name" 2>/dev/null)" ] ;;
        engine:*) openssl engine "$name" >/dev/null 2>&1 ;;
        server:*) PATH=$PATH:/usr/sbin command -v "$name" >/dev/null ;;
        imap:*) has_imap_server ;;
        beside:*) is_beside_a_command "$name" ;;
        loadable:*) [ -n "$(find /usr/lib /lib -name "$name" 2>/dev/null)" ] ;;
        python:*) /usr/bin/python3 -c "import $name" 2>/dev/null ;;
        giomodule:*) [ -n "$(find /usr/lib -path "*/gio/modules/libgio$name.so" 2>/dev/null)" ] ;;
        typelib:*) [ -n "$(find /usr/lib -name "${name}[-.][0-9]*.typelib" 2>/dev/null)" ] ;;
    esac
}

# Prints the packages that would bring what $1 lists and this machine lacks.
missing_packages() {
    local ability package
    while read -r ability package; do
        [ -z "$ability" ] || has_ability "$ability" || echo "$package"
    done <<<"$1"
}

# Whether $1 lies in a library directory beside a directory of PATH.
is_beside_a_command() {
    local directory directories
    IFS=: read -ra directories <<<"$PATH:/usr/sbin"
    for directory in "${directories[@]}"; do
        ! compgen -G "${directory%/*}/lib/*/$1" >/dev/null || return 0
    done
    return 1
}

# Whether some Dovecot has its IMAP part beside it: half of it installed is none.
has_imap_server() {
    local server
    while read -r server; do
        [ ! -x "${server%/sbin/dovecot}/lib/dovecot/imap-login" ] || return 0
    done < <(PATH=$PATH:/usr/sbin type -ap dovecot)
    return 1
}

# Unpacks server package $2 into directory $1.
unpack_server() {
    mkdir -p "$1"
    (cd "$1" && apt-get download -qq "$2" 2>/dev/null && dpkg -x "$2"_*.deb . && rm "$2"_*.deb) || {
        printf 'Cannot get %s: run apt-get update as root, or install it.\n' "$2" >&2
        return 1
    }
}

# Finds what was unpacked into directory $1, after all that is installed.
use_unpacked() {
    [ ! -d "$1/usr" ] || PATH=$PATH:$(cd "$1" && pwd)/usr/sbin:$(cd "$1" && pwd)/usr/bin
}

# Installs the packages $* with apt-get, through sudo where that is needed.
install_packages() {
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get)
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            printf 'Please install as root: apt-get install %s\n' "$*" >&2
            return 1
        fi
        apt=(sudo "${apt[@]}")
    fi
    printf '$ apt-get install %s\n' "$*"
    # A fresh machine has no package lists yet.
    "${apt[@]}" install -qq -y --no-install-recommends --dry-run "$@" >/dev/null 2>&1 ||
        "${apt[@]}" update -qq
    "${apt[@]}" install -qq -y --no-install-recommends "$@" </dev/null >/dev/null
}

# get_needs DIRECTORY LIST: makes sure that everything in LIST is there, or says what is not and
# fails.  DIRECTORY keeps what need not be installed.
get_needs() {
    local packages servers package
    use_unpacked "$1"
    mapfile -t packages < <(missing_packages "$2" | sort -u)
    [ "${#packages[@]}" -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null; then
        printf 'Missing on this machine (by their names in Debian): %s\n' "${packages[*]}" >&2
        printf 'Please install them with your package manager and start again.\n' >&2
        return 1
    fi
    mapfile -t servers < <(printf '%s\n' "${packages[@]}" | grep -xE "$SERVER_PACKAGES")
    mapfile -t packages < <(printf '%s\n' "${packages[@]}" | grep -vxE "$SERVER_PACKAGES")
    # First, because it gets the package lists that the servers are found in.
    [ "${#packages[@]}" -eq 0 ] || install_packages "${packages[@]}"
    for package in "${servers[@]}"; do
        unpack_server "$1" "$package" || return 1
    done
    [ "${#servers[@]}" -eq 0 ] || use_unpacked "$1"
}
