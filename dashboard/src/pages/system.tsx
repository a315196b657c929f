import type { Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { place } from '../core/route.ts'
import { may } from '../core/session.ts'
import { Empty, Tag, Time, Trouble, toneOf } from '../parts/basics.tsx'
import { Page, Wide } from '../parts/layout.tsx'
import { DeadLetters } from './dead-letters.tsx'
import { Keys } from './keys.tsx'
import { SystemTabs } from './system-tabs.tsx'

/** Whether everything that is needed works; what was refused; who has a key. */
export function View() {
  const [which] = place.value.rest
  if (which === 'dead-letters') return <DeadLetters />
  if (which === 'keys' && may('admin')) return <Keys />
  return <Health />
}

function Health() {
  const health = useResource('health?verbose', { everyMs: 5000 })
  const components = useResource('api/system', { everyMs: 10_000 })
  const state = health.data.value
  const told: readonly Json[] = components.data.value?.data ?? []
  return (
    <Page
      title="System"
      lead={
        state ? (state.ready ? 'Everything that is needed works.' : 'Something is missing.') : null
      }
      actions={<SystemTabs />}
    >
      <div class="scroll">
        {health.error.value ? <Trouble problem={health.error.value} retry={health.reload} /> : null}
        <section class="card" aria-label="What this process needs">
          <h2>Store, broker, providers</h2>
          <Wide label="Checks">
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">What</th>
                  <th scope="col">State</th>
                  <th scope="col">Detail</th>
                  <th scope="col" class="number">
                    Latency
                  </th>
                </tr>
              </thead>
              <tbody>
                {(state?.checks ?? []).map((check: Json) => (
                  <tr key={check.name}>
                    <th scope="row">{check.name}</th>
                    <td>
                      <Tag tone={check.ok ? 'good' : check.advisory ? 'warn' : 'bad'}>
                        {check.ok ? 'well' : check.advisory ? 'left alone' : 'down'}
                      </Tag>
                    </td>
                    <td>{check.detail ?? ''}</td>
                    <td class="number">{check.latency_ms.toFixed(1)} ms</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Wide>
          <p class="hint">
            A channel without a line here has no provider: it delivers to the{' '}
            <a href="#/outbox">outbox</a>.
          </p>
        </section>
        <section class="card" aria-label="What components said of themselves">
          <h2>Components</h2>
          {components.data.value && told.length === 0 ? (
            <Empty
              title="No component has said how it is"
              command={`mosquitto_pub -q 1 -t notifications/system/status -m '{"component":"api","status":"degraded","message":"slow since 9:40"}'`}
            />
          ) : null}
          <ul class="lines">
            {told.map((one) => (
              <li key={one.component ?? one.status}>
                <strong>{one.component ?? 'system'}</strong>{' '}
                <Tag tone={toneOf(one.status)}>{one.status}</Tag> {one.message}{' '}
                <span class="hint">
                  <Time at={one.updated_at} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </Page>
  )
}
