//! From Markdown to HTML.

use std::collections::HashMap;
use std::fmt::Write as _;

use comrak::html::ChildRendering;
use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, create_formatter, parse_document};

use super::options::{Flavor, options};
use super::outline::{PlacedFigure, not_blank, plain_text};
use super::sanitize::{OURS, sanitize};
use crate::id::ImageId;
use crate::text::anchors::Anchors;

/// What rendering needs to know of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Where it is served.
    pub url: String,
    /// What it shows, for who can't see it.
    pub alt: String,
    /// Caption where the place gives none.
    pub caption: Option<String>,
    /// Who made it.
    pub credit: Option<String>,
    /// Pixels.
    pub width: i32,
    /// Pixels.
    pub height: i32,
}

/// Renders a text to sanitized HTML. Anchors go on from those given, and those after it are left there.
pub fn html(markdown: &str, pictures: &HashMap<ImageId, Picture>, anchors: &mut Anchors) -> String {
    html_of(markdown, Flavor::Article, pictures, anchors)
}

/// The same of a text of this flavor.
pub fn html_of(
    markdown: &str,
    flavor: Flavor,
    pictures: &HashMap<ImageId, Picture>,
    anchors: &mut Anchors,
) -> String {
    let arena = Arena::new();
    let root = parse_document(&arena, &markdown.replace(OURS, ""), &options(flavor));
    let mut unsafe_html = String::new();
    let links_pictures = flavor == Flavor::Comment;
    let rendering =
        Rendering { links_pictures, pictures: pictures.clone(), anchors: std::mem::take(anchors) };
    match Formatter::format_document(root, &options(flavor), &mut unsafe_html, rendering) {
        Ok(rendered) => *anchors = rendered.anchors,
        // Writing to a string can't fail; were it to, nothing is shown rather than half.
        Err(std::fmt::Error) => return String::new(),
    }
    let addresses = pictures.values().map(|picture| picture.url.clone()).collect();
    sanitize(&unsafe_html, addresses, flavor)
}

/// Renders a short text without pictures or anchors: a biography.
pub fn simple_html(markdown: &str) -> String {
    html_of(markdown, Flavor::Short, &HashMap::new(), &mut Anchors::default())
}

/// Renders a comment.
pub fn comment_html(markdown: &str) -> String {
    html_of(markdown, Flavor::Comment, &HashMap::new(), &mut Anchors::default())
}

/// How many links readers see in a comment, however they are written: Markdown, bare addresses, raw HTML, pictures. Counted
/// in what is shown, where nothing but a link begins so.
pub fn links_in_comment(markdown: &str) -> usize {
    comment_html(markdown).matches("<a ").count()
}

/// What the formatter carries along.
#[derive(Default)]
struct Rendering {
    links_pictures: bool,
    pictures: HashMap<ImageId, Picture>,
    anchors: Anchors,
}

create_formatter!(Formatter<Rendering>, {
    NodeValue::Heading(ref heading) => |context, node, entering| {
        if entering {
            let anchor = context.user.anchors.in_body(&plain_text(node));
            write!(context, "<h{} id=\"{OURS}{anchor}\">", heading.level)?;
        } else {
            writeln!(context, "</h{}>", heading.level)?;
        }
    },
    NodeValue::Paragraph => |context, node, entering| {
        if let Some(figure) = lone_picture(node) {
            if entering {
                write_figure(context, &figure)?;
            }
            return Ok(ChildRendering::Skip);
        }
        return comrak::html::format_node_default(context, node, entering);
    },
    NodeValue::Image(ref link) => |context, node, entering| {
        if context.user.links_pictures {
            if entering {
                write!(context, "<a href=\"{}\">", escape(&link.url))?;
                if node.first_child().is_none() {
                    context.write_str(&escape(&link.url))?;
                }
            } else {
                context.write_str("</a>")?;
            }
            return Ok(ChildRendering::HTML);
        }
        if entering {
            let picture = link.url.parse().ok().and_then(|id: ImageId| context.user.pictures.get(&id).cloned());
            if let Some(picture) = picture {
                write_picture(context, &picture)?;
            }
        }
        return Ok(ChildRendering::Skip);
    },
});

/// The picture that a paragraph consists of, if it consists of one.
fn lone_picture<'a>(paragraph: &'a AstNode<'a>) -> Option<PlacedFigure> {
    let first = paragraph.first_child()?;
    if first.next_sibling().is_some() {
        return None;
    }
    match &first.data().value {
        NodeValue::Image(link) => {
            Some(PlacedFigure { image: link.url.parse().ok()?, caption: not_blank(&link.title) })
        }
        _ => None,
    }
}

fn write_figure(context: &mut comrak::html::Context<Rendering>, figure: &PlacedFigure) -> std::fmt::Result {
    let Some(picture) = context.user.pictures.get(&figure.image).cloned() else { return Ok(()) };
    context.write_str("<figure>")?;
    write_picture(context, &picture)?;
    let caption = figure.caption.as_ref().or(picture.caption.as_ref());
    if caption.is_some() || picture.credit.is_some() {
        context.write_str("<figcaption>")?;
        if let Some(caption) = caption {
            write!(context, "<span class=\"caption\">{}</span>", escape(caption))?;
        }
        if let Some(credit) = &picture.credit {
            let space = if caption.is_some() { " " } else { "" };
            write!(context, "{space}<small class=\"credit\">{}</small>", escape(credit))?;
        }
        context.write_str("</figcaption>")?;
    }
    context.write_str("</figure>\n")
}

fn write_picture(context: &mut comrak::html::Context<Rendering>, picture: &Picture) -> std::fmt::Result {
    let Picture { url, alt, width, height, caption: _, credit: _ } = picture;
    write!(
        context,
        "<img src=\"{}\" alt=\"{}\" width=\"{width}\" height=\"{height}\" loading=\"lazy\">",
        escape(url),
        escape(alt)
    )
}

/// Escapes text for HTML, inside elements and inside quoted attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
