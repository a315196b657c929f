#!/bin/sh
# Starts Mosquitto with the configuration of this repository: puts mosquitto.conf, the ACL and a
# password file made from the environment into $MOSQUITTO_HOME/config, then becomes the broker.
#
#   MQTT_PASSWORD         password of the user belfry, the service (required)
#   MQTT_OPS_PASSWORD     password of the user ops; without it there is no such user
#   MQTT_DEVICES          more users, "name:password name:password"
#   MOSQUITTO_HOME        /mosquitto, as in the image eclipse-mosquitto
#   MOSQUITTO_LISTEN      port and address of the door; default: 1883, on every address
#   MOSQUITTO_CERTIFICATES  a folder with server.crt and server.key: opens the door over TLS too,
#                         MOSQUITTO_TLS_LISTEN (default: 8883, on every address)
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
home=${MOSQUITTO_HOME:-/mosquitto}
conf=$here/../../mosquitto.conf
passwords=$home/config/passwd

mkdir -p "$home/config" "$home/data"
umask 077
sed -e "s#/mosquitto/#$home/#g" \
  -e "s#^listener 1883 127.0.0.1\$#listener ${MOSQUITTO_LISTEN:-1883}#" \
  "$conf" > "$home/config/mosquitto.conf"
cat "$here/acl" > "$home/config/acl"

if [ -n "${MOSQUITTO_CERTIFICATES:-}" ]; then
  mkdir -p "$home/certs"
  cat "$MOSQUITTO_CERTIFICATES/server.crt" > "$home/certs/server.crt"
  cat "$MOSQUITTO_CERTIFICATES/server.key" > "$home/certs/server.key"
  # The lines that stand there commented out, from the listener to the version.
  sed -i -e "/^# listener 8883\$/,/^# tls_version/s/^# //" \
    -e "s#^listener 8883\$#listener ${MOSQUITTO_TLS_LISTEN:-8883}#" "$home/config/mosquitto.conf"
fi

# Passwords go in readable and are hashed in place: so none shows up in the list of processes.
{
  printf 'belfry:%s\n' "${MQTT_PASSWORD:?the password of the user belfry}"
  if [ -n "${MQTT_OPS_PASSWORD:-}" ]; then printf 'ops:%s\n' "$MQTT_OPS_PASSWORD"; fi
  for device in ${MQTT_DEVICES:-}; do printf '%s\n' "$device"; done
} > "$passwords"
mosquitto_passwd -U "$passwords"

# As root the broker becomes the user mosquitto, who must be able to read and write these.
if [ "$(id -u)" = 0 ]; then chown -R mosquitto:mosquitto "$home"; fi

exec mosquitto -c "$home/config/mosquitto.conf"
