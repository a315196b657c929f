const search = new URLSearchParams(location.search)

/** Where the service is: `?url=`, or the one that `npm start` starts. */
export const url = search.get('url') ?? 'http://127.0.0.1:8080'

/** Who is looking: `?user=`. Works where the service has authentication off; else give a token. */
export const userId = search.get('user') ?? '42'

/** A token, where there is one: `?token=`. */
export const token = search.get('token')
