// Ends with 0 when the service in this container answers on /livez. Takes the port from HTTP_PORT
// (or PORT), as the service does.
import { get } from 'node:http'

const port = process.env.HTTP_PORT || process.env.PORT || '8080'
const host = process.env.HTTP_HOST ?? ''
const everywhere = ['', '0.0.0.0', '::', '[::]'].includes(host)

const request = get(
  { host: everywhere ? '127.0.0.1' : host, port, path: '/livez', timeout: 4_000 },
  (response) => {
    response.resume()
    response.on('end', () => process.exit(response.statusCode === 200 ? 0 : 1))
  },
)
request.on('timeout', () => request.destroy(new Error('no answer in 4 s')))
request.on('error', (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
