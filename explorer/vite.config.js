import { defineConfig } from 'vite'

export default defineConfig({
  // The server answers the page at /graphiql and the files below /graphiql/.
  base: '/graphiql/',
  build: {
    target: 'es2022',
    // Every asset is a file of its own, so that the page's Content-Security-Policy can stay narrow.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The editor alone is larger than the limit at which Vite warns.
    chunkSizeWarningLimit: 5000,
    // The notices that the bundled packages' licenses ask for travel with the bundle.
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      // "use client" says nothing to a page without server components, and there are many of them.
      onwarn: (warning, report) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || report(warning),
    },
  },
  worker: { format: 'es' },
})
