import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import mqtt from 'mqtt'
import { expect, test } from 'vitest'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { waitFor } from '../../support/wait-for.ts'
import { atEnd, connect, startBroker, temporaryDirectory } from './harness.ts'

async function certificates() {
  const directory = await temporaryDirectory()
  const at = (name: string) => join(directory, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const authority = ['-keyout', at('ca.key'), '-out', at('ca.crt'), '-subj', '/CN=Test CA']
  openssl('req', '-x509', ...key, ...authority, '-days', '2')
  for (const name of ['server', 'client']) {
    const files = ['-keyout', at(`${name}.key`), '-out', at(`${name}.csr`)]
    openssl(
      'req',
      ...key,
      ...files,
      '-subj',
      `/CN=localhost`,
      '-addext',
      'subjectAltName=DNS:localhost',
    )
    const by = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2']
    openssl(
      'x509',
      '-req',
      '-in',
      at(`${name}.csr`),
      ...by,
      '-out',
      at(`${name}.crt`),
      '-copy_extensions',
      'copy',
    )
  }
  return (name: string) => readFileSync(at(name))
}

test('[S4-054] the TLS door serves those who trust it; with an authority, those whom it trusts', async () => {
  const pem = await certificates()
  const tls = { cert: pem('server.crt'), key: pem('server.key') }
  const { broker, taken } = await startBroker({ tlsPort: 0, tls })
  const url = `mqtts://localhost:${broker.tlsPort}`
  const client = await connect(url, { ca: pem('ca.crt') })
  await client.publishAsync('events/a', '{}', { qos: 2 })
  expect(taken).toHaveLength(1)
  await expect(mqtt.connectAsync(url, { reconnectPeriod: 0 })).rejects.toThrow(/certificate/)

  const mutual = await startBroker({ tlsPort: 0, tls: { ...tls, ca: pem('ca.crt') } })
  const guarded = `mqtts://localhost:${mutual.broker.tlsPort}`
  const own = { cert: pem('client.crt'), key: pem('client.key') }
  await connect(guarded, { ca: pem('ca.crt'), ...own })
  const stranger = mqtt.connect(guarded, { ca: pem('ca.crt'), reconnectPeriod: 0 })
  atEnd(() => stranger.endAsync(true))
  stranger.on('error', () => {})
  await waitFor(() => stranger.stream.destroyed)
  expect(stranger.connected).toBe(false)
})

test('accept() serves MQTT over WebSocket', async () => {
  const { broker, taken } = await startBroker()
  const http = createServer().listen(0, '127.0.0.1')
  atEnd(() => http.close())
  const sockets = new WebSocketServer({ server: http, handleProtocols: () => 'mqtt' })
  sockets.on('connection', (socket, request) => {
    broker.accept(createWebSocketStream(socket), request)
  })
  await waitFor(() => http.listening)
  const client = await connect(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`)
  await client.publishAsync('events/a', '{}', { qos: 1 })
  expect(taken).toHaveLength(1)
  expect(broker.clients()[0]?.address).toMatch(/^127\.0\.0\.1:\d+$/)
  await client.endAsync()
  await waitFor(() => broker.clients().length === 0)
})

test('a port that is taken is named, with the variable to change', async () => {
  const { broker } = await startBroker()
  await expect(startBroker({ port: broker.port })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(new RegExp(`${broker.port}.*MQTT_PORT`)),
  })
})
