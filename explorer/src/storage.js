// GraphiQL keeps tabs, variables and history in the browser's local storage. Passwords and refresh tokens that were
// typed into them are replaced before they are written: local storage has no end, and any later visitor could read it.

import { PASSWORD_HINT } from './examples.js'

const SECRET = /((?:password|refreshToken)"?\s*:\s*)"((?:[^"\\\n]|\\.)*)"/gi

/** Values in which queries and variables stand as strings inside JSON. */
const NESTED = new Set(['graphiql:tabState', 'graphiql:queries', 'graphiql:favorites'])

/** What GraphiQL takes as its `storage`; null, which it takes for none, where the browser refuses local storage. */
export function browserStorage() {
  let store
  try {
    store = globalThis.localStorage
    store.getItem('graphiql:tabState')
  } catch {
    return null
  }
  return {
    getItem: (key) => store.getItem(key),
    setItem: (key, value) => store.setItem(key, withoutSecrets(key, value)),
    removeItem: (key) => store.removeItem(key),
    clear: () => ownKeys(store).forEach((key) => store.removeItem(key)),
    get length() {
      return ownKeys(store).length
    },
  }
}

/** True until GraphiQL has kept its tabs once: the examples are shown, and nothing of the visitor's is replaced by them. */
export function isFirstVisit(storage) {
  return !storage?.getItem('graphiql:tabState')
}

export function withoutSecrets(key, value) {
  if (!NESTED.has(key)) return blank(value)
  try {
    return JSON.stringify(JSON.parse(value, (_, inner) => (typeof inner === 'string' ? blank(inner) : inner)))
  } catch {
    return blank(value)
  }
}

function blank(text) {
  return text.replace(SECRET, (whole, name, secret) => (secret === PASSWORD_HINT ? whole : `${name}"not kept"`))
}

function ownKeys(store) {
  return Object.keys(store).filter((key) => key.startsWith('graphiql:'))
}
