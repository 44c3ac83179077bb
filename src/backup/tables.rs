//! All tables, from the entities of the rooms: what is copied, in the order in which rows may be put in.
//!
//! The one place outside the rooms that names all their tables: a backup that left one out would be none. A test compares
//! the list with what the database has, table by table and column by column.

use sea_orm::sea_query::ColumnType;
use sea_orm::{
    ColumnTrait as _, EntityName as _, EntityTrait, IdenStatic as _, Iterable as _, PrimaryKeyToColumn as _,
    PrimaryKeyTrait,
};

use super::BackupError;
use crate::account::entity::{credentials, instance_keys, sessions, users};
use crate::article::entity::private::{comment_settings, drafts, revisions, slug_history, uses};
use crate::article::entity::public::{
    archive_months, article_authors, article_categories, article_references, article_slugs, article_tags,
    articles, figures, related_links, search, sections,
};
use crate::author::entity::{author_records, authors};
use crate::comment::entity::{comment_records, comments};
use crate::image::entity::{image_records, images};
use crate::library::entity::{former_slugs, replacements};
use crate::log::entity::{changes, log_head};
use crate::site::entity::redirects;
use crate::taxonomy::entity::{categories, tag_records, tags};

/// What a column holds: what both engines hold alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 16 bytes.
    Id,
    /// 32 bits.
    Integer,
    /// 64 bits.
    BigInteger,
    /// True or false.
    Boolean,
    /// Unicode.
    Text,
}

/// A column that is copied.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// A table that is copied.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, but for numbers that the database gives by itself, to which nothing refers.
    pub columns: Vec<Column>,
    /// The column that refers to a row of the same table, and the column that it refers to: their places in `columns`.
    pub parent: Option<(usize, usize)>,
}

impl Table {
    /// Whether a fresh instance has rows in it, which those of the backup replace: the log's empty head, and the ids of the
    /// keys that were made with it.
    pub fn is_seeded(&self) -> bool {
        [log_head::Entity.table_name(), instance_keys::Entity.table_name()].contains(&self.name)
    }
}

/// All tables: whatever a row refers to stands before it, in a table above or, by `parent`, in its own.
pub fn all() -> Result<Vec<Table>, BackupError> {
    [
        table(log_head::Entity, None),
        table(instance_keys::Entity, None),
        table(users::Entity, None),
        table(credentials::Entity, None),
        table(sessions::Entity, None),
        table(changes::Entity, None),
        table(image_records::Entity, None),
        table(author_records::Entity, None),
        table(tag_records::Entity, None),
        table(categories::Entity, Some((categories::Column::ParentId, categories::Column::Id))),
        table(former_slugs::Entity, None),
        table(replacements::Entity, None),
        table(redirects::Entity, None),
        table(drafts::Entity, None),
        table(revisions::Entity, None),
        table(slug_history::Entity, None),
        table(comment_settings::Entity, None),
        table(uses::Entity, None),
        table(articles::Entity, None),
        table(article_slugs::Entity, None),
        table(images::Entity, None),
        table(authors::Entity, None),
        table(tags::Entity, None),
        table(sections::Entity, None),
        table(figures::Entity, None),
        table(related_links::Entity, None),
        table(article_references::Entity, None),
        table(archive_months::Entity, None),
        table(article_authors::Entity, None),
        table(article_tags::Entity, None),
        table(article_categories::Entity, None),
        table(
            comment_records::Entity,
            Some((comment_records::Column::ParentId, comment_records::Column::Id)),
        ),
        table(comments::Entity, None),
        table(search::Entity, None),
    ]
    .into_iter()
    .collect()
}

fn table<E: EntityTrait>(entity: E, parent: Option<(E::Column, E::Column)>) -> Result<Table, BackupError> {
    let name = entity.table_name();
    let given: Vec<&str> = if E::PrimaryKey::auto_increment() {
        E::PrimaryKey::iter().map(|key| key.into_column().as_str()).collect()
    } else {
        Vec::new()
    };
    let columns = E::Column::iter()
        .filter(|column| !given.contains(&column.as_str()))
        .map(|column| {
            let unknown =
                || BackupError::Column { table: name.to_owned(), column: column.as_str().to_owned() };
            let kind = kind(column.def().get_column_type()).ok_or_else(unknown)?;
            Ok(Column { name: column.as_str(), kind })
        })
        .collect::<Result<Vec<_>, BackupError>>()?;
    let place = |wanted: E::Column| columns.iter().position(|column| column.name == wanted.as_str());
    let parent = parent.and_then(|(from, to)| Some((place(from)?, place(to)?)));
    Ok(Table { name, columns, parent })
}

fn kind(column: &ColumnType) -> Option<Kind> {
    match column {
        ColumnType::Uuid => Some(Kind::Id),
        ColumnType::Integer => Some(Kind::Integer),
        ColumnType::BigInteger => Some(Kind::BigInteger),
        ColumnType::Boolean => Some(Kind::Boolean),
        ColumnType::Text | ColumnType::String(_) => Some(Kind::Text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_of_a_kind_that_both_engines_hold() {
        let tables = all().unwrap();
        assert_eq!(tables.iter().filter(|table| table.parent.is_some()).count(), 2);
        assert_eq!(tables.iter().filter(|table| table.is_seeded()).count(), 2);
        let search = tables.iter().find(|table| table.name == "search").unwrap();
        assert!(search.columns.iter().all(|column| column.name != "row"), "the database numbers it");
    }
}
