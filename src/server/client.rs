//! Where a request comes from. The connection's own address counts; behind proxies that are trusted, what they say does, hop by
//! hop from the nearest: the first address that is not a trusted proxy's is the client's. What stands before it was written
//! by the client itself and says nothing.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::{HeaderMap, header};
use ipnet::IpNet;

use crate::config::{Config, ForwardedHeader};
use crate::operation::Client;

/// Longest name of a client that is kept, in bytes.
const LONGEST_USER_AGENT: usize = 500;

/// Who sent a request.
pub fn of(config: &Config, peer: Option<SocketAddr>, headers: &HeaderMap) -> Client {
    let peer = peer.map(|peer| peer.ip().to_canonical());
    if let Some(peer) = peer {
        warn_of_unknown_proxy(config, peer, headers);
    }
    let user_agent = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .filter(|name| !name.is_empty() && name.len() <= LONGEST_USER_AGENT)
        .map(str::to_owned);
    let address = peer.map(|peer| address(&config.trusted_proxies, config.forwarded_header, peer, headers));
    Client { address, user_agent }
}

/// The client's address, as far as the proxies in between are trusted.
fn address(trusted: &[IpNet], header: ForwardedHeader, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut nearest = peer;
    if !is_trusted(&nearest) {
        return nearest;
    }
    for hop in hops(header, headers) {
        // Garbled or hidden: whoever wrote it was trusted, and what is before it can't be told from a lie.
        let Some(address) = hop else { return nearest };
        nearest = address;
        if !is_trusted(&nearest) {
            return nearest;
        }
    }
    nearest
}

/// The hops that the header names, the nearest first; `None` where one names no address.
fn hops(header: ForwardedHeader, headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let name = match header {
        ForwardedHeader::XForwardedFor => "x-forwarded-for",
        ForwardedHeader::Forwarded => "forwarded",
    };
    let lines: Vec<&str> = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("?")).collect();
    lines.into_iter().rev().flat_map(move |line| match header {
        ForwardedHeader::XForwardedFor => line.rsplit(',').map(|element| node(element.trim())).collect(),
        ForwardedHeader::Forwarded => from_the_end(line, ',').map(forwarded_for).collect::<Vec<_>>(),
    })
}

/// The `for` of one element of `Forwarded` (RFC 7239, 4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    from_the_end(element, ';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| node(value.trim().trim_matches('"')))?
    })
}

/// An address, with or without brackets and a port.
fn node(text: &str) -> Option<IpAddr> {
    let bare = |text: &str| text.parse::<IpAddr>().ok();
    let in_brackets = |text: &str| bare(text.strip_prefix('[')?.strip_suffix(']')?);
    let with_port = |text: &str| text.parse::<SocketAddr>().ok().map(|node| node.ip());
    bare(text).or_else(|| in_brackets(text)).or_else(|| with_port(text)).map(|address| address.to_canonical())
}

/// Splits at a separator that stands outside quotation marks, from the end: what a client left open at the beginning can't
/// swallow what a proxy wrote after it.
fn from_the_end(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.rsplit(move |character| {
        is_quoted ^= character == '"';
        character == separator && !is_quoted
    })
}

/// All who come through a proxy that isn't known share its address, and with it the limits: the operator should hear of it.
fn warn_of_unknown_proxy(config: &Config, peer: IpAddr, headers: &HeaderMap) {
    static IS_SAID: AtomicBool = AtomicBool::new(false);
    let is_near = match peer {
        IpAddr::V4(address) => address.is_private() || address.is_loopback(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_loopback(),
    };
    let speaks_for_others = headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded");
    let is_trusted = config.trusted_proxies.iter().any(|network| network.contains(&peer));
    if is_near && speaks_for_others && !is_trusted && !IS_SAID.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            %peer,
            "a proxy that is not in trusted_proxies sends requests: all who come through it are counted as one"
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRUSTED: [&str; 3] = ["10.0.0.0/8", "fd00::/8", "192.0.2.7/32"];

    fn told(header: ForwardedHeader, peer: &str, lines: &[&str]) -> String {
        let trusted = TRUSTED.map(|network| network.parse().unwrap());
        let name = if header == ForwardedHeader::Forwarded { "forwarded" } else { "x-forwarded-for" };
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, line.parse().unwrap());
        }
        address(&trusted, header, peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_stranger_is_who_connects_whatever_it_says() {
        for line in ["1.2.3.4", "10.0.0.1", ""] {
            assert_eq!(told(ForwardedHeader::XForwardedFor, "203.0.113.9", &[line]), "203.0.113.9");
        }
    }

    #[test]
    fn trusted_hops_are_passed_and_what_a_client_claims_is_not() {
        for (lines, expected) in [
            (&[][..], "10.0.0.1"),
            (&["203.0.113.9"], "203.0.113.9"),
            (&["1.2.3.4, 203.0.113.9"], "203.0.113.9"),
            (&["1.2.3.4", "203.0.113.9, 192.0.2.7"], "203.0.113.9"),
            (&["10.9.9.9, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            (&["2001:db8::5, fd00::1"], "2001:db8::5"),
            (&["[2001:db8::5]:443"], "2001:db8::5"),
            (&["203.0.113.9:51000"], "203.0.113.9"),
            (&["::ffff:203.0.113.9"], "203.0.113.9"),
            (&["203.0.113.9, unknown"], "10.0.0.1"),
            (&["203.0.113.9, <script>, 192.0.2.7"], "192.0.2.7"),
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ] {
            assert_eq!(told(ForwardedHeader::XForwardedFor, "10.0.0.1", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn forwarded_is_read_as_the_specification_writes_it() {
        for (line, expected) in [
            ("for=203.0.113.9", "203.0.113.9"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=1.2.3.4, by=10.0.0.1;proto=https;for=203.0.113.9;host=\"a,b;c\"", "203.0.113.9"),
            ("for=203.0.113.9, for=unknown", "10.0.0.1"),
            ("for=203.0.113.9, for=_hidden, for=192.0.2.7", "192.0.2.7"),
            ("proto=https", "10.0.0.1"),
        ] {
            assert_eq!(told(ForwardedHeader::Forwarded, "10.0.0.1", &[line]), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn nothing_before_the_first_stranger_counts(claims in "[ -~]{0,60}", header in prop_oneof![Just("x"), Just("f")]) {
            let (header, line) = match header {
                "x" => (ForwardedHeader::XForwardedFor, format!("{claims}, 203.0.113.9, 10.0.0.2")),
                _ => (ForwardedHeader::Forwarded, format!("{claims}, for=203.0.113.9;host=\"a, for=10.1.1.1\", for=10.0.0.2")),
            };
            prop_assert_eq!(told(header, "10.0.0.1", &[&line]), "203.0.113.9");
        }
    }
}
