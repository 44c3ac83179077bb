//! Markdown (CommonMark with GitHub's extensions): parsed once, read for its figures, headings and words, rendered to
//! HTML, and always sanitized. Raw HTML in a text passes the sanitizer like the rest.

mod addresses;
mod html;
mod options;
mod outline;
mod sanitize;

pub use addresses::with_addresses;
pub use html::{Picture, comment_html, escape, html, html_of, links_in_comment, simple_html};
pub use options::{DEEPEST, Flavor};
pub use outline::{Outline, OutlineHeading, PlacedFigure, figures, headings, outline, outline_of};

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::id::ImageId;
    use crate::text::anchors::Anchors;

    const ID: &str = "img_00000000000070008000000000000001";

    fn pictures() -> HashMap<ImageId, Picture> {
        let picture = Picture {
            url: "https://desk.example/media/x.jpg".to_owned(),
            alt: "A \"crane\"".to_owned(),
            caption: Some("The harbor".to_owned()),
            credit: Some("J. Doe".to_owned()),
            width: 4,
            height: 3,
        };
        HashMap::from([(ID.parse().unwrap(), picture)])
    }

    #[test]
    fn an_outline_names_what_a_text_holds() {
        let text = format!(
            "# One *two*\n\nWords and `code`.\n\n![]({ID} \"Here\")\n\n![](http://x/y.png) [bad](javascript:x) [ok](https://x)"
        );
        let outline = outline(&text);
        assert_eq!(outline.headings, [OutlineHeading { level: 1, text: "One two".to_owned() }]);
        assert_eq!(outline.figures.len(), 1);
        assert_eq!(outline.figures[0].caption.as_deref(), Some("Here"));
        assert_eq!(outline.foreign_pictures, ["http://x/y.png"]);
        assert_eq!(outline.foreign_links, ["javascript:x"]);
        assert!(outline.text.starts_with("One two\nWords and code."), "{:?}", outline.text);
        assert!(super::outline(&">".repeat(5_000)).is_too_deep);
        assert_eq!(super::outline("write to desk@example.org").foreign_links, Vec::<String>::new());
        assert_eq!(super::outline("[us](mailto:desk@example.org)").foreign_links.len(), 1);
    }

    #[test]
    fn a_lone_picture_is_a_figure_with_caption_and_credit() {
        let html = html(&format!("![]({ID} \"For <here>\")"), &pictures(), &mut Anchors::default());
        insta::assert_snapshot!(html, @r#"<figure><img src="https://desk.example/media/x.jpg" alt="A &quot;crane&quot;" width="4" height="3" loading="lazy"><figcaption><span class="caption">For &lt;here&gt;</span> <small class="credit">J. Doe</small></figcaption></figure>"#);
    }

    #[test]
    fn headings_are_anchored_on_from_those_before() {
        let mut anchors = Anchors::default();
        anchors.section(Some("Costs"), 1);
        assert_eq!(
            html("## Costs\n\n## Costs", &HashMap::new(), &mut anchors).trim(),
            "<h2 id=\"costs-2\">Costs</h2>\n<h2 id=\"costs-3\">Costs</h2>"
        );
    }

    #[test]
    fn nothing_that_runs_comes_out() {
        for text in [
            "<script>alert(1)</script>",
            "[x](javascript:alert(1))",
            "<img src=x onerror=alert(1)>",
            "<a href=\" javascript:alert(1)\">x</a>",
            "<svg onload=alert(1)>",
            "![](\"onerror=alert(1))",
            "<iframe src=https://x></iframe>",
            "[x](data:text/html,<b>)",
            "<style>*{}</style>",
            "<p style=\"x\" onclick=\"y\">z</p>",
            "[a](vbscript:x)",
            "<form><button formaction=javascript:x>",
            "<a href=\"/relative\">x</a>",
        ] {
            let html = simple_html(text);
            for word in [
                "<script",
                "javascript:",
                "onerror",
                "onload",
                "onclick",
                "<iframe",
                "data:",
                "<style",
                "vbscript",
                "style=",
                "<form",
                "src=",
                "href=\"/",
            ] {
                assert!(!html.contains(word), "{text} gave {html}");
            }
        }
    }

    #[test]
    fn links_of_readers_are_told_and_counted() {
        let rel = "rel=\"nofollow ugc noopener\"";
        for (text, links) in [
            ("no link, but a < b and <a href", 0),
            ("`https://x.example`", 0),
            ("[x](https://x.example)", 1),
            ("https://x.example and www.y.example", 2),
            ("<a href=\"https://x.example\">x</a> <A HREF='https://y.example'>y</A>", 2),
            ("[x][r]\n\n[r]: https://x.example", 1),
            ("![a tram](https://x.example/t.jpg)", 1),
            ("![](https://x.example/t.jpg)", 1),
            ("me@x.example", 1),
        ] {
            let html = comment_html(text);
            assert_eq!(links_in_comment(text), links, "{text}: {html}");
            assert_eq!(html.matches(rel).count(), links, "{text}: {html}");
            assert!(!html.contains("<img"), "{html}");
        }
        let picture = comment_html("![](https://x.example/t.jpg)");
        assert!(picture.contains(">https://x.example/t.jpg</a>"), "{picture}");
        assert!(simple_html("[x](https://x.example)").contains("rel=\"noopener\""));
        assert!(!comment_html("![x](javascript:alert(1))").contains("javascript"));
    }

    #[test]
    fn ids_are_ours_alone() {
        let html = html(
            "## Costs\n\n<h2 id=\"costs\">x</h2><a id=\"y\">z</a>\u{E000}",
            &HashMap::new(),
            &mut Anchors::default(),
        );
        assert_eq!(html.matches("id=").count(), 1, "{html}");
        assert!(html.starts_with("<h2 id=\"costs\">"));
    }

    #[test]
    fn a_small_text_makes_no_large_page() {
        let bomb = format!("{}\n{}\n{}", "|x".repeat(1_000), "|-".repeat(1_000), "a\n".repeat(2_900));
        assert!(simple_html(&bomb).len() < 20_000);
        assert!(outline(&bomb).is_too_wide);
    }

    #[test]
    fn ids_become_addresses_where_they_are_pictures() {
        let text =
            format!("![a]( {ID} \"x\") `({ID})` ![b][r]\n\n[r]:   {ID}\n\n| t |\n|---|\n| ![]({ID}) |");
        let replaced = with_addresses(&text, &pictures());
        assert_eq!(replaced.matches("https://desk.example/media/x.jpg").count(), 3, "{replaced}");
        assert!(replaced.contains(&format!("`({ID})`")));
    }

    proptest! {
        #[test]
        fn any_text_renders_and_never_runs(text in "[\\PC\\n<>\"'`*_\\[\\]()#!&-]{0,200}") {
            let html = simple_html(&text);
            prop_assert!(!html.to_lowercase().contains("<script"));
            outline(&text);
            with_addresses(&text, &pictures());
        }
    }
}
