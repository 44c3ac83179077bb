//! What a text given by a client may hold. Texts are kept in Unicode's composed form (NFC), so that equal words are equal
//! bytes.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use crate::error::{UserError, UserErrorCode};

/// Whether a text can stand in the database at all; one that can't, is found nowhere.
pub fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

/// Characters that nobody sees: a text of these alone is blank.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// One line: spaces folded and trimmed; not blank; no control characters; at most `limit` characters.
pub fn line(path: &[&str], text: &str, limit: usize) -> Result<String, UserError> {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let folded = composed(folded.into());
    if folded.chars().all(is_invisible) {
        return Err(UserError::new(UserErrorCode::Required, path, "Give a text that is not blank."));
    }
    check(path, folded, limit, |character| character.is_control())
}

/// One line that may be left out: blank is the same as absent.
pub fn optional_line(path: &[&str], text: Option<&str>, limit: usize) -> Result<Option<String>, UserError> {
    match text {
        Some(text) if !text.chars().all(|character| character.is_whitespace() || is_invisible(character)) => {
            line(path, text, limit).map(Some)
        }
        _ => Ok(None),
    }
}

/// A text of several lines: line ends are `\n`; no control characters but tabs; at most `limit` bytes.
pub fn lines(path: &[&str], text: &str, limit: usize) -> Result<String, UserError> {
    let unified: Cow<str> =
        if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() };
    let unified = composed(unified);
    if unified.len() > limit {
        let message = format!("At most {limit} bytes are allowed; this has {}.", unified.len());
        return Err(UserError::new(UserErrorCode::TooLong, path, message));
    }
    check(path, unified, usize::MAX, |character| character.is_control() && !matches!(character, '\n' | '\t'))
}

/// In NFC. Nearly every text is: that is seen without taking it apart.
fn composed(text: Cow<str>) -> String {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.into_owned(),
        IsNormalized::Maybe | IsNormalized::No => text.nfc().collect(),
    }
}

fn check(
    path: &[&str],
    text: String,
    limit: usize,
    refused: impl Fn(char) -> bool,
) -> Result<String, UserError> {
    if let Some(character) = text.chars().find(|&character| refused(character)) {
        let message = format!("The character U+{:04X} is not allowed; take it out.", u32::from(character));
        return Err(UserError::new(UserErrorCode::Invalid, path, message));
    }
    let length = text.chars().count();
    if length > limit {
        let message = format!("At most {limit} characters are allowed; this has {length}.");
        return Err(UserError::new(UserErrorCode::TooLong, path, message));
    }
    Ok(text)
}

/// The name of a person: one line without marks that turn the direction of what follows, and without letters that nobody
/// sees. (The joiners U+200C and U+200D belong to some scripts' spelling.)
pub fn name(path: &[&str], text: &str, limit: usize) -> Result<String, UserError> {
    let name = line(path, text, limit)?;
    check(path, name, limit, is_unfit_for_a_name)
}

fn is_unfit_for_a_name(character: char) -> bool {
    matches!(
        character,
        '\u{115F}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}' | '\u{E0000}'..='\u{E0FFF}'
    ) || (is_invisible(character) && !matches!(character, '\u{200C}' | '\u{200D}'))
}

/// An e-mail address as it is compared: composed, in lower case.
pub fn folded_email(text: &str) -> String {
    text.trim().nfc().collect::<String>().to_lowercase()
}

/// An e-mail address (RFC 5321, with RFC 6531's letters), in lower case; no name around it.
pub fn email(path: &[&str], text: &str) -> Result<String, UserError> {
    let options = email_address::Options::default().without_display_text();
    let address = check(path, folded_email(text), 254, char::is_control)?;
    if address.is_empty() {
        return Err(UserError::new(UserErrorCode::Required, path, "Give an e-mail address."));
    }
    match email_address::EmailAddress::parse_with_options(&address, options) {
        Ok(read) if is_host(read.domain()) && !address.chars().any(is_invisible) => Ok(unquoted(&read)),
        _ => Err(UserError::new(
            UserErrorCode::Invalid,
            path,
            "Give an e-mail address such as name@example.org.",
        )),
    }
}

/// Without quotation marks that nothing needs: they name the same mailbox (RFC 5321, 4.1.2).
fn unquoted(address: &email_address::EmailAddress) -> String {
    let bare = address.local_part().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match bare {
        Some(bare)
            if !bare.contains(['"', '\\']) && email_address::EmailAddress::is_valid_local_part(bare) =>
        {
            format!("{bare}@{}", address.domain())
        }
        _ => address.as_str().to_owned(),
    }
}

/// Labels of letters, digits and hyphens; or in brackets an IP address as RFC 5321, 4.1.3, writes it. (The library is laxer.)
fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        let is_edged = label.starts_with('-') || label.ends_with('-');
        !is_edged && label.chars().all(|character| character.is_alphanumeric() || character == '-')
    };
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        None => host.split('.').all(is_label),
        Some(literal) => match literal.strip_prefix("ipv6:") {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => literal.parse::<std::net::Ipv4Addr>().is_ok(),
        },
    }
}

/// A web address: http or https with a host; at most 2,000 characters.
pub fn web_address(path: &[&str], text: &str) -> Result<String, UserError> {
    let address = line(path, text, 2_000)?;
    match url::Url::parse(&address) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => Ok(url.into()),
        _ => Err(UserError::new(
            UserErrorCode::Invalid,
            path,
            "Give a web address that begins with http:// or https://.",
        )),
    }
}

/// A language tag (BCP 47 in its common shapes): `en`, `pt-BR`, `zh-Hant-TW`.
pub fn locale(path: &[&str], text: &str) -> Result<String, UserError> {
    let tag = line(path, text, 35)?;
    let mut parts = tag.split('-');
    let language = parts.next().is_some_and(|part| {
        (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase())
    });
    let rest = parts
        .all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if language && rest {
        Ok(tag)
    } else {
        Err(UserError::new(UserErrorCode::Invalid, path, "Give a language tag such as en, de-AT or zh-Hant."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_folded_and_bounded() {
        assert_eq!(line(&[], "  The\n  tide ", 20).unwrap(), "The tide");
        assert_eq!(line(&[], "Cafe\u{301}", 4).unwrap(), "Café");
        assert_eq!(line(&[], " \t ", 20).unwrap_err().code, UserErrorCode::Required);
        assert_eq!(line(&[], "\u{200B}\u{2060}", 20).unwrap_err().code, UserErrorCode::Required);
        assert_eq!(line(&[], "abc", 2).unwrap_err().code, UserErrorCode::TooLong);
        assert_eq!(line(&[], "a\0b", 20).unwrap_err().code, UserErrorCode::Invalid);
    }

    #[test]
    fn addresses_are_told_from_what_is_none() {
        for good in [
            "a@b.co",
            "first.last+tag@mail.example.org",
            "o'neill@example.ie",
            "jürgen@bücher.example",
            "用户@例子.广告",
            "Desk@Example.ORG",
            "!#$%&'*+-/=?^_`{|}~@example.org",
            "\"much.more unusual\"@example.org",
            "\"very.(),:;<>[]\\\".very@\\\\ \\\"very\\\".unusual\"@strange.example.org",
            "\" \"@example.org",
            "user@localhost",
            "user@[192.0.2.1]",
            "user@[IPv6:2001:db8::1]",
            "1234567890123456789012345678901234567890123456789012345678901234@example.org",
            "a@1.2.example",
            "xn--80akhbyknj4f@xn--e1afmkfd.example",
        ] {
            assert_eq!(email(&[], &format!(" {good} ")).as_deref(), Ok(good.to_lowercase().as_str()));
        }
        let long_name = format!("{}@example.org", "a".repeat(65));
        let long_label = format!("a@{}.org", "b".repeat(64));
        let long = format!("a@{}org", "bcde.".repeat(60));
        for bad in [
            "",
            " ",
            "a",
            "@b.co",
            "a@",
            "a b@c.de",
            "a@b..c",
            ".a@b.c",
            "a.@b.c",
            "a..b@c.de",
            "a@-b.c",
            "a@b-.c",
            "a@b@c",
            "a@b c",
            "a\"b\"c@d.org",
            "a\\@b.c",
            "a@[192.0.2.999]",
            "a@[x",
            "a@b_c.org",
            "Ada <ada@example.org>",
            "<ada@example.org>",
            "ada@example.org, bob@example.org",
            "mailto:ada@example.org>",
            "a\r\nBcc: x@y.z@b.c",
            "a@b.c\r\nBcc: x@y.z",
            "a\0@b.c",
            "a@b.c\u{200B}",
            "a\u{202E}@b.c",
            "a@b.c/d",
            &long_name,
            &long_label,
            &long,
        ] {
            assert!(email(&[], bad).is_err(), "{bad:?}");
        }
        assert_eq!(name(&[], "  Žofie  O'Neill-Đặng ", 100).as_deref(), Ok("Žofie O'Neill-Đặng"));
        assert!(name(&[], "علی\u{200C}رضا", 100).is_ok());
        assert_eq!(email(&[], "\"ada.kern\"@desk.example").as_deref(), Ok("ada.kern@desk.example"));
        for unseen in ["\u{3164}\u{115F}\u{2800}", "\u{E0041}\u{E0042}", "Ada\u{3164}Kern", "Ada\u{200B}"] {
            assert!(name(&[], unseen, 100).is_err(), "{unseen:?}");
        }
        assert_eq!(name(&[], "Ada \u{202E}rotidE", 100).unwrap_err().code, UserErrorCode::Invalid);
        assert!(web_address(&[], "https://example.org/a?b#c").is_ok());
        for bad in ["javascript:alert(1)", "ftp://a", "//example.org", "http://", "data:text/html,x"] {
            assert!(web_address(&[], bad).is_err(), "{bad:?}");
        }
        assert!(
            locale(&[], "zh-Hant-TW").is_ok()
                && locale(&[], "english").is_err()
                && locale(&[], "en_US").is_err()
        );
    }
}
