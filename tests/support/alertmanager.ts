import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestServer } from './server-process.ts'
import { launch } from './servers.ts'

interface Receiver {
  readonly url: string
  /** Sent as `Authorization: Bearer`. */
  readonly credentials: string
}

/** Prometheus Alertmanager on a free port; all alerts go to one webhook, at once. */
export function startAlertmanager({ url, credentials }: Receiver): Promise<TestServer> {
  const config = {
    route: {
      ...{ receiver: 'belfry', group_by: ['alertname'] },
      ...{ group_wait: '0s', group_interval: '1s', repeat_interval: '1h' },
    },
    receivers: [
      {
        name: 'belfry',
        webhook_configs: [
          { url, send_resolved: true, http_config: { authorization: { credentials } } },
        ],
      },
    ],
  }
  return launch({
    name: 'prometheus-alertmanager',
    url: (port) => `http://127.0.0.1:${port}`,
    prepare(port, dir) {
      // JSON is YAML.
      writeFileSync(join(dir, 'alertmanager.yml'), JSON.stringify(config))
      return [
        ...[`--config.file=${join(dir, 'alertmanager.yml')}`, `--storage.path=${dir}/data`],
        ...[`--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address='],
        '--log.level=debug',
      ]
    },
    async isReady(port) {
      const answer = await fetch(`http://127.0.0.1:${port}/-/ready`).catch(() => null)
      await answer?.body?.cancel()
      return answer?.status === 200
    },
  })
}
