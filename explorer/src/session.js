// Sends what GraphiQL asks for to /graphql, and holds the access token of whoever signed in through it.
// The token lives in this module's memory alone: a reload or another tab starts signed out.

const ENDPOINT = '/graphql'
const ACCEPT = 'application/graphql-response+json, application/json;q=0.9'

/** Fields that are for everyone: an operation made of these alone is sent again without a token that was refused. */
const OPEN_FIELDS = new Set(['__schema', '__type', '__typename', 'signIn', 'refreshSession'])

export function createSession() {
  let token = null
  let state = { person: null, ended: false }
  const listeners = new Set()

  function become(next) {
    state = next
    for (const listener of listeners) listener()
  }

  function forget({ ended }) {
    token = null
    become({ person: null, ended })
  }

  async function fetcher(request, options = {}) {
    const headers = options.headers ?? {}
    const sent = namesAuthorization(headers) ? null : token

    let response = await post(request, headers, sent)
    if (response.status === 401 && sent) {
      if (sent === token) forget({ ended: true })
      if (isOpen(request, options.documentAST)) response = await post(request, headers, null)
    }

    const answer = await read(response)
    follow(answer)
    return answer
  }

  /** Keeps the token of a sign-in that succeeded, and drops it on a sign-out. */
  function follow(answer) {
    const { signIn, refreshSession, signOut } = answer?.data ?? {}
    const session = signIn?.session ?? refreshSession?.session
    if (session?.accessToken) {
      token = session.accessToken
      become({ person: describe(session.user) ?? state.person ?? 'someone', ended: false })
    } else if (signOut && !signOut.userErrors?.length) {
      forget({ ended: false })
    }
  }

  return {
    fetcher,
    signOut: () => forget({ ended: false }),
    current: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function post(request, headers, token) {
  const all = new Headers({ 'Content-Type': 'application/json', Accept: ACCEPT })
  if (token) all.set('Authorization', `Bearer ${token}`)
  for (const [name, value] of Object.entries(headers)) all.set(name, value)
  return fetch(ENDPOINT, { method: 'POST', headers: all, body: JSON.stringify(request) })
}

async function read(response) {
  const text = await response.text()
  try {
    return JSON.parse(text)
  } catch {
    const status = `${response.status} ${response.statusText}`.trim()
    throw new Error(`The server answered ${status}, and not with JSON: ${text.slice(0, 200) || '(nothing)'}`)
  }
}

function namesAuthorization(headers) {
  return Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')
}

function isOpen({ operationName }, document) {
  // GraphiQL passes no document with its own introspection.
  if (!document) return operationName === 'IntrospectionQuery'
  const operation = document.definitions.find(
    ({ kind, name }) => kind === 'OperationDefinition' && (!operationName || name?.value === operationName),
  )
  return operation?.selectionSet.selections.every(({ kind, name }) => kind === 'Field' && OPEN_FIELDS.has(name.value)) ?? false
}

function describe(user) {
  const name = user?.name ?? user?.email
  if (!name) return null
  return user.role ? `${name} (${user.role})` : name
}
