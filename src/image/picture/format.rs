//! What a file is, by its first bytes; its name is only asked whether it agrees.

use image::ImageFormat;

use super::Refused;

/// A kind of picture that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Jpeg,
    Png,
    Gif,
    WebP,
    Avif,
}

impl Format {
    /// What its bytes say.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, Refused> {
        if let Some(brands) = brands(bytes) {
            return if brands.first() == Some(&b"avis") {
                Err(Refused(
                    "A moving AVIF is not accepted: export a moving WebP or GIF, or a still picture."
                        .to_owned(),
                ))
            } else if brands.contains(&b"avif") {
                Ok(Self::Avif)
            } else if brands.iter().any(|brand| HEIC_BRANDS.contains(brand)) {
                Err(Refused(
                    "HEIC files are not accepted: export the picture as JPEG. (On an iPhone: Settings, Camera, Formats, Most Compatible.)"
                        .to_owned(),
                ))
            } else {
                Err(Refused(format!("The file is a film, not a picture: {ACCEPTED} are accepted.")))
            };
        }
        match image::guess_format(bytes) {
            Ok(ImageFormat::Jpeg) => Ok(Self::Jpeg),
            Ok(ImageFormat::Png) => Ok(Self::Png),
            Ok(ImageFormat::Gif) => Ok(Self::Gif),
            Ok(ImageFormat::WebP) => Ok(Self::WebP),
            Ok(other) => {
                let name = other.extensions_str().first().unwrap_or(&"?").to_uppercase();
                Err(Refused(format!("{name} files are not accepted: export the picture as JPEG or PNG.")))
            }
            Err(_) if is_markup(bytes) => Err(Refused(
                "SVG and other markup is not accepted, since it may hold scripts: export the picture as PNG."
                    .to_owned(),
            )),
            Err(_) => Err(Refused(format!("The file is not a picture: {ACCEPTED} are accepted."))),
        }
    }

    /// Its media type.
    pub(super) const fn mime_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
            Self::Avif => "image/avif",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "a JPEG",
            Self::Png => "a PNG",
            Self::Gif => "a GIF",
            Self::WebP => "a WebP",
            Self::Avif => "an AVIF",
        }
    }

    /// Whether a file of this name may be it: a name that promises another kind is a mistake somewhere, and whoever made it
    /// should look. A name that promises nothing is fine.
    pub(super) fn agrees_with(self, file_name: &str) -> Result<(), Refused> {
        let Some((_, ending)) = file_name.rsplit_once('.') else { return Ok(()) };
        let promised = match ending.to_ascii_lowercase().as_str() {
            "jpg" | "jpeg" | "jpe" | "jfif" => Some(Self::Jpeg),
            "png" | "apng" => Some(Self::Png),
            "gif" => Some(Self::Gif),
            "webp" => Some(Self::WebP),
            "avif" => Some(Self::Avif),
            "heic" | "heif" | "svg" | "svgz" | "tif" | "tiff" | "bmp" | "ico" | "psd" | "pdf" => None,
            _ => return Ok(()),
        };
        if promised == Some(self) {
            return Ok(());
        }
        Err(Refused(format!(
            "The file's name ends in .{ending}, and its content is {}: export the picture anew, or give the file its right name.",
            self.name()
        )))
    }
}

const ACCEPTED: &str = "JPEG, PNG, GIF, WebP and AVIF";

const HEIC_BRANDS: &[&[u8; 4]] = &[
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1", b"miaf", b"j2ki",
    b"jpeg",
];

/// The brands of an ISO media file (ISO/IEC 14496-12, 4.3), its main one first.
fn brands(bytes: &[u8]) -> Option<Vec<&[u8; 4]>> {
    let size = bytes.first_chunk::<4>().map(|size| u32::from_be_bytes(*size) as usize)?;
    if bytes.get(4..8)? != b"ftyp" {
        return None;
    }
    let body = bytes.get(8..size.clamp(12, 512).min(bytes.len()))?;
    let words = body.as_chunks::<4>().0;
    // The second word is the main brand's version.
    Some(words.iter().enumerate().filter(|(at, _)| *at != 1).map(|(_, brand)| brand).collect())
}

fn is_markup(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    // gzip: SVGZ is the one picture in it.
    bytes.trim_ascii_start().starts_with(b"<") || bytes.starts_with(&[0x1F, 0x8B])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        for (bytes, words) in [
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>".as_slice(), "PNG"),
            (b"\xEF\xBB\xBF <?xml version='1.0'?><svg/>", "SVG"),
            (b"\x1F\x8B\x08\0", "SVG"),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
            (b"\0\0\0\x18ftypmif1\0\0\0\0heix", "HEIC"),
            (b"\0\0\0\x18ftypmp42\0\0\0\0isom", "film"),
            (b"BM\x46\0\0\0\0\0\0\0", "BMP"),
            (b"II*\0\x08\0\0\0", "TIFF"),
            (b"plain words", "not a picture"),
            (b"\0\0\0\x04ftyp", "not a picture"),
            (b"", "not a picture"),
        ] {
            let Refused(message) = Format::of(bytes).unwrap_err();
            assert!(message.contains(words), "{message}");
        }
        assert_eq!(Format::of(b"\0\0\0\x18ftypmif1\0\0\0\0miafavif"), Ok(Format::Avif));
        assert_eq!(Format::of(b"GIF89a..."), Ok(Format::Gif));
    }

    #[test]
    fn a_name_that_promises_another_kind_is_refused() {
        for name in ["photo", "photo.", "photo.JPG", "a.b.jpeg", ".gitignore", "photo.orf", ""] {
            assert_eq!(Format::Jpeg.agrees_with(name), Ok(()), "{name}");
        }
        for name in ["photo.png", "photo.jpg.GIF", "photo.heic", "photo.svg"] {
            assert!(Format::Jpeg.agrees_with(name).unwrap_err().0.contains("a JPEG"), "{name}");
        }
    }
}
