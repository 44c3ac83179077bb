//! The boxes that an AVIF is made of.

/// The boxes in a box: what they are called, and what they hold. (ISO/IEC 14496-12, 4.2.)
pub(super) struct Boxes<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Boxes<'a> {
    type Item = (&'a [u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (size, rest) = self.0.split_first_chunk::<4>()?;
        let (name, rest) = rest.split_first_chunk::<4>()?;
        let (length, content) = match u32::from_be_bytes(*size) {
            0 => (rest.len(), rest),
            1 => {
                let (size, rest) = rest.split_first_chunk::<8>()?;
                (usize::try_from(u64::from_be_bytes(*size)).ok()?.checked_sub(16)?, rest)
            }
            size => ((size as usize).checked_sub(8)?, rest),
        };
        let (content, after) = content.split_at_checked(length)?;
        self.0 = after;
        Some((name, content))
    }
}

/// What the first box of this name holds.
pub(super) fn inside<'a>(boxes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    Boxes(boxes).find(|(found, _)| *found == name).map(|(_, content)| content)
}

/// Numbers, one behind the other.
pub(super) struct Numbers<'a>(pub(super) &'a [u8]);

impl Numbers<'_> {
    /// The next, of so many bytes.
    pub(super) fn next(&mut self, length: usize) -> Option<usize> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }
}
