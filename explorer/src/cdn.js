// The page of cdn.html: the same explorer, with the libraries that its script elements have loaded from the CDN.
import { openExplorer } from './explorer.js'

const { React, ReactDOM, GraphiQL } = globalThis

if (React && ReactDOM && GraphiQL) {
  openExplorer({ React, createRoot: ReactDOM.createRoot, GraphiQL })
} else {
  document.querySelector('#explorer .copydesk-loading').textContent =
    'GraphiQL could not be loaded from cdn.jsdelivr.net. The API itself is at /graphql.'
}
