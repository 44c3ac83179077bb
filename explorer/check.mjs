// Opens the explorer in Chromium and fails on whatever a visitor would meet as broken:
//
//   npm ci && node check.mjs http://127.0.0.1:8000/graphiql [screenshot.png]
//
// It passes when the example tabs stand there and suit the server's schema, the documentation shows that schema, the
// editor's workers run, the first example is answered with data, nothing was written to the console as an error, and
// no other host was asked. CHROMIUM names the browser (/usr/bin/chromium where it is unset).
import { buildClientSchema, getIntrospectionQuery, parse, validate } from 'graphql'
import { chromium } from 'playwright-core'

import { examples } from './src/examples.js'

const TABS = ['FrontPage', 'ArticlePage', 'SignIn', 'CreateArticle']
const PATIENCE = 60_000

const [address, screenshot] = process.argv.slice(2)
if (!address) {
  console.error('usage: node check.mjs URL [screenshot.png]')
  process.exit(2)
}
const { origin, hostname } = new URL(address)

const faults = []
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: [
    // No name but the server's resolves, so nothing that the page loads can come from elsewhere.
    `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${hostname.replace(/^\[|\]$/g, '')}`,
    '--no-proxy-server',
    '--disable-quic',
  ],
})

try {
  await examplesSuitSchema()

  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  page.setDefaultTimeout(PATIENCE)
  watch(page)
  try {
    await page.goto(address)
    await tabsStandThere(page)
    await documentationShowsSchema(page)
    await workersValidate(page)
    await firstExampleIsAnswered(page)
  } catch (error) {
    faults.push(error.message)
  }
  if (screenshot) await page.screenshot({ path: screenshot })
} catch (error) {
  faults.push(error.cause ? `${error.message}: ${error.cause.message}` : error.message)
} finally {
  await browser.close()
}

if (faults.length > 0) {
  console.error(`The explorer at ${address} is not as it should be:`)
  for (const fault of faults) console.error(`- ${fault}`)
  process.exit(1)
}
console.log(`The explorer at ${address} works: ${TABS.join(', ')}; schema loaded, first example answered, no other host asked.`)

function watch(page) {
  page.on('console', (message) => {
    const said = message.text()
    // The editor falls back to the page's own thread with a mere warning, and then blocks it.
    if (message.type() === 'error' || /web worker/i.test(said)) {
      faults.push(`console ${message.type()}: ${said} (${message.location().url})`)
    }
  })
  page.on('pageerror', (error) => faults.push(`page error: ${error.stack || error}`))
  page.context().on('request', (request) => {
    const url = new URL(request.url())
    if (/^(https?|wss?):$/.test(url.protocol) && url.origin !== origin) faults.push(`asked another host: ${url}`)
  })
}

/** Asked by this script rather than the page: a wrong example is then named with the validator's own words. */
async function examplesSuitSchema() {
  const response = await fetch(new URL('/graphql', origin), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json' },
    body: JSON.stringify({ query: getIntrospectionQuery({ inputValueDeprecation: true }) }),
    signal: AbortSignal.timeout(PATIENCE),
  })
  const { data, errors } = await response.json()
  if (!data) throw new Error(`introspection is refused: ${JSON.stringify(errors)}`)
  const schema = buildClientSchema(data)
  for (const { query } of examples()) {
    const problems = validate(schema, parse(query))
    for (const { message, locations } of problems) {
      faults.push(`example "${query.split('\n', 1)[0]}", line ${locations?.[0].line}: ${message}`)
    }
  }
}

async function tabsStandThere(page) {
  await page.locator('.graphiql-tab').nth(TABS.length - 1).waitFor()
  const titles = await page.locator('.graphiql-tab-button').allTextContents()
  if (titles.join() !== TABS.join()) throw new Error(`the tabs are ${titles.join(', ')}; expected ${TABS.join(', ')}`)
}

async function documentationShowsSchema(page) {
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click()
  const documentation = page.locator('.graphiql-doc-explorer')
  await documentation.getByText('Mutation', { exact: true }).first().waitFor()
}

/** A field that doesn't exist is marked: the editor's GraphQL worker runs and has the schema. */
async function workersValidate(page) {
  // GraphiQL leaves its editor library in the global __MONACO.
  const untilMarked = (wanted) =>
    page.waitForFunction(
      (wanted) =>
        wanted ===
        globalThis.__MONACO.editor.getModelMarkers({}).some(({ message }) => message.includes('noSuchField')),
      wanted,
    )
  const editOperation = (change) =>
    page.evaluate(
      ([from, to]) => {
        const model = globalThis.__MONACO.editor.getModels().find(({ uri }) => uri.path.endsWith('operation.graphql'))
        model.setValue(model.getValue().replace(from, to))
      },
      change,
    )
  await page.waitForFunction(() =>
    globalThis.__MONACO?.editor.getModels().some(({ uri }) => uri.path.endsWith('operation.graphql')),
  )
  await editOperation(['hasNextPage', 'noSuchField'])
  await untilMarked(true)
  await editOperation(['noSuchField', 'hasNextPage'])
  await untilMarked(false)
}

async function firstExampleIsAnswered(page) {
  await page.locator('.graphiql-execute-button').click()
  // The result pane draws only the lines in view; the head of the answer is among them.
  const shown = await page.waitForFunction(() => {
    const text = document.querySelector('.graphiql-response .view-lines')?.textContent.replaceAll('\u00a0', ' ')
    return /"(data|errors)"/.test(text) && text
  })
  const text = await shown.jsonValue()
  if (text.includes('"errors"') || !text.includes('"articles"')) throw new Error(`the first example was answered: ${text}`)
}
