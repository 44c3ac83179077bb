// The tabs that a first visit opens with. The operations are those of the contract (tests/operations/); GraphiQL names
// each tab after its first operation.

const CARD = `fragment Card on Article {
  id slug title excerpt publishedAt readingMinutes
  authors { name slug }
  leadFigure { image { url alt width height } caption credit }
}
`

const FRONT_PAGE = `# The front page: the latest published articles, newest first.
# The variable "after" takes endCursor, for the next page.
query FrontPage($first: Int = 20, $after: String) {
  articles(first: $first, after: $after, orderBy: PUBLISHED_AT_DESC) {
    nodes { ...Card }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}

${CARD}`

const ARTICLE_PAGE = `# One published article, with all that its page shows.
# The variable "slug" names it.
query ArticlePage($slug: String!, $comments: Int = 20) {
  article(by: { slug: $slug }) {
    id slug title excerpt locale publishedAt updatedAt wordCount readingMinutes
    leadFigure { image { id url alt width height mimeType } caption credit }
    tableOfContents { level text anchor }
    sections {
      id position anchor level heading
      body { markdown html text wordCount }
      figures { image { id url alt width height } caption credit }
    }
    authors { id name slug bio { html } portrait { url alt } }
    categories { name slug }
    tags { name slug }
    relatedLinks {
      __typename
      ... on RelatedArticle { title article { id slug title excerpt } }
      ... on ExternalLink { title url }
    }
    commentCount
    comments(first: $comments, orderBy: CREATED_AT_ASC) {
      nodes {
        id authorName createdAt
        body { html text }
        replies(first: 20) { nodes { id authorName createdAt body { html } } }
      }
      pageInfo { hasNextPage endCursor }
    }
    seo { title description canonicalUrl image { url } jsonLd }
  }
}
`

const SIGN_IN = `# Signs in: this page then sends the access token with every
# request, until you sign out (top right) or reload it.
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    session { accessToken accessTokenExpiresAt refreshToken user { id email name role } }
    userErrors { code message path }
  }
}
`

const WRITE_AND_PUBLISH = `# Writes an article, then publishes it. Sign in before.
# 1. Run CreateArticle (the run button asks which to run).
#    It makes a draft, which the public doesn't see.
mutation CreateArticle($input: CreateArticleInput!) {
  createArticle(input: $input) {
    draft { ...DraftHead }
    userErrors { code message path }
  }
}

# 2. Copy articleId and version from its answer into the
#    variable "publish", below.
# 3. Run PublishArticle. Where a check refuses, userErrors
#    say what is missing.
mutation PublishArticle($publish: PublishArticleInput!) {
  publishArticle(input: $publish) {
    article { id slug publishedAt updatedAt }
    draft { ...DraftHead }
    userErrors { code message path }
  }
}

fragment DraftHead on Draft {
  articleId version title slug stage revisionNumber isPublished hasUnpublishedChanges firstPublishedAt updatedAt
  owner { id name }
}
`

/** Stands in the place of the demo's password. */
export const PASSWORD_HINT = 'paste the password that the server printed'

/** What stands in the variables when the site has no published article yet. */
export const placeholders = { slug: 'paste-the-slug-of-an-article', authorIds: [] }

/** The tabs, as GraphiQL's `defaultTabs`; `found` is what `samples` gives. */
export function examples(found = placeholders) {
  return [
    { query: FRONT_PAGE },
    { query: ARTICLE_PAGE, variables: pretty({ slug: found.slug }) },
    {
      query: SIGN_IN,
      variables: pretty({
        input: { email: 'editor@demo.example', password: PASSWORD_HINT },
      }),
    },
    {
      query: WRITE_AND_PUBLISH,
      variables: pretty({
        publish: { articleId: 'paste articleId here', version: 1 },
        input: {
          title: 'A first article',
          excerpt: 'Written and published in the explorer.',
          sections: [
            {
              heading: 'How it began',
              level: 2,
              body: 'The body is **Markdown**, with [links](https://example.org/) and all the rest.',
            },
          ],
          authorIds: found.authorIds,
        },
      }),
    },
  ]
}

/** A slug and authors that exist on this site, for the variables; placeholders where it has none or doesn't answer soon. */
export async function samples() {
  const query = '{ articles(first: 1) { nodes { slug authors { id } } } }'
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json, application/json;q=0.9' },
      body: JSON.stringify({ query }),
      signal: AbortSignal.timeout(3000),
    })
    const [article] = (await response.json()).data.articles.nodes
    return { slug: article.slug, authorIds: article.authors.map(({ id }) => id) }
  } catch {
    return placeholders
  }
}

function pretty(value) {
  return JSON.stringify(value, null, 2)
}
