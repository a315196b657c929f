#!/usr/bin/env node
// The same as belfry-sensor.ino from any computer: `node publish.mjs [high|low] [mqtt://host:1883]`.
import mqtt from 'mqtt'

const [state = 'high', broker = 'mqtt://127.0.0.1:1883'] = process.argv.slice(2)
const high = { message: 'Water in the sump is high', source: 'pump-7' }
const low = { action: 'resolve', source: 'pump-7' }

const client = await mqtt.connectAsync(broker)
// QoS 1: it is over when the service has it, not when it left this machine.
await client.publishAsync(
  'notifications/alerts/critical/pump',
  JSON.stringify(state === 'high' ? high : low),
  { qos: 1 },
)
await client.endAsync()
