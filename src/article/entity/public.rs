//! What the public sees: written in the publishing transaction, and nowhere else.

/// A published article.
pub mod articles {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::ArticleId;

    /// A row of `articles`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "articles")]
    pub struct Model {
        /// Its id; the draft's too.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: ArticleId,
        /// Unique.
        pub slug: String,
        /// Its title.
        pub title: String,
        /// What a card shows.
        pub excerpt: Option<String>,
        /// BCP 47.
        pub locale: String,
        /// Words of all sections.
        pub word_count: i32,
        /// Approved comments, replies among them.
        pub comment_count: i32,
        /// When it was first published.
        pub published_at: Timestamp,
        /// When it was last published.
        pub updated_at: Timestamp,
        /// A name of [`crate::article::commenting::Commenting`].
        pub comments: String,
        /// Days after the publication when its comments close: 0 never; none: as the site says.
        pub comments_close_after_days: Option<i32>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The slugs under which a published article is found: its own, and those that it was published under before.
pub mod article_slugs {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::id::ArticleId;

    /// A row of `article_slugs`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "article_slugs")]
    pub struct Model {
        /// Unique.
        #[sea_orm(primary_key, auto_increment = false)]
        pub slug: String,
        /// Whose.
        pub article_id: ArticleId,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A part of a published article.
pub mod sections {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::id::{ArticleId, SectionId};

    /// A row of `sections`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "sections")]
    pub struct Model {
        /// Whose.
        #[sea_orm(primary_key, auto_increment = false)]
        pub article_id: ArticleId,
        /// From 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i32,
        /// Stable across edits.
        pub id: SectionId,
        /// Unique in the article.
        pub anchor: String,
        /// 2 to 4.
        pub level: i32,
        /// The introduction has none.
        pub heading: Option<String>,
        /// Markdown.
        pub body: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// An image placed in a published article.
pub mod figures {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::id::{ArticleId, ImageId, SectionId};

    /// A row of `figures`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "figures")]
    pub struct Model {
        /// Whose.
        #[sea_orm(primary_key, auto_increment = false)]
        pub article_id: ArticleId,
        /// 0 is the lead; then in document order from 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i32,
        /// Where; the lead stands in none.
        pub section_id: Option<SectionId>,
        /// Which image.
        pub image_id: ImageId,
        /// For this place.
        pub caption: Option<String>,
        /// For this place.
        pub credit: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A pointer from a published article.
pub mod related_links {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::id::ArticleId;

    /// A row of `related_links`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "related_links")]
    pub struct Model {
        /// Whose.
        #[sea_orm(primary_key, auto_increment = false)]
        pub article_id: ArticleId,
        /// From 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i32,
        /// To an article,
        pub target_article_id: Option<ArticleId>,
        /// or to an address.
        pub url: Option<String>,
        /// What it is called here.
        pub title: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which published articles have a related link to an article: a row for each, however many links it has.
pub mod article_references {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::ArticleId;

    /// A row of `article_references`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "article_references")]
    pub struct Model {
        /// To which article; whether it is public is another matter.
        #[sea_orm(primary_key, auto_increment = false)]
        pub target_article_id: ArticleId,
        /// From which.
        #[sea_orm(primary_key, auto_increment = false)]
        pub article_id: ArticleId,
        /// When that one was published, so that the list has an index.
        pub published_at: Timestamp,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// How many published articles are from a month.
pub mod archive_months {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    /// A row of `archive_months`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "archive_months")]
    pub struct Model {
        /// The year times a hundred, and the month: 202611.
        #[sea_orm(primary_key, auto_increment = false)]
        pub month: i32,
        /// How many were first published in it.
        pub article_count: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Who a published article credits.
pub mod article_authors {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::{ArticleId, AuthorId};

    /// A row of `article_authors`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "article_authors")]
    pub struct Model {
        /// Whose.
        #[sea_orm(primary_key, auto_increment = false)]
        pub article_id: ArticleId,
        /// Who.
        #[sea_orm(primary_key, auto_increment = false)]
        pub author_id: AuthorId,
        /// From 1.
        pub position: i32,
        /// The article's, so that an author's list has an index.
        pub published_at: Timestamp,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which tags a published article has.
pub mod article_tags {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::{ArticleId, TagId};

    /// A row of `article_tags`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "article_tags")]
    pub struct Model {
        /// Whose.
        #[sea_orm(primary_key, auto_increment = false)]
        pub article_id: ArticleId,
        /// Which.
        #[sea_orm(primary_key, auto_increment = false)]
        pub tag_id: TagId,
        /// From 1.
        pub position: i32,
        /// The article's, so that a tag's list has an index.
        pub published_at: Timestamp,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which categories a published article is in: a row for each above them too.
pub mod article_categories {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::{ArticleId, CategoryId};

    /// A row of `article_categories`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "article_categories")]
    pub struct Model {
        /// Whose.
        #[sea_orm(primary_key, auto_increment = false)]
        pub article_id: ArticleId,
        /// Which.
        #[sea_orm(primary_key, auto_increment = false)]
        pub category_id: CategoryId,
        /// From 1; 0 for those above.
        pub position: i32,
        /// Whether an editor put it there.
        pub is_direct: bool,
        /// The article's, so that a category's list has an index.
        pub published_at: Timestamp,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The folded words of a published article.
pub mod search {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::id::ArticleId;

    /// A row of `search`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "search")]
    pub struct Model {
        /// What the index calls it.
        #[sea_orm(primary_key)]
        pub row: i64,
        /// Whose.
        pub article_id: ArticleId,
        /// Folded words.
        pub title: String,
        /// Folded words.
        pub excerpt: String,
        /// Folded words.
        pub headings: String,
        /// Folded words.
        pub body: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
