//! A field of a partial update: left alone, cleared, or set.

/// A field of a partial update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Given<T> {
    /// Left as it is.
    #[default]
    Absent,
    /// Cleared.
    Null,
    /// Set.
    Value(T),
}

impl<T> Given<T> {
    /// The same of another type, where the value has one.
    pub fn try_map<U, E>(self, convert: impl FnOnce(T) -> Result<U, E>) -> Result<Given<U>, E> {
        Ok(match self {
            Self::Absent => Given::Absent,
            Self::Null => Given::Null,
            Self::Value(value) => Given::Value(convert(value)?),
        })
    }

    /// What was given, if anything: a value, or that there is to be none.
    pub fn value(self) -> Option<Option<T>> {
        match self {
            Self::Absent => None,
            Self::Null => Some(None),
            Self::Value(value) => Some(Some(value)),
        }
    }

    /// What the field becomes.
    pub fn or_present(self, present: &Option<T>) -> Option<T>
    where
        T: Clone,
    {
        match self {
            Self::Absent => present.clone(),
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}
