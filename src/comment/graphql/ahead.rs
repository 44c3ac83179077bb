//! Which comments a query will ask for, seen before what they hang under is read. What is overlooked here is read when it is asked
//! for.

use async_graphql::{Context, InputType, Lookahead, Value};

use super::comment::CommentOrder;
use crate::comment::ahead::UnderArticles;
use crate::comment::read::Asked;
use crate::graphql::connection::PageArguments;
use crate::graphql::cursors::ListName;
use crate::operation::Operation;

/// Expects those that articles are asked for which are selected like these; whether there are any.
pub fn expect_under(articles: &[Lookahead<'_>], comments: &UnderArticles, op: &Operation) -> bool {
    let pages: Vec<Lookahead<'_>> = articles.iter().map(|article| article.field("comments")).collect();
    let asked = asked(&pages, op);
    let is_asked = asked.is_some();
    if let Some(asked) = asked {
        comments.expect(asked, replies_on(&pages, op));
    }
    is_asked
}

/// Which replies the comments that this field gives will be asked for, where that is the same of all of them.
pub(super) fn replies(ctx: &Context<'_>, op: &Operation) -> Option<Asked> {
    replies_on(&[ctx.look_ahead()], op)
}

fn replies_on(pages: &[Lookahead<'_>], op: &Operation) -> Option<Asked> {
    let comments = pages.iter().flat_map(|page| [page.field("nodes"), page.field("edges").field("node")]);
    asked(&comments.map(|comment| comment.field("replies")).collect::<Vec<_>>(), op)
}

/// What the first of these lists is asked for.
fn asked(lists: &[Lookahead<'_>], op: &Operation) -> Option<Asked> {
    let list = lists.iter().flat_map(Lookahead::selection_fields).next()?;
    let (mut arguments, mut order) = (PageArguments::default(), CommentOrder::default());
    for (name, value) in list.arguments().ok()? {
        match name.as_str() {
            "first" => arguments.first = InputType::parse(Some(value)).ok()?,
            "last" => arguments.last = InputType::parse(Some(value)).ok()?,
            "orderBy" => order = InputType::parse(Some(value)).ok()?,
            // A cursor is one list's.
            _ if value == Value::Null => {}
            _ => return None,
        }
    }
    // Without a cursor, the list needs no name.
    order.asked(&arguments, op, &ListName::new(&[])).ok()
}
