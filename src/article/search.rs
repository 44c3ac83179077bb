//! Search in published articles: words folded by us, all must match, the last as a prefix. Best are those in whose title all stand,
//! then in title and excerpt, then with the headings, then with the text; of equals, the newest. So both engines rank alike, and
//! neither has to look at all articles that have a common word, as counting how rare words are would.

use std::collections::{HashMap, HashSet};

use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _, Statement,
    Value,
};
use unicode_segmentation::UnicodeSegmentation as _;

use super::entity::public::search;
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

/// A last word of fewer letters is no prefix, in scripts whose letters have a case: nearly every article has a word that begins
/// so.
const PREFIX_LETTERS: usize = 3;
/// A last word that so many articles have is no prefix either: both engines would go through all that begins with it.
const COMMON: u64 = 2_000;

/// Most articles of which the best are found: what can be paged through.
pub const RANKED: u64 = 10_000;

/// Where all words may stand, the best first: SQLite's columns, PostgreSQL's labels of the same, and the score.
const PLACES: [(&str, &str, f64); 4] = [
    ("{title} : ", "A", 4.0),
    ("{title excerpt} : ", "AB", 3.0),
    ("{title excerpt headings} : ", "ABC", 2.0),
    ("", "", 1.0),
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
    fn matching(&self, engine: Engine, expression: String) -> (String, Vec<Value>) {
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
        let mut values = vec![Value::from(expression)];
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

    /// The engine's own form: each word quoted, so that no operator of either engine is one here; all of them at one of
    /// [`PLACES`].
    fn expression(&self, engine: Engine, (columns, labels, _): (&str, &str, f64)) -> String {
        let last = self.words.len().saturating_sub(1);
        let goes_on = |index| self.is_prefix && index == last;
        let terms = self.words.iter().enumerate().map(|(index, word)| match (engine, goes_on(index)) {
            (Engine::Sqlite, false) => format!("\"{word}\""),
            (Engine::Sqlite, true) => format!("\"{word}\"*"),
            (Engine::Postgres, false) if labels.is_empty() => format!("'{word}'"),
            (Engine::Postgres, false) => format!("'{word}':{labels}"),
            (Engine::Postgres, true) => format!("'{word}':*{labels}"),
        });
        let terms = terms.collect::<Vec<_>>();
        match engine {
            Engine::Sqlite => format!("{columns}({})", terms.join(" ")),
            Engine::Postgres => terms.join(" & "),
        }
    }

    /// The same for matching anywhere.
    fn anywhere(&self, engine: Engine) -> String {
        let [.., anywhere] = PLACES;
        self.expression(engine, anywhere)
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
    match snapshot.engine() {
        Engine::Sqlite => find_place_by_place(snapshot, query, offset, limit.saturating_add(1)).await,
        Engine::Postgres => find_at_once(snapshot, query, offset, limit.saturating_add(1)).await,
    }
}

/// SQLite's index gives what matches from the newest on, and stops when it is enough: the best place first, and the next where
/// there are too few.
async fn find_place_by_place(
    snapshot: &Snapshot,
    query: &SearchQuery,
    offset: u64,
    limit: u64,
) -> Result<Vec<Hit>, Failure> {
    let (connection, wanted) = (snapshot.connection(), offset.saturating_add(limit).min(RANKED));
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let mut scores: Vec<(i64, f64)> = Vec::new();
    let mut found: HashSet<i64> = HashSet::new();
    for place in PLACES {
        let missing = wanted.saturating_sub(found.len());
        if missing == 0 {
            break;
        }
        let (matching, values) = query.matching(Engine::Sqlite, query.expression(Engine::Sqlite, place));
        // What stood at a better place matches here too.
        let sql = format!(
            "SELECT search_index.rowid AS row {matching} ORDER BY search_index.rowid DESC LIMIT {wanted}"
        );
        let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
        for row in connection.query_all_raw(statement).await? {
            let row: i64 = row.try_get("", "row")?;
            if found.len() < wanted && found.insert(row) {
                scores.push((row, place.2));
            }
        }
    }
    let page: Vec<(i64, f64)> =
        scores.into_iter().skip(usize::try_from(offset).unwrap_or(usize::MAX)).collect();
    let rows = search::Entity::find()
        .select_only()
        .columns([search::Column::Row, search::Column::ArticleId])
        .filter(search::Column::Row.is_in(page.iter().map(|(row, _)| *row)));
    let rows: Vec<(i64, ArticleId)> =
        if page.is_empty() { Vec::new() } else { rows.into_tuple().all(connection).await? };
    let articles: HashMap<i64, ArticleId> = rows.into_iter().collect();
    let hit = |(row, score)| Some(Hit { article: *articles.get(&row)?, score });
    Ok(page.into_iter().filter_map(hit).collect())
}

/// PostgreSQL's index gives all that matches, in no order: each is scored.
async fn find_at_once(
    snapshot: &Snapshot,
    query: &SearchQuery,
    offset: u64,
    limit: u64,
) -> Result<Vec<Hit>, Failure> {
    let connection = snapshot.connection();
    let (matching, mut values) = query.matching(Engine::Postgres, query.anywhere(Engine::Postgres));
    let mut score = String::from("CASE");
    for place in PLACES {
        values.push(query.expression(Engine::Postgres, place).into());
        score.push_str(&format!(
            " WHEN words @@ CAST(${} AS TSQUERY) THEN CAST({:.1} AS FLOAT8)",
            values.len(),
            place.2
        ));
    }
    score.push_str(" END");
    let sql = format!(
        "SELECT article_id, {score} AS score FROM (SELECT s.row, s.article_id, s.words {matching} ORDER BY s.row DESC LIMIT {RANKED}) \
         AS found ORDER BY score DESC, found.row DESC LIMIT ${} OFFSET ${}",
        values.len() + 1,
        values.len() + 2,
    );
    values.extend([number(limit), number(offset)]);
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
    counted(snapshot, query, RANKED.saturating_add(1)).await
}

/// How many articles match, up to so many.
async fn counted(snapshot: &Snapshot, query: &SearchQuery, most: u64) -> Result<u64, Failure> {
    let engine = snapshot.engine();
    let (matching, values) = query.matching(engine, query.anywhere(engine));
    let sql = format!("SELECT COUNT(*) FROM (SELECT 1 {matching} LIMIT {most}) AS found");
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
        let query = asked("\"harbor\" OR NEAR(x) & !:crane*");
        let words = "(\"harbor\" \"or\" \"near\" \"x\" \"crane\"*)";
        assert_eq!(query.anywhere(Engine::Sqlite), words);
        assert_eq!(query.expression(Engine::Sqlite, PLACES[1]), format!("{{title excerpt}} : {words}"));
        assert_eq!(query.anywhere(Engine::Postgres), "'harbor' & 'or' & 'near' & 'x' & 'crane':*");
        let labeled = "'harbor':AB & 'or':AB & 'near':AB & 'x':AB & 'crane':*AB";
        assert_eq!(query.expression(Engine::Postgres, PLACES[1]), labeled);
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
