// The bundled page: GraphiQL 5 with everything that it needs, built by Vite.
import './workers.js'
import '@graphiql/react/style.css'
import '@graphiql/plugin-doc-explorer/style.css'
import '@graphiql/plugin-history/style.css'
import 'graphiql/graphiql.css'
import './explorer.css'

import { GraphiQL } from 'graphiql'
import * as React from 'react'
import { createRoot } from 'react-dom/client'

import { openExplorer } from './explorer.js'

openExplorer({ React, createRoot, GraphiQL })
