#!/bin/sh
# The same with nothing but mosquitto_pub: sh publish.sh [high|low] [host] [port]
state=${1:-high} host=${2:-127.0.0.1} port=${3:-1883}

case $state in
  high) payload='{"message":"Water in the sump is high","source":"pump-7"}' ;;
  *) payload='{"action":"resolve","source":"pump-7"}' ;;
esac
exec mosquitto_pub -h "$host" -p "$port" -q 1 -t notifications/alerts/critical/pump -m "$payload"
