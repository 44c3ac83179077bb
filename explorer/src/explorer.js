// The page itself, the same for the bundle (main.js) and for the fallback from a CDN (cdn.js): each passes the
// libraries that it has loaded. Plain modules without JSX, so that the fallback runs them as they stand.
import { examples, placeholders, samples } from './examples.js'
import { createSession } from './session.js'
import { browserStorage, isFirstVisit } from './storage.js'

export async function openExplorer({ React, createRoot, GraphiQL }) {
  const storage = browserStorage()
  const session = createSession()
  const defaultTabs = examples(isFirstVisit(storage) ? await samples() : placeholders)

  createRoot(document.getElementById('explorer')).render(
    React.createElement(
      GraphiQL,
      {
        fetcher: session.fetcher,
        storage,
        defaultTabs,
        defaultEditorToolsVisibility: true,
        inputValueDeprecation: true,
        schemaDescription: true,
      },
      React.createElement(GraphiQL.Logo, null, React.createElement(SessionLine, { React, session })),
    ),
  )
}

/** Who is signed in, and the way out; in the place of GraphiQL's logo. */
function SessionLine({ React, session }) {
  const { person, ended } = React.useSyncExternalStore(session.subscribe, session.current)
  const words = person ? `Signed in as ${person}` : ended ? 'Session ended, sign in again' : 'Not signed in'

  return React.createElement(
    'div',
    { className: 'copydesk-session' },
    React.createElement('strong', null, 'Copydesk'),
    React.createElement('span', { role: 'status', 'data-ended': ended }, words),
    person &&
      React.createElement(
        'button',
        { type: 'button', onClick: session.signOut, title: 'Forget the access token that this page holds' },
        'Sign out',
      ),
  )
}
