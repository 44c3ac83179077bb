//! Ids with a kind: a UUIDv7 (RFC 9562) in the database, `art_01920c3e…` to clients.

use std::fmt;
use std::str::FromStr;

use sea_orm::DeriveValueType;
use uuid::Uuid;
use uuid::fmt::Simple;

use crate::clock::{Chance, Clock};

/// What every id can do.
pub trait GlobalId: Copy + fmt::Display + FromStr<Err = NotAnId> {
    /// What stands before the underscore: `art`.
    const PREFIX: &'static str;
    /// What it is the id of, in our words: `article`.
    const NOUN: &'static str;
    /// The id around these 16 bytes.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The 16 bytes.
    fn uuid(self) -> Uuid;

    /// A new id: sorted by the clock to the millisecond, random beyond.
    fn generate(clock: &dyn Clock, chance: &dyn Chance) -> Self {
        let mut random = [0; 10];
        chance.fill(&mut random);
        let millis = u64::try_from(clock.now().0).unwrap_or_default();
        Self::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

/// The text is not an id of the kind that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId;

/// Reads `prefix_` and 32 lower-case hexadecimal digits, and nothing else: an id has one spelling.
fn parse(prefix: &str, text: &str) -> Result<Uuid, NotAnId> {
    let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).ok_or(NotAnId)?;
    let canonical =
        digits.len() == 32 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !canonical {
        return Err(NotAnId);
    }
    Uuid::try_parse(digits).map_err(|_| NotAnId)
}

macro_rules! ids {
    ($($name:ident $prefix:literal $noun:literal;)*) => {$(
        #[doc = concat!("The id of one ", $noun, ": `", $prefix, "_…`.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
        pub struct $name(pub Uuid);

        impl GlobalId for $name {
            const PREFIX: &'static str = $prefix;
            const NOUN: &'static str = $noun;

            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            fn uuid(self) -> Uuid {
                self.0
            }
        }

        /// SeaORM asks it of every key; ids are never made by the database.
        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "_"))?;
                f.write_str(self.0.simple().encode_lower(&mut [0; Simple::LENGTH]))
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse($prefix, text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    return serializer.collect_str(self);
                }
                self.0.serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if !deserializer.is_human_readable() {
                    return Uuid::deserialize(deserializer).map(Self);
                }
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(|NotAnId| serde::de::Error::custom(concat!("not the id of one ", $noun)))
            }
        }
    )*};
}

ids! {
    ArticleId "art" "article";
    SectionId "sec" "section";
    ImageId "img" "image";
    AuthorId "aut" "author";
    TagId "tag" "tag";
    CategoryId "cat" "category";
    CommentId "com" "comment";
    UserId "usr" "user";
    SessionId "ses" "session";
    KeyId "key" "key";
    RedirectId "red" "redirect";
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_has_one_spelling(bytes in any::<[u8; 16]>()) {
            let id = ArticleId(Uuid::from_bytes(bytes));
            prop_assert_eq!(id.to_string().parse::<ArticleId>(), Ok(id));
            prop_assert!(id.to_string().parse::<ImageId>().is_err());
            let shouted = id.to_string().to_uppercase();
            prop_assert!(shouted.parse::<ArticleId>().is_err());
        }

        #[test]
        fn nothing_else_is_an_id(text in "\\PC{0,40}") {
            if let Ok(id) = text.parse::<ArticleId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
