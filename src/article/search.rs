//! Search in published articles: words folded by us, all must match, the last as a prefix. Best are those in whose title all stand,
//! then in title and excerpt, then with the headings, then with the text; of equals, the newest. So both engines rank alike, and
//! nothing is counted over all articles that have a common word, as telling how rare words are would.

use sea_orm::{ConnectionTrait as _, Statement, Value};
use unicode_segmentation::UnicodeSegmentation as _;

use super::read::ArticleFilter;
use crate::db::{Engine, Snapshot};
use crate::error::Failure;
use crate::id::ArticleId;
use crate::reads::ARTICLES;
use crate::text::{fold, markdown};

/// Most words of a query that count.
const MOST_WORDS: usize = 20;
/// Most bytes of a query that are read.
const MOST_BYTES: usize = 10_000;
/// Length of a snippet, in characters.
const SNIPPET: usize = 200;

/// A last word of fewer letters is no prefix, in scripts whose letters have a case: nearly every article has a word that begins
/// so.
const PREFIX_LETTERS: usize = 3;
/// A last word that so many articles have is no prefix either: both engines would go through all that begins with it.
const COMMON: u64 = 1_000;

/// What can be paged through.
pub const RANKED: u64 = 10_000;
/// Of how many of them, the newest, it is looked where the words stand; the others follow by their age.
const COMPARED: u64 = 2_000;

/// Where all words may stand, the best first: the columns of `search`, PostgreSQL's labels of the same, and the score. Who has
/// them elsewhere scores 1, and who isn't compared 0.
const PLACES: [(&str, &str, f64); 3] = [
    ("s.title", "A", 4.0),
    ("s.title || ' ' || s.excerpt", "AB", 3.0),
    ("s.title || ' ' || s.excerpt || ' ' || s.headings", "ABC", 2.0),
];

/// A query, folded, and which articles it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchQuery {
    words: Vec<String>,
    /// Whether the last word may go on.
    is_prefix: bool,
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
        let is_short = |word: &String| {
            word.chars().count() < PREFIX_LETTERS
                && word.chars().all(|letter| letter.is_lowercase() || letter.is_numeric())
        };
        let is_prefix = words.last().is_some_and(|last| !is_short(last));
        Self { words, is_prefix, filter }
    }

    /// The same; where very many articles have the last word, without what else begins with it.
    pub async fn settled(self, snapshot: &Snapshot) -> Result<Self, Failure> {
        let Some(last) = self.words.last().filter(|_| self.is_prefix) else { return Ok(self) };
        let alone = Self { words: vec![last.clone()], is_prefix: false, filter: ArticleFilter::default() };
        let is_prefix = counted(snapshot, &alone, COMMON).await? < COMMON;
        Ok(Self { is_prefix, ..self })
    }

    /// From which rows on: what matches, with the values that stand in it. The engine's expression is `$1`.
    fn matching(&self, engine: Engine) -> (String, Vec<Value>) {
        let mut sql = String::from(match engine {
            // Articles are looked up where something is asked of them: very many may match.
            Engine::Sqlite if self.filter == ArticleFilter::default() => {
                "FROM search_index WHERE search_index MATCH $1"
            }
            Engine::Sqlite => {
                "FROM search_index JOIN search AS s ON s.row = search_index.rowid \
                 JOIN articles AS a ON a.id = s.article_id WHERE search_index MATCH $1"
            }
            Engine::Postgres => {
                "FROM search AS s JOIN articles AS a ON a.id = s.article_id WHERE s.words @@ CAST($1 AS TSQUERY)"
            }
        });
        let mut values = vec![Value::from(self.expression(engine, ""))];
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

    /// The engine's own form: each word quoted, so that no operator of either engine is one here. PostgreSQL's may be narrowed to
    /// places by their labels.
    fn expression(&self, engine: Engine, labels: &str) -> String {
        let last = self.words.len().saturating_sub(1);
        let goes_on = |index| self.is_prefix && index == last;
        let terms = self.words.iter().enumerate().map(|(index, word)| match (engine, goes_on(index)) {
            (Engine::Sqlite, false) => format!("\"{word}\""),
            (Engine::Sqlite, true) => format!("\"{word}\"*"),
            (Engine::Postgres, false) if labels.is_empty() => format!("'{word}'"),
            (Engine::Postgres, false) => format!("'{word}':{labels}"),
            (Engine::Postgres, true) => format!("'{word}':*{labels}"),
        });
        terms.collect::<Vec<_>>().join(if engine == Engine::Sqlite { " " } else { " & " })
    }

    /// The score of a row of `search`, with its values behind those that are there.
    fn score(&self, engine: Engine, values: &mut Vec<Value>) -> String {
        let mut bind = |value: String| {
            values.push(value.into());
            format!("${}", values.len())
        };
        let mut cases = String::from("CASE");
        for (columns, labels, score) in PLACES {
            let holds = match engine {
                // Words stand between spaces; one that may go on needs none behind it.
                Engine::Sqlite => {
                    let last = self.words.len().saturating_sub(1);
                    let found = self.words.iter().enumerate().map(|(index, word)| {
                        let end = if self.is_prefix && index == last { "" } else { " " };
                        format!("instr(' ' || {columns} || ' ', {}) > 0", bind(format!(" {word}{end}")))
                    });
                    found.collect::<Vec<_>>().join(" AND ")
                }
                Engine::Postgres => {
                    format!("s.words @@ CAST({} AS TSQUERY)", bind(self.expression(engine, labels)))
                }
            };
            cases.push_str(&format!(" WHEN {holds} THEN {score:.1}"));
        }
        format!("CAST({cases} ELSE 1.0 END AS {})", if engine == Engine::Sqlite { "REAL" } else { "FLOAT8" })
    }

    /// Whether a word of a text is one that was searched for.
    fn matches(&self, word: &str) -> bool {
        fold::words(word).iter().any(|folded| {
            self.words.contains(folded)
                || (self.is_prefix && self.words.last().is_some_and(|last| folded.starts_with(last.as_str())))
        })
    }
}

/// The best hits from an offset on; one more than `limit`, to know whether more follow. Of a query that very many articles
/// match, those [`COMPARED`] that were last published come first, the best before, then others by their age.
pub async fn find(
    snapshot: &Snapshot,
    query: &SearchQuery,
    offset: u64,
    limit: u64,
) -> Result<Vec<Hit>, Failure> {
    if query.words.is_empty() {
        return Ok(Vec::new());
    }
    snapshot.reads().note(ARTICLES);
    let engine = snapshot.engine();
    let wanted = limit.saturating_add(1);
    let row = if engine == Engine::Sqlite { "search_index.rowid" } else { "s.row" };
    let (matching, values) = query.matching(engine);
    let mut scored = values.clone();
    let score = query.score(engine, &mut scored);
    let newest = format!("SELECT {row} AS row {matching} ORDER BY {row} DESC");
    let compared = format!(
        "SELECT s.article_id, {score} AS score FROM ({newest} LIMIT {COMPARED}) AS found \
         JOIN search AS s ON s.row = found.row ORDER BY score DESC, s.row DESC LIMIT {wanted} OFFSET {offset}"
    );
    let mut hits = hits(snapshot, compared, scored).await?;
    let missing = wanted.saturating_sub(hits.len() as u64);
    let begin = offset.max(COMPARED);
    if missing > 0 && offset.saturating_add(wanted) > COMPARED && begin < RANKED {
        let missing = missing.min(RANKED - begin);
        let others = format!(
            "SELECT s.article_id, CAST(0 AS {}) AS score FROM ({newest} LIMIT {missing} OFFSET {begin}) AS found \
             JOIN search AS s ON s.row = found.row ORDER BY s.row DESC",
            if engine == Engine::Sqlite { "REAL" } else { "FLOAT8" }
        );
        hits.extend(self::hits(snapshot, others, values).await?);
    }
    Ok(hits)
}

async fn hits(snapshot: &Snapshot, sql: String, values: Vec<Value>) -> Result<Vec<Hit>, Failure> {
    snapshot.plan_by_values().await?;
    let connection = snapshot.connection();
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await?;
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
    counted(snapshot, query, RANKED.saturating_add(1)).await
}

/// How many articles match, up to so many.
async fn counted(snapshot: &Snapshot, query: &SearchQuery, most: u64) -> Result<u64, Failure> {
    snapshot.reads().note(ARTICLES);
    let engine = snapshot.engine();
    let (matching, values) = query.matching(engine);
    let sql = format!("SELECT COUNT(*) FROM (SELECT 1 {matching} LIMIT {most}) AS found");
    snapshot.plan_by_values().await?;
    let connection = snapshot.connection();
    let row = connection
        .query_one_raw(Statement::from_sql_and_values(connection.get_database_backend(), sql, values))
        .await?;
    let counted: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
    Ok(u64::try_from(counted).unwrap_or_default())
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
        let query = asked("\"harbor\" OR NEAR(x) & !:crane*");
        assert_eq!(query.expression(Engine::Sqlite, ""), "\"harbor\" \"or\" \"near\" \"x\" \"crane\"*");
        assert_eq!(query.expression(Engine::Postgres, ""), "'harbor' & 'or' & 'near' & 'x' & 'crane':*");
        let labeled = "'harbor':AB & 'or':AB & 'near':AB & 'x':AB & 'crane':*AB";
        assert_eq!(query.expression(Engine::Postgres, "AB"), labeled);
        assert!(asked("* \" ' & | !").words.is_empty());
    }

    #[test]
    fn a_few_letters_are_no_prefix_where_every_article_has_a_word_that_begins_so() {
        for (text, is_prefix) in [
            ("x", false),
            ("ba", false),
            ("по", false),
            ("bal", true),
            ("пор", true),
            ("港", true),
            ("서", true),
            ("م", true),
        ] {
            assert_eq!(asked(text).is_prefix, is_prefix, "{text}");
        }
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
