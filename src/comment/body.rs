//! What a comment says, as it is taken in from readers and from the desk.

use crate::config::{CommentImages, CommentLinks, Config};
use crate::error::{UserError, UserErrorCode};
use crate::text::input;
use crate::text::markdown::{self, Flavor};

/// Longest comment, in bytes.
const BODY_BYTES: usize = 10_000;

/// What a comment says, and how many links readers see in it.
#[derive(Debug)]
pub(super) struct Body {
    pub text: String,
    pub links: usize,
}

/// Reads what a reader wrote: what the site does not let readers write is refused.
pub(super) fn of_reader(config: &Config, body: &str) -> Result<Body, UserError> {
    let body = of_desk(config, body)?;
    if config.comment_links == CommentLinks::Refuse && body.links > 0 {
        return Err(invalid("Comments have no links here: take them out."));
    }
    Ok(body)
}

/// Reads what somebody of the desk wrote.
pub(super) fn of_desk(config: &Config, body: &str) -> Result<Body, UserError> {
    let path = ["input", "body"];
    let body = input::lines(&path, body, BODY_BYTES)?;
    let text = body.trim();
    if text.is_empty() {
        return Err(UserError::new(UserErrorCode::Required, &path, "Write something."));
    }
    let outline = markdown::outline_of(text, Flavor::Comment);
    let is_web = |address: &String| input::web_address(&path, address).is_ok();
    let has_pictures = !outline.figures.is_empty() || !outline.foreign_pictures.is_empty();
    match config.comment_images {
        CommentImages::Refuse if has_pictures => {
            return Err(invalid("Comments have no pictures: take them out."));
        }
        CommentImages::Link
            if !outline.figures.is_empty() || !outline.foreign_pictures.iter().all(is_web) =>
        {
            return Err(invalid("Name a picture by an address that begins with http:// or https://."));
        }
        CommentImages::Refuse | CommentImages::Link => {}
    }
    if outline.is_too_deep {
        return Err(invalid("The comment nests too deeply."));
    }
    Ok(Body { text: text.to_owned(), links: markdown::links_in_comment(text) })
}

fn invalid(message: &str) -> UserError {
    UserError::new(UserErrorCode::Invalid, &["input", "body"], message)
}
