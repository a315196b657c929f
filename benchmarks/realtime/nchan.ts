/**
 * nginx with the nchan module: clients subscribe to it, events are posted to it.
 *
 * @module
 */

import { writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { answers } from '../../tests/support/server-process.ts'
import { launch } from '../../tests/support/servers.ts'
import { EVENT_DATA, serve } from './server.ts'

const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so'
const text = `{"type":"event","channel":"bench","event":"e","data":${EVENT_DATA},"seq":1234567890123456}`
const agent = new Agent({ keepAlive: true })
const nginx = await launch({
  name: 'nginx',
  url: (port) => `http://127.0.0.1:${port}`,
  prepare(port, dir) {
    writeFileSync(join(dir, 'nginx.conf'), configOf(port, dir))
    return ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')]
  },
  isReady: (port) => answers(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', '204'),
})

await serve({
  frameBytes: Buffer.byteLength(text) + 4,
  port: nginx.port,
  async attach() {},
  broadcast(count) {
    for (let n = 0; n < count; n++) post()
  },
})

function post(): void {
  const { port } = nginx
  const asked = request({ host: '127.0.0.1', port, path: '/pub', method: 'POST', agent })
  asked.on('response', (answer) => answer.resume())
  asked.end(text)
}

function configOf(port: number, dir: string): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
load_module ${MODULE};
daemon off; worker_processes 1; pid ${join(dir, 'nginx.pid')}; worker_rlimit_nofile 20000;
events { worker_connections 16000; }
http {
  access_log off;
  ${kinds.map((kind) => `${kind}_temp_path ${join(dir, kind)};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = / { return 204; }
    location = /sub { nchan_subscriber websocket; nchan_channel_id bench; nchan_subscriber_first_message newest; }
    location = /pub { nchan_publisher; nchan_channel_id bench; nchan_message_timeout 5s; }
  }
}
`
}
