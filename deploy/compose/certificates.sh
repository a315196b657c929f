#!/bin/sh
# Makes a certificate authority of your own and one certificate that nginx, Mosquitto and Valkey
# show, into ./certificates beside this file:
#
#   sh deploy/compose/certificates.sh belfry.example.com
#
# Devices and clients outside trust it by ca.crt. For browsers, put a certificate of a public
# authority in place of public.crt and public.key; nginx alone shows that one. Run again with the
# same name it makes a new server certificate and keeps the authority.
#
#   CERTIFICATES   where they are written; default: ./certificates
set -eu

name=${1:?the name by which the service is reached from outside, such as belfry.example.com}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${CERTIFICATES:-$here/certificates}
mkdir -p "$out"
cd "$out"
umask 077

key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2> /dev/null || openssl ecparam -genkey -name prime256v1 -noout -out "$1"; }

if [ ! -f ca.key ]; then
  key ca.key
  openssl req -x509 -new -key ca.key -days 3650 -subj "/CN=Belfry $name" -out ca.crt
fi
key server.key
openssl req -new -key server.key -subj "/CN=$name" -out server.csr
printf 'subjectAltName=DNS:%s,DNS:mosquitto,DNS:valkey,DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' \
  "$name" > server.ext
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 825 \
  -extfile server.ext -out server.crt 2> /dev/null
rm -f server.csr server.ext
if [ ! -f public.crt ] || openssl verify -CAfile ca.crt public.crt > /dev/null 2>&1; then
  cp server.crt public.crt
  cp server.key public.key
fi
chmod 644 ./*.crt
