//! What a file says about itself: of XMP, IPTC and EXIF, what an editor would otherwise type, and the rights that must stay
//! with a picture. Whatever else stands there (place, device, software) is read by nobody.
//!
//! Anybody may have written it: it is read to a bound, and what can't be read is not there.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

/// Longest text that is taken, in characters.
const LONGEST: usize = 1_000;

/// Largest block of metadata that is looked at.
const LARGEST: usize = 1_000_000;

/// What a file says about itself, each a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// What it shows, where and when.
    pub caption: Option<String>,
    /// Who made it.
    pub creator: Option<String>,
    /// Whom to name beside it.
    pub credit: Option<String>,
    /// Whose it is.
    pub copyright: Option<String>,
    /// What may be done with it.
    pub usage_terms: Option<String>,
    /// Where its rights are told.
    pub rights_url: Option<String>,
}

/// The blocks of metadata in a file, as decoders find them.
#[derive(Default)]
pub(super) struct Blocks {
    pub(super) exif: Option<Vec<u8>>,
    pub(super) iptc: Option<Vec<u8>>,
    pub(super) xmp: Option<Vec<u8>>,
}

impl About {
    /// Reads the blocks: XMP is what agencies write last, EXIF what cameras wrote first.
    pub(super) fn read(blocks: Blocks) -> Self {
        let Blocks { exif, iptc, xmp } = blocks;
        let usable = |block: &Vec<u8>| block.len() <= LARGEST;
        let xmp = xmp.filter(usable).map(|block| of_xmp(&block)).unwrap_or_default();
        let iptc = iptc.filter(usable).map(|block| of_iptc(&block)).unwrap_or_default();
        let exif = exif.filter(usable).map(of_exif).unwrap_or_default();
        xmp.or(iptc).or(exif)
    }

    fn or(self, other: Self) -> Self {
        Self {
            caption: self.caption.or(other.caption),
            creator: self.creator.or(other.creator),
            credit: self.credit.or(other.credit),
            copyright: self.copyright.or(other.copyright),
            usage_terms: self.usage_terms.or(other.usage_terms),
            rights_url: self.rights_url.or(other.rights_url),
        }
    }

    /// An XMP packet of the rights alone; `None` where there are none.
    pub(super) fn rights_as_xmp(&self) -> Option<Vec<u8>> {
        let Self { caption: _, creator, credit, copyright, usage_terms, rights_url } = self;
        let list = |kind: &str, attribute: &str, text: &Option<String>, name: &str| {
            text.as_ref().map(|text| {
                format!(
                    "<{name}><rdf:{kind}><rdf:li{attribute}>{}</rdf:li></rdf:{kind}></{name}>",
                    escaped(text)
                )
            })
        };
        let plain = |text: &Option<String>, name: &str| {
            text.as_ref().map(|text| format!("<{name}>{}</{name}>", escaped(text)))
        };
        let default = " xml:lang=\"x-default\"";
        let properties: String = [
            list("Seq", "", creator, "dc:creator"),
            list("Alt", default, copyright, "dc:rights"),
            plain(credit, "photoshop:Credit"),
            list("Alt", default, usage_terms, "xmpRights:UsageTerms"),
            plain(rights_url, "xmpRights:WebStatement"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if properties.is_empty() {
            return None;
        }
        let packet = format!(
            "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
             <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" \
             xmlns:dc=\"{DC}\" xmlns:photoshop=\"{PHOTOSHOP}\" xmlns:xmpRights=\"{RIGHTS}\">{properties}</rdf:Description>\
             </rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>"
        );
        Some(packet.into_bytes())
    }

    /// Where a property stands.
    fn place(&mut self, namespace: &[u8], name: &[u8]) -> Option<&mut Option<String>> {
        Some(match (std::str::from_utf8(namespace).ok()?, name) {
            (DC, b"description") => &mut self.caption,
            (DC, b"creator") => &mut self.creator,
            (DC, b"rights") => &mut self.copyright,
            (PHOTOSHOP, b"Credit") => &mut self.credit,
            (RIGHTS, b"UsageTerms") => &mut self.usage_terms,
            (RIGHTS, b"WebStatement") => &mut self.rights_url,
            _ => return None,
        })
    }
}

const DC: &str = "http://purl.org/dc/elements/1.1/";
const PHOTOSHOP: &str = "http://ns.adobe.com/photoshop/1.0/";
const RIGHTS: &str = "http://ns.adobe.com/xap/1.0/rights/";

fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

/// One line of what people can read; `None` where nothing is.
fn line(text: &str) -> Option<String> {
    let readable: String =
        text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let folded = readable.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = folded.chars().take(LONGEST).collect();
    Some(cut.trim_end().to_owned()).filter(|text| !text.is_empty())
}

/// XMP (ISO 16684-1): properties are attributes of `rdf:Description`, or its elements; of lists, the first is taken, which is
/// the default language.
fn of_xmp(packet: &[u8]) -> About {
    let mut about = About::default();
    let mut reader = NsReader::from_reader(packet);
    let mut buffer = Vec::new();
    // The property that is open, how deep below it we are, and its first text so far.
    let mut open: Option<(Vec<u8>, Vec<u8>, usize, String)> = None;
    loop {
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(element)) => {
                attributes(&reader, &element, &mut about);
                if let Some((_, _, depth, _)) = &mut open {
                    *depth += 1;
                } else if let (ResolveResult::Bound(namespace), name) =
                    reader.resolver().resolve_element(element.name())
                {
                    let (namespace, name) = (namespace.as_ref().to_vec(), name.as_ref().to_vec());
                    if about.place(&namespace, &name).is_some() {
                        open = Some((namespace, name, 0, String::new()));
                    }
                }
            }
            Ok(Event::Empty(element)) => attributes(&reader, &element, &mut about),
            Ok(Event::Text(text)) => {
                if let (Some((_, _, _, found)), Ok(text)) = (&mut open, text.decode()) {
                    found.push_str(&text);
                }
            }
            Ok(Event::GeneralRef(reference)) => {
                if let Some((_, _, _, found)) = &mut open
                    && let Some(text) = referred(&reference)
                {
                    found.push_str(&text);
                }
            }
            Ok(Event::End(_)) => {
                if let Some((namespace, name, depth, found)) = open.take() {
                    // An element of a list ends with a text: that is the first.
                    if let Some(text) = line(&found) {
                        if let Some(place) = about.place(&namespace, &name) {
                            place.get_or_insert(text);
                        }
                        open = depth.checked_sub(1).map(|depth| (namespace, name, depth, String::new()));
                    } else {
                        open = depth.checked_sub(1).map(|depth| (namespace, name, depth, found));
                    }
                }
            }
            Ok(Event::Eof) | Err(_) => return about,
            Ok(_) => {}
        }
        buffer.clear();
    }
}

/// What `&amp;` and the like stand for; what a packet defines itself stands for nothing.
fn referred(reference: &quick_xml::events::BytesRef<'_>) -> Option<String> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Some(character.to_string());
    }
    let name = reference.decode().ok()?;
    quick_xml::escape::resolve_predefined_entity(&name).map(str::to_owned)
}

fn attributes(reader: &NsReader<&[u8]>, element: &BytesStart<'_>, about: &mut About) {
    for attribute in element.attributes().flatten() {
        let (ResolveResult::Bound(namespace), name) = reader.resolver().resolve_attribute(attribute.key)
        else {
            continue;
        };
        if let Some(place) = about.place(namespace.as_ref(), name.as_ref())
            && let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0)
            && let Some(text) = line(&value)
        {
            place.get_or_insert(text);
        }
    }
}

/// IPTC's Information Interchange Model, in Photoshop's image resource 0x0404.
fn of_iptc(resources: &[u8]) -> About {
    let mut about = About::default();
    let Some(records) = iptc_records(resources) else { return about };
    let mut is_utf8 = false;
    let mut rest = records;
    while let [0x1C, record, number, high, low, values @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some((value, after)) = values.split_at_checked(length) else { break };
        rest = after;
        let place = match (record, number) {
            (1, 90) => {
                is_utf8 = value == b"\x1B%G";
                continue;
            }
            (2, 120) => &mut about.caption,
            (2, 80) => &mut about.creator,
            (2, 110) => &mut about.credit,
            (2, 116) => &mut about.copyright,
            _ => continue,
        };
        if place.is_none() {
            *place = line(&words(value, is_utf8));
        }
    }
    about
}

/// UTF-8, or what old programs wrote in place of it.
fn words(value: &[u8], is_utf8: bool) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) if is_utf8 => String::from_utf8_lossy(value).into_owned(),
        Err(_) => value.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn iptc_records(mut resources: &[u8]) -> Option<&[u8]> {
    while let Some(resource) = resources.strip_prefix(b"8BIM") {
        let id = u16::from_be_bytes(*resource.first_chunk::<2>()?);
        // The name is padded to an even length, its own count included; so is the content.
        let name = usize::from(*resource.get(2)?) + 1;
        let at = 2 + name + name % 2;
        let length = u32::from_be_bytes(*resource.get(at..)?.first_chunk::<4>()?) as usize;
        let content = resource.get(at + 4..)?;
        let value = content.get(..length)?;
        if id == 0x0404 {
            return Some(value);
        }
        resources = content.get(length + length % 2..)?;
    }
    None
}

/// EXIF: who and whose. Its description is left out: cameras write their own names there.
fn of_exif(block: Vec<u8>) -> About {
    let mut reader = exif::Reader::new();
    reader.continue_on_error(true);
    let Ok(fields) = reader.read_raw(block).or_else(|error| error.distill_partial_result(|_| {})) else {
        return About::default();
    };
    let text = |tag: exif::Tag| {
        let field = fields.get_field(tag, exif::In::PRIMARY)?;
        let exif::Value::Ascii(values) = &field.value else { return None };
        line(&words(&values.join(&b' '), false))
    };
    About { creator: text(exif::Tag::Artist), copyright: text(exif::Tag::Copyright), ..About::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(xmp: &str) -> About {
        About::read(Blocks { xmp: Some(xmp.as_bytes().to_vec()), ..Blocks::default() })
    }

    #[test]
    fn xmp_is_read_in_both_forms() {
        let elements = format!(
            "<x:xmpmeta xmlns:x='adobe:ns:meta/'><r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><r:Description xmlns:d='{DC}' xmlns:p='{PHOTOSHOP}' p:Credit='AP &amp; co'>\
             <d:description><r:Alt><r:li xml:lang='x-default'>Cranes  &lt;at&#32;dusk&gt;\n</r:li><r:li>Kräne</r:li></r:Alt></d:description>\
             <d:creator><r:Seq><r:li>Ann</r:li><r:li>Bob</r:li></r:Seq></d:creator><d:rights></d:rights></r:Description></r:RDF></x:xmpmeta>"
        );
        let read = about(&elements);
        assert_eq!(read.caption.as_deref(), Some("Cranes <at dusk>"));
        assert_eq!(read.creator.as_deref(), Some("Ann"));
        assert_eq!(read.credit.as_deref(), Some("AP & co"));
        assert_eq!(read.copyright, None);
        for broken in ["", "<", "<a><b></a>", "words", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"] {
            assert_eq!(about(broken), About::default());
        }
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let said = About {
            caption: None,
            creator: Some("Ann \"A\" Author".to_owned()),
            credit: Some("AP & <co>".to_owned()),
            copyright: Some("© 2026 Ann".to_owned()),
            usage_terms: Some("For print alone".to_owned()),
            rights_url: Some("https://rights.example/1?a=b&c".to_owned()),
        };
        let packet = said.rights_as_xmp().unwrap();
        assert_eq!(About::read(Blocks { xmp: Some(packet), ..Blocks::default() }), said);
        assert_eq!(About { caption: Some("Words".to_owned()), ..About::default() }.rights_as_xmp(), None);
    }

    #[test]
    fn iptc_is_read_in_its_encodings() {
        let dataset = |number: u8, value: &[u8]| [&[0x1C, 2, number, 0, value.len() as u8], value].concat();
        let records =
            [dataset(120, b"Kr\xE4ne"), dataset(116, b"Ann\0"), dataset(80, "Jérôme".as_bytes())].concat();
        let mut resources = b"8BIM\x03\xED\0\0\0\0\0\x01x\0".to_vec();
        resources.extend_from_slice(b"8BIM\x04\x04\x03abc");
        resources.extend_from_slice(&(records.len() as u32).to_be_bytes());
        resources.extend_from_slice(&records);
        let read = of_iptc(&resources);
        assert_eq!(read.caption.as_deref(), Some("Kräne"));
        assert_eq!(read.copyright.as_deref(), Some("Ann"));
        assert_eq!(read.creator.as_deref(), Some("Jérôme"));
        for cut in 0..resources.len() {
            of_iptc(&resources[..cut]);
        }
    }
}
