import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answers } from './server-process.ts'
import { launch, type TestServer } from './servers.ts'

/** An nginx before several processes, as docs/realtime.md tells people to set it up. */
export function startNginx(ports: readonly number[]): Promise<TestServer> {
  return launch({
    name: 'nginx',
    url: (port) => `http://127.0.0.1:${port}`,
    prepare(port, dir) {
      writeFileSync(join(dir, 'nginx.conf'), configOf(port, dir, ports))
      return ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')]
    },
    isReady: (port) => answers(port, 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n', '200 OK'),
  })
}

function configOf(port: number, dir: string, ports: readonly number[]): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const temporary = kinds.map((kind) => `${kind}_temp_path ${join(dir, kind)};`)
  return `
daemon off; worker_processes 1; pid ${join(dir, 'nginx.pid')};
events { worker_connections 1024; }
http {
  access_log off;
  ${temporary.join('\n  ')}
  upstream belfry { hash $remote_addr consistent; ${ports.map((each) => `server 127.0.0.1:${each};`).join(' ')} }
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://belfry;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_buffering off;
      proxy_read_timeout 75s;
    }
  }
}
`
}
