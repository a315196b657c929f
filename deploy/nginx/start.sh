#!/bin/sh
# Starts nginx with the site of this repository: puts deploy/nginx/belfry.conf with your name and
# your processes into $NGINX_HOME/conf.d, then becomes nginx.
#
#   BELFRY_DOMAIN     the name by which it is reached (required)
#   BELFRY_PROCESSES  addresses of the processes, "gateway-1:8080 gateway-2:8080" (required)
#   NGINX_HOME        /etc/nginx, as in the image nginx
#   NGINX_PORTS       ports of http and https; default: "80 443"
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
home=${NGINX_HOME:-/etc/nginx}
servers=$(for one in ${BELFRY_PROCESSES:?addresses of the processes}; do printf 'server %s; ' "$one"; done)
# shellcheck disable=SC2086
set -- ${NGINX_PORTS:-80 443}

mkdir -p "$home/conf.d"
# The first server of an upstream becomes all of them, the second none.
sed -e "s#belfry\.example\.com#${BELFRY_DOMAIN:?the name by which it is reached}#g" \
  -e "s#/etc/nginx/#$home/#g" \
  -e "s#listen 80;#listen $1;#" -e "s#listen 443 #listen $2 #" \
  -e "s#server 127\.0\.0\.1:8080;#$servers#" -e '/server 127\.0\.0\.1:8081;/d' \
  "$here/belfry.conf" > "$home/conf.d/default.conf"

exec nginx -c "$home/nginx.conf" -g 'daemon off;'
