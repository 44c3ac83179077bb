// The editor's background workers, bundled and served from our own origin.
// GraphiQL's own set-up for Vite does the same, but writes a line to the console for each worker.
import EditorWorker from 'monaco-editor/esm/vs/editor/editor.worker.js?worker'
import JsonWorker from 'monaco-editor/esm/vs/language/json/json.worker.js?worker'
import GraphQLWorker from 'monaco-graphql/esm/graphql.worker.js?worker'

globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    if (label === 'graphql') return new GraphQLWorker()
    if (label === 'json') return new JsonWorker()
    return new EditorWorker()
  },
}
