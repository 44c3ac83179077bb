//! Search in published articles: words folded by us, all must match, the last as a prefix.

use sea_orm::{ConnectionTrait as _, Statement, Value};
use unicode_segmentation::UnicodeSegmentation as _;

use super::read::ArticleFilter;
use crate::db::{Engine, Snapshot};
use crate::error::Failure;
use crate::id::ArticleId;
use crate::text::{fold, markdown};

/// Most words of a query that count.
const MOST_WORDS: usize = 20;
/// Most bytes of a query that are read.
const MOST_BYTES: usize = 10_000;
/// Length of a snippet, in characters.
const SNIPPET: usize = 200;

/// Most articles of which the best are found: what can be paged through.
pub const RANKED: u64 = 10_000;

/// A query, folded, and which articles it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchQuery {
    words: Vec<String>,
    filter: ArticleFilter,
}

/// A found article.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    /// Which.
    pub article: ArticleId,
    /// Larger is better; comparable within one answer alone.
    pub score: f64,
}

impl SearchQuery {
    /// Folds what somebody typed. Without a letter or a digit it finds nothing.
    pub fn new(text: &str, filter: ArticleFilter) -> Self {
        // What is beyond can hold no word that counts, unless the words are spaces and signs.
        let end = text.floor_char_boundary(MOST_BYTES);
        let mut words = fold::words(&text[..end]);
        words.truncate(MOST_WORDS);
        for word in &mut words {
            *word = fold::shortened(word);
        }
        Self { words, filter }
    }

    /// From which rows on: what matches, with the values that stand in it. The engine's expression is `$1`.
    fn matching(&self, engine: Engine) -> (String, Vec<Value>) {
        let mut sql = match engine {
            Engine::Sqlite => String::from(
                "FROM search_index JOIN search AS s ON s.row = search_index.rowid \
                 JOIN articles AS a ON a.id = s.article_id WHERE search_index MATCH $1",
            ),
            Engine::Postgres => String::from(
                "FROM search AS s JOIN articles AS a ON a.id = s.article_id WHERE s.words @@ CAST($1 AS TSQUERY)",
            ),
        };
        let mut values = vec![Value::from(self.expression(engine))];
        let mut add = |condition: &str, value: Value| {
            values.push(value);
            sql.push_str(&format!(" AND {}", condition.replace("$", &format!("${}", values.len()))));
        };
        let ArticleFilter { author, tag, category, published_from, published_until, locale } = &self.filter;
        let has = |junction: &str, column: &str| {
            format!("EXISTS (SELECT 1 FROM {junction} AS l WHERE l.article_id = a.id AND l.{column} = $)")
        };
        if let Some(author) = author {
            add(&has("article_authors", "author_id"), author.id.0.into());
        }
        if let Some(tag) = tag {
            add(&has("article_tags", "tag_id"), tag.id.0.into());
        }
        if let Some(category) = category {
            add(&has("article_categories", "category_id"), category.id.0.into());
        }
        if let Some(from) = published_from {
            add("a.published_at >= $", from.0.into());
        }
        if let Some(until) = published_until {
            add("a.published_at < $", until.0.into());
        }
        if let Some(locale) = locale {
            add("a.locale = $", locale.clone().into());
        }
        (sql, values)
    }

    /// The engine's own form: each word quoted, so that no operator of either engine is one here.
    fn expression(&self, engine: Engine) -> String {
        let last = self.words.len().saturating_sub(1);
        let terms = self.words.iter().enumerate().map(|(index, word)| match (engine, index == last) {
            (Engine::Sqlite, false) => format!("\"{word}\""),
            (Engine::Sqlite, true) => format!("\"{word}\"*"),
            (Engine::Postgres, false) => format!("'{word}'"),
            (Engine::Postgres, true) => format!("'{word}':*"),
        });
        terms.collect::<Vec<_>>().join(if engine == Engine::Sqlite { " " } else { " & " })
    }

    /// Whether a word of a text is one that was searched for.
    fn matches(&self, word: &str) -> bool {
        fold::words(word).iter().any(|folded| {
            self.words.contains(folded)
                || self.words.last().is_some_and(|last| folded.starts_with(last.as_str()))
        })
    }
}

/// The best hits from an offset on; one more than `limit`, to know whether more follow. Of a query that very many articles
/// match, those [`RANKED`] that were last published are compared.
pub async fn find(
    snapshot: &Snapshot,
    query: &SearchQuery,
    offset: u64,
    limit: u64,
) -> Result<Vec<Hit>, Failure> {
    if query.words.is_empty() {
        return Ok(Vec::new());
    }
    // Neither engine's full-text operators are in SeaORM's builder. Weights: title, excerpt, headings, body.
    let score = match snapshot.engine() {
        Engine::Sqlite => "-bm25(search_index, 10.0, 4.0, 2.0, 1.0)",
        Engine::Postgres => "ts_rank('{0.1, 0.2, 0.4, 1.0}', s.words, CAST($1 AS TSQUERY))::float8",
    };
    let (matching, mut values) = query.matching(snapshot.engine());
    let sql = format!(
        "SELECT article_id, score FROM (SELECT s.article_id, a.published_at, {score} AS score {matching} \
         ORDER BY s.row DESC LIMIT {RANKED}) AS found \
         ORDER BY score DESC, published_at DESC, article_id DESC LIMIT ${} OFFSET ${}",
        values.len() + 1,
        values.len() + 2,
    );
    values.extend([number(limit.saturating_add(1)), number(offset)]);
    let connection = snapshot.connection();
    let rows = connection
        .query_all_raw(Statement::from_sql_and_values(connection.get_database_backend(), sql, values))
        .await?;
    let hits = rows
        .iter()
        .map(|row| Ok(Hit { article: row.try_get("", "article_id")?, score: row.try_get("", "score")? }));
    Ok(hits.collect::<Result<_, sea_orm::DbErr>>()?)
}

/// How many articles match, up to one more than [`RANKED`].
pub async fn count(snapshot: &Snapshot, query: &SearchQuery) -> Result<u64, Failure> {
    if query.words.is_empty() {
        return Ok(0);
    }
    let (matching, values) = query.matching(snapshot.engine());
    let sql =
        format!("SELECT COUNT(*) FROM (SELECT 1 {matching} LIMIT {}) AS found", RANKED.saturating_add(1));
    let connection = snapshot.connection();
    let row = connection
        .query_one_raw(Statement::from_sql_and_values(connection.get_database_backend(), sql, values))
        .await?;
    let counted: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
    Ok(u64::try_from(counted).unwrap_or_default())
}

fn number(number: u64) -> Value {
    Value::from(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A piece of text around the first match: plain, and as escaped HTML with the matches marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// Plain text.
    pub text: String,
    /// Escaped, with `<mark>` around matches.
    pub html: String,
}

/// Makes the snippet of the first text that has a match; else of the first.
pub fn snippet(query: &SearchQuery, texts: &[&str]) -> Snippet {
    let has_match = |text: &&&str| text.unicode_words().any(|word| query.matches(word));
    let text = texts.iter().find(has_match).or(texts.first()).copied().unwrap_or_default();
    let first = text.unicode_word_indices().find(|(_, word)| query.matches(word)).map_or(0, |(at, _)| at);
    let start = text[..first].char_indices().rev().nth(SNIPPET / 4).map_or(0, |(at, _)| at);
    // Begin and end at a word, not inside one.
    let word_start = text[start..].char_indices().find(|(_, character)| character.is_whitespace());
    let word_start = word_start.map_or(start, |(at, space)| (start + at + space.len_utf8()).min(first));
    let start = if start == 0 { 0 } else { word_start };
    let end = text[start..].char_indices().nth(SNIPPET).map_or(text.len(), |(at, _)| start + at);
    let end = if end == text.len() {
        end
    } else {
        text[start..end].rfind(char::is_whitespace).map_or(end, |space| start + space)
    };
    let piece = &text[start..end];
    let (before, after) = (if start > 0 { "… " } else { "" }, if end < text.len() { " …" } else { "" });
    let mut html = String::from(before);
    for word in piece.split_word_bounds() {
        let escaped = markdown::escape(word);
        if query.matches(word) {
            html.push_str(&format!("<mark>{escaped}</mark>"));
        } else {
            html.push_str(&escaped);
        }
    }
    html.push_str(after);
    Snippet { text: format!("{before}{piece}{after}"), html }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(text: &str) -> SearchQuery {
        SearchQuery::new(text, ArticleFilter::default())
    }

    #[test]
    fn operators_are_words() {
        let query = asked("\"harbor\" OR NEAR(crane*) & !:x");
        assert_eq!(query.expression(Engine::Sqlite), "\"harbor\" \"or\" \"near\" \"crane\" \"x\"*");
        assert_eq!(query.expression(Engine::Postgres), "'harbor' & 'or' & 'near' & 'crane' & 'x':*");
        assert!(asked("* \" ' & | !").words.is_empty());
    }

    #[test]
    fn a_snippet_marks_and_escapes() {
        let found = snippet(&asked("cafe har"), &["Nothing here", "<b>The Café</b> at the harbor"]);
        assert_eq!(found.html, "&lt;b&gt;The <mark>Café</mark>&lt;/b&gt; at the <mark>harbor</mark>");
        assert_eq!(found.text, "<b>The Café</b> at the harbor");
    }

    proptest! {
        #[test]
        fn a_snippet_never_breaks(text in "\\PC{0,900}", query in "\\PC{0,20}") {
            let found = snippet(&asked(&query), &[&text]);
            prop_assert!(found.text.chars().count() <= SNIPPET + 4);
        }
    }
}
