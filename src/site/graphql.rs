//! The site in the schema: what it is called, what is at a path, and its redirects.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Union};

use super::create_redirect::{self, NewRedirect};
use super::entity::redirects;
use super::route::{self, Thing};
use super::update_redirect::{self, RedirectEdit};
use super::{delete_redirect, read};
use crate::account::policy::{self, Action, Reach};
use crate::article::graphql::ArticleObject;
use crate::article::read_parts::Together;
use crate::author::graphql::AuthorObject;
use crate::db::keyset::{Page, Position, SortKey};
use crate::error::Failure;
use crate::graphql::batch::Member;
use crate::graphql::connection::{COUNTED, Connection, PageArguments};
use crate::graphql::cursors::ListName;
use crate::graphql::errors::{Nullable, UserError, nullable, outcome};
use crate::graphql::scalars::{DateTime, Url};
use crate::graphql::{ids, operation};
use crate::id::RedirectId;
use crate::operation::Operation;
use crate::taxonomy::graphql::{CategoryObject, TagObject};

/// The site that shows what is published, as its operator has set it.
#[derive(SimpleObject)]
#[graphql(name = "Site")]
pub struct SiteObject {
    /// The publication's name.
    name: String,
    /// What it is about, in a sentence or two; null where nothing was set.
    description: Option<String>,
    /// Its address, without a slash at its end.
    url: Url,
    /// The address of its logo; null where none was set.
    logo_url: Option<Url>,
    /// Its language where nothing else is said: a tag of BCP 47.
    default_locale: String,
    /// All its languages, the default first.
    locales: Vec<String>,
    /// How paths on it are made, for a frontend's router.
    paths: SitePaths,
}

/// How the paths of each kind of thing are made.
#[derive(SimpleObject)]
pub struct SitePaths {
    /// Of articles: `{slug}`, `{year}` and `{month}` are filled in.
    article: String,
    /// Of authors: `{slug}` is filled in.
    author: String,
    /// Of tags: `{slug}` is filled in.
    tag: String,
    /// Of categories: `{slug}` is filled in, or `{path}`: the slugs of those above it and its own.
    category: String,
}

/// What is at a path of the site.
#[derive(SimpleObject)]
pub struct Route {
    /// The path in the one form in which it should be written.
    path: String,
    /// The HTTP status to answer with: 200 for a thing; 301, 302, 307 or 308 for a redirect.
    status: i32,
    /// Where to: a path on the site, or an http or https address. Null where the status is 200.
    redirect_to: Option<String>,
    /// What is there, or, of a redirect that nobody set by hand, what is where it leads; null for one that was.
    thing: Option<RoutedThing>,
}

/// What may be at a path.
#[derive(Union)]
pub enum RoutedThing {
    /// An article.
    Article(ArticleObject),
    /// An author.
    Author(AuthorObject),
    /// A tag.
    Tag(TagObject),
    /// A category.
    Category(CategoryObject),
}

/// Public queries about the site.
#[derive(Default)]
pub struct SiteQuery;

#[Object]
impl SiteQuery {
    /// The site that shows what is published: its name, languages and paths.
    async fn site(&self, ctx: &Context<'_>) -> Result<SiteObject, Failure> {
        let site = &operation(ctx)?.store.config.site;
        Ok(SiteObject {
            name: site.name.clone(),
            description: site.description.clone(),
            url: Url(site.url.clone()),
            logo_url: site.logo.clone().map(Url),
            default_locale: site.default_language().to_owned(),
            locales: site.languages.clone(),
            paths: SitePaths {
                article: site.articles.to_string(),
                author: site.authors.to_string(),
                tag: site.tags.to_string(),
                category: site.categories.to_string(),
            },
        })
    }

    /// What is at a path of the site: a published thing, a redirect, or null for nothing (404). Things go before redirects that
    /// were set by hand, and those before what follows from an older slug, or from another way to write the path (a slash at
    /// the end, capital letters, another date). A query and a fragment are not looked at.
    async fn route(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The path as it was asked for, from the site's address on: it begins with a slash, percent-encoded or not."
        )]
        path: String,
    ) -> Nullable<Route> {
        nullable(async {
            let op = operation(ctx)?;
            let Some(found) = route::find(op, &path).await? else { return Ok(None) };
            let thing = found.thing.map(|thing| match thing {
                Thing::Article(row) => {
                    RoutedThing::Article(ArticleObject::alone(op, Together::default(), row))
                }
                Thing::Author(row) => RoutedThing::Author(AuthorObject::of(Member::alone(op, row))),
                Thing::Tag(row) => RoutedThing::Tag(TagObject::of(Member::alone(op, row))),
                Thing::Category(row) => RoutedThing::Category(CategoryObject::of(Member::alone(op, row))),
            });
            Ok(Some(Route { path: found.path, status: found.status, redirect_to: found.redirect_to, thing }))
        })
        .await
    }
}

/// A redirect that editors set by hand.
#[derive(Clone)]
pub struct RedirectObject(redirects::Model);

/// A redirect that editors set by hand: from a path on the site to another, or to an address elsewhere.
#[Object(name = "Redirect")]
impl RedirectObject {
    /// Its id.
    async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// From where: a path on the site in its canonical form.
    async fn from(&self) -> &str {
        &self.0.from_path
    }

    /// Where to: a path on the site, or an http or https address.
    async fn to(&self) -> &str {
        &self.0.target
    }

    /// The HTTP status: 301, 302, 307 or 308.
    async fn status(&self) -> i32 {
        self.0.status
    }

    /// Rises with every change; an edit names the one that it was made from.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was set.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// The site's redirects, under `viewer`.
#[derive(Default)]
pub struct SiteViewer;

#[Object]
impl SiteViewer {
    /// The redirects that were set by hand, by the path that they lead from; none for roles that don't edit them.
    async fn redirects(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<RedirectObject>, Failure> {
        let op = operation(ctx)?;
        let list = ListName::new(&["viewer.redirects"]);
        let window = PageArguments { first, after, last, before }.window(&op.store.keys, &list)?;
        let sees = policy::reach_of(op.viewer, Action::EditRedirects) == Reach::Any;
        let page = if sees { read::list(&*op.snapshot().await?, &window).await? } else { Page::default() };
        let place = |redirect: &RedirectObject| Position {
            key: SortKey::Text(redirect.0.from_path.clone()),
            id: redirect.0.id.0,
        };
        Ok(Connection::listed(op, list, page.map(RedirectObject), place, move |op| async move {
            if sees { read::count(&*op.snapshot().await?, COUNTED).await } else { Ok(0) }
        }))
    }
}

/// A redirect to set.
#[derive(InputObject)]
pub struct CreateRedirectInput {
    /// From where: a path on the site, without a query or a fragment. What is published there goes before the redirect.
    from: String,
    /// Where to: a path on the site, which may have a query and a fragment, or an http or https address.
    to: String,
    /// The HTTP status: 301 (for good), 302 (for now), 307 or 308 (the same, keeping the method).
    #[graphql(default = 301)]
    status: i32,
}

/// What changes of a redirect; what is absent stays.
#[derive(InputObject)]
pub struct UpdateRedirectInput {
    /// Which redirect.
    redirect_id: ID,
    /// The version that the edit was made from.
    version: i32,
    /// From where: a path on the site, without a query or a fragment.
    from: Option<String>,
    /// Where to: a path on the site, or an http or https address.
    to: Option<String>,
    /// The HTTP status: 301, 302, 307 or 308.
    status: Option<i32>,
}

/// A redirect to take away.
#[derive(InputObject)]
pub struct DeleteRedirectInput {
    /// Which redirect.
    redirect_id: ID,
    /// The version that was seen.
    version: i32,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct CreateRedirectPayload {
    /// The redirect; null where it was refused.
    redirect: Option<RedirectObject>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct UpdateRedirectPayload {
    /// The redirect; where the change was refused, as it is. Null where there is none.
    redirect: Option<RedirectObject>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct DeleteRedirectPayload {
    /// The redirect as it was; where that was refused, as it is. Null where there is none.
    redirect: Option<RedirectObject>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// A verb's outcome as a payload: the redirect as it became; where the verb was refused, as it is.
async fn with_present(
    op: &Operation,
    id: RedirectId,
    result: Result<redirects::Model, Failure>,
) -> Result<(Option<RedirectObject>, Vec<UserError>), Failure> {
    let (mut redirect, user_errors) = outcome(result)?;
    if redirect.is_none() {
        redirect = read::by_id(op.snapshot().await?.connection(), id).await?;
    }
    Ok((redirect.map(RedirectObject), user_errors))
}

/// Mutations of redirects.
#[derive(Default)]
pub struct SiteMutation;

#[Object]
impl SiteMutation {
    /// Sets a redirect.
    async fn create_redirect(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The redirect.")] input: CreateRedirectInput,
    ) -> Nullable<CreateRedirectPayload> {
        nullable(async {
            let CreateRedirectInput { from, to, status } = input;
            let created = create_redirect::create(operation(ctx)?, NewRedirect { from, to, status }).await;
            let (redirect, user_errors) = outcome(created)?;
            Ok(Some(CreateRedirectPayload { redirect: redirect.map(RedirectObject), user_errors }))
        })
        .await
    }

    /// Changes a redirect.
    async fn update_redirect(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateRedirectInput,
    ) -> Nullable<UpdateRedirectPayload> {
        nullable(async {
            let UpdateRedirectInput { redirect_id, version, from, to, status } = input;
            let id = ids::parse(&redirect_id, &["input", "redirectId"])?;
            let edit = RedirectEdit { from, to, status };
            let op = operation(ctx)?;
            let updated = update_redirect::update(op, id, version, edit).await;
            let (redirect, user_errors) = with_present(op, id, updated).await?;
            Ok(Some(UpdateRedirectPayload { redirect, user_errors }))
        })
        .await
    }

    /// Takes a redirect away.
    async fn delete_redirect(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which redirect.")] input: DeleteRedirectInput,
    ) -> Nullable<DeleteRedirectPayload> {
        nullable(async {
            let DeleteRedirectInput { redirect_id, version } = input;
            let id = ids::parse(&redirect_id, &["input", "redirectId"])?;
            let op = operation(ctx)?;
            let deleted = delete_redirect::delete(op, id, version).await;
            let (redirect, user_errors) = with_present(op, id, deleted).await?;
            Ok(Some(DeleteRedirectPayload { redirect, user_errors }))
        })
        .await
    }
}
