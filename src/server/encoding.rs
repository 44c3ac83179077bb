//! Compressed answers: which form a client takes, and the forms of an answer that is kept, each made when it is first asked for.

use std::io::Write as _;
use std::sync::OnceLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, header};
use flate2::Compression;
use flate2::write::GzEncoder;

/// What is shorter gains nothing.
const SHORTEST: usize = 256;
/// Brotli's: about as fast as gzip, and smaller.
const QUALITY: u32 = 5;
const WINDOW: u32 = 22;
const BUFFER: usize = 4_096;

/// A form in which bytes go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// RFC 7932.
    Brotli,
    /// RFC 1952.
    Gzip,
}

impl Encoding {
    /// For `Content-Encoding`.
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        })
    }

    /// What a client likes best of these (RFC 9110, 12.5.3); `None` where it takes neither.
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        let (mut brotli, mut gzip, mut any) = (None, None, None);
        let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        for coding in values.flat_map(|value| value.split(',')) {
            let mut parts = coding.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0_f32);
            match name.to_ascii_lowercase().as_str() {
                "br" => brotli = Some(weight),
                "gzip" | "x-gzip" => gzip = Some(weight),
                "*" => any = Some(weight),
                _ => {}
            }
        }
        let (brotli, gzip) = (brotli.or(any).unwrap_or(0.0), gzip.or(any).unwrap_or(0.0));
        match (brotli > 0.0, gzip > 0.0) {
            (true, _) if brotli >= gzip => Some(Self::Brotli),
            (_, true) => Some(Self::Gzip),
            _ => None,
        }
    }

    /// These bytes in this form; `None` where they gain nothing by it.
    pub fn packed(self, plain: &[u8]) -> Option<Vec<u8>> {
        let packed = (plain.len() >= SHORTEST).then(|| self.of(plain).ok()).flatten();
        packed.filter(|packed| packed.len() < plain.len())
    }

    fn of(self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Brotli => {
                let mut packed = Vec::new();
                let mut writer = brotli::CompressorWriter::new(&mut packed, BUFFER, QUALITY, WINDOW);
                writer.write_all(bytes)?;
                writer.flush()?;
                drop(writer);
                Ok(packed)
            }
            Self::Gzip => {
                let mut writer = GzEncoder::new(Vec::new(), Compression::default());
                writer.write_all(bytes)?;
                writer.finish()
            }
        }
    }
}

/// Bytes in all the forms that were asked for.
#[derive(Debug, Default)]
pub struct Forms {
    brotli: OnceLock<Option<Bytes>>,
    gzip: OnceLock<Option<Bytes>>,
}

impl Forms {
    /// These bytes in a form; `None` where they gain nothing by it.
    pub fn get(&self, plain: &Bytes, encoding: Encoding) -> Option<Bytes> {
        let form = match encoding {
            Encoding::Brotli => &self.brotli,
            Encoding::Gzip => &self.gzip,
        };
        form.get_or_init(|| encoding.packed(plain).map(Bytes::from)).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn accepted(value: &str) -> Option<Encoding> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
        Encoding::accepted(&headers)
    }

    #[test]
    fn the_best_that_is_accepted_is_chosen() {
        assert_eq!(Encoding::accepted(&HeaderMap::new()), None);
        for (value, best) in [
            ("gzip, deflate, br, zstd", Some(Encoding::Brotli)),
            ("gzip", Some(Encoding::Gzip)),
            ("GZIP;q=0.5, br; q=0.4", Some(Encoding::Gzip)),
            ("br;q=0, gzip;q=0.1", Some(Encoding::Gzip)),
            ("br;q=0, *", Some(Encoding::Gzip)),
            ("*", Some(Encoding::Brotli)),
            ("*;q=0", None),
            ("identity", None),
            ("deflate, zstd", None),
            ("", None),
            ("gzip;q=what", Some(Encoding::Gzip)),
        ] {
            assert_eq!(accepted(value), best, "{value}");
        }
    }

    #[test]
    fn what_comes_out_is_what_went_in() {
        let plain = Bytes::from("All quays have lamps. ".repeat(500));
        let forms = Forms::default();
        let (brotli, gzip) =
            (forms.get(&plain, Encoding::Brotli).unwrap(), forms.get(&plain, Encoding::Gzip).unwrap());
        let (mut from_brotli, mut from_gzip) = (Vec::new(), Vec::new());
        brotli::Decompressor::new(&*brotli, BUFFER).read_to_end(&mut from_brotli).unwrap();
        flate2::read::GzDecoder::new(&*gzip).read_to_end(&mut from_gzip).unwrap();
        assert_eq!((&from_brotli, &from_gzip), (&plain.to_vec(), &plain.to_vec()));
        assert!(brotli.len() < 200 && gzip.len() < 400);
        assert_eq!(forms.get(&plain, Encoding::Gzip), Some(gzip), "made once");
        assert_eq!(Forms::default().get(&Bytes::from("{}"), Encoding::Gzip), None);
    }
}
