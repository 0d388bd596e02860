//! A place in a text, and what both readings of it do there.

/// What stands there cannot stand there, or nothing does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unexpected;

pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    /// How many bytes are behind it.
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Unexpected> {
        if self.byte() != Some(byte) {
            return Err(Unexpected);
        }
        self.at += 1;
        Ok(())
    }

    pub(super) fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.byte() {
            self.at += 1;
        }
    }

    /// Goes over what in a string is nothing but itself: up to a quote, a backslash or a control character.
    pub(super) fn plain(&mut self) {
        self.at += plain(self.text.as_bytes().get(self.at..).unwrap_or_default());
    }

    /// What was read since then.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }
}

/// Eight bytes at a time, since most of a text is in its strings.
fn plain(bytes: &[u8]) -> usize {
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    // Sets the highest bit of the first byte that is zero. Those of bytes behind it say nothing.
    let zero = |word: u64| word.wrapping_sub(each(1)) & !word;
    let mut rest = bytes;
    while let Some((eight, behind)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*eight);
        let control = word.wrapping_sub(each(b' ')) & !word;
        let ends = (control | zero(word ^ each(b'"')) | zero(word ^ each(b'\\'))) & each(0x80);
        if ends != 0 {
            return bytes.len() - rest.len() + ends.trailing_zeros() as usize / 8;
        }
        rest = behind;
    }
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | ..b' ');
    bytes.len() - rest.len() + rest.iter().take_while(is_plain).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_ends_where_it_does() {
        for byte in 0..=u8::MAX {
            let ends = matches!(byte, b'"' | b'\\' | 0..32);
            for (before, behind) in [(0, 0), (0, 9), (3, 0), (3, 20), (8, 1), (13, 5)] {
                // Bytes that differ from one that ends it by a single bit, or by a carry.
                for around in [b'x', 0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f, 0x80, 0x9f, 0xa2, 0xdc, 0xff] {
                    let bytes = [vec![around; before], vec![byte], vec![around; behind]].concat();
                    assert_eq!(plain(&bytes), if ends { before } else { bytes.len() }, "{bytes:?}");
                }
            }
        }
    }
}
