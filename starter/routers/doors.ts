import { Notification } from 'belfry'
import type { OwnRoutes } from 'belfry/app'
import { DoorBell } from '../notifications/door-bell.ts'

/** Topics and paths of this project; every file here exports `routes`. */
export function routes({ router, http, middleware, services }: OwnRoutes) {
  // mosquitto_pub -t doors/front/bell -m '{"visitor":"Bob"}'
  router.group('doors', [middleware.authenticate, middleware.rateLimit], (doors) => {
    doors.on('{door}/bell', { qos: 1 }, async ({ params, payload }) => {
      const { visitor } = payload as { visitor?: unknown }
      const name = typeof visitor === 'string' ? visitor : 'Somebody'
      await Notification.send('ada', new DoorBell(params.door, name))
      return { status: 'rung' }
    })
  })

  // curl http://127.0.0.1:8080/doors
  http.on('GET', '/doors', { summary: 'Who is told of visitors', tags: ['doors'] }, async () => ({
    told: (await services.directory.find('ada')).id,
  }))
}
