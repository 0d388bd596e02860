//! Reads a JSON text in one pass, as strictly as RFC 8259 and `serde_json` have it.
//!
//! Nothing is decoded or copied. What comes of it is an index: sixteen bytes for each value and each name, in the order in
//! which they stand. So the densest text fills eight times its size, and no object has a place in memory of its own.

use memchr::{memchr_iter, memrchr};

use super::cursor::{Cursor, Unexpected};
use super::{Kind, MAX_DEPTH, ParseError};

/// A value, or the name of a member.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// Of a string: whether there is an escape in it.
    pub(super) is_escaped: bool,
    /// Where it begins in the text.
    pub(super) start: u32,
    /// Where it has ended.
    pub(super) end: u32,
    /// How many of the nodes behind it stand in it.
    pub(super) inside: u32,
}

/// The nodes of a text, from the one of all of it on.
pub(super) fn read(text: &str) -> Result<Vec<Node>, ParseError> {
    if u32::try_from(text.len()).is_err() {
        return Err(ParseError::TooLong);
    }
    // The senders' events have a node for every ten bytes.
    let nodes = Vec::with_capacity(text.len() / 8);
    let mut reader = Reader { cursor: Cursor::new(text), nodes };
    match reader.text() {
        Ok(()) => Ok(reader.nodes),
        Err(Stop::TooDeep) => Err(ParseError::TooDeep),
        Err(Stop::Unexpected) => Err(syntax_error(text, reader.cursor.at)),
    }
}

fn syntax_error(text: &str, at: usize) -> ParseError {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    let line_start = memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    ParseError::Syntax { line: 1 + memchr_iter(b'\n', before).count(), column: 1 + at - line_start }
}

/// Why reading ends before the text does.
enum Stop {
    Unexpected,
    TooDeep,
}

impl From<Unexpected> for Stop {
    fn from(Unexpected: Unexpected) -> Self {
        Self::Unexpected
    }
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    nodes: Vec<Node>,
}

impl Reader<'_> {
    fn text(&mut self) -> Result<(), Stop> {
        self.cursor.space();
        self.value(MAX_DEPTH)?;
        self.cursor.space();
        if self.cursor.byte().is_none() { Ok(()) } else { Err(Stop::Unexpected) }
    }

    fn value(&mut self, levels_left: usize) -> Result<(), Stop> {
        match self.cursor.byte().ok_or(Unexpected)? {
            b'"' => Ok(self.string()?),
            b'{' => self.nested(Kind::Object, levels_left, Self::members),
            b'[' => self.nested(Kind::Array, levels_left, Self::items),
            b'-' | b'0'..=b'9' => Ok(self.number()?),
            b't' => Ok(self.word(Kind::Bool, b"true")?),
            b'f' => Ok(self.word(Kind::Bool, b"false")?),
            b'n' => Ok(self.word(Kind::Null, b"null")?),
            _ => Err(Stop::Unexpected),
        }
    }

    /// An object or an array. Its node stands before those of its contents.
    fn nested(
        &mut self,
        kind: Kind,
        levels_left: usize,
        contents: impl FnOnce(&mut Self, usize) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let levels_left = levels_left.checked_sub(1).ok_or(Stop::TooDeep)?;
        let index = self.nodes.len();
        self.push(kind, self.cursor.at, false);
        self.cursor.at += 1;
        self.cursor.space();
        contents(self, levels_left)?;
        self.cursor.at += 1;
        let inside = position(self.nodes.len() - index - 1);
        if let Some(node) = self.nodes.get_mut(index) {
            node.end = position(self.cursor.at);
            node.inside = inside;
        }
        Ok(())
    }

    fn members(&mut self, levels_left: usize) -> Result<(), Stop> {
        let mut has_another = self.cursor.byte() != Some(b'}');
        while has_another {
            self.string()?;
            self.cursor.space();
            self.cursor.expect(b':')?;
            self.cursor.space();
            self.value(levels_left)?;
            has_another = self.has_another(b'}')?;
        }
        Ok(())
    }

    fn items(&mut self, levels_left: usize) -> Result<(), Stop> {
        let mut has_another = self.cursor.byte() != Some(b']');
        while has_another {
            self.value(levels_left)?;
            has_another = self.has_another(b']')?;
        }
        Ok(())
    }

    /// Behind an item: goes over the comma, to the next one, or else stands before the closing bracket.
    fn has_another(&mut self, closing: u8) -> Result<bool, Unexpected> {
        self.cursor.space();
        if self.cursor.byte() == Some(closing) {
            return Ok(false);
        }
        self.cursor.expect(b',')?;
        self.cursor.space();
        Ok(true)
    }

    fn string(&mut self) -> Result<(), Unexpected> {
        let (start, mut is_escaped) = (self.cursor.at, false);
        self.cursor.expect(b'"')?;
        loop {
            self.cursor.plain();
            match self.cursor.byte() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                _ => return Err(Unexpected),
            }
            is_escaped = true;
        }
        self.cursor.at += 1;
        self.push(Kind::String, start, is_escaped);
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Unexpected> {
        self.cursor.at += 1;
        let letter = self.cursor.byte();
        if !matches!(letter, Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' | b'u')) {
            return Err(Unexpected);
        }
        self.cursor.at += 1;
        for _ in 0..if letter == Some(b'u') { 4 } else { 0 } {
            self.cursor.byte().filter(u8::is_ascii_hexdigit).ok_or(Unexpected)?;
            self.cursor.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Unexpected> {
        let start = self.cursor.at;
        self.skip_one_of(b"-");
        if !self.skip_one_of(b"0") {
            self.digits()?;
        }
        if self.skip_one_of(b".") {
            self.digits()?;
        }
        if self.skip_one_of(b"eE") {
            self.skip_one_of(b"+-");
            self.digits()?;
        }
        self.push(Kind::Number, start, false);
        Ok(())
    }

    /// One digit, or more.
    fn digits(&mut self) -> Result<(), Unexpected> {
        let start = self.cursor.at;
        while self.cursor.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.cursor.at += 1;
        }
        if self.cursor.at == start { Err(Unexpected) } else { Ok(()) }
    }

    fn skip_one_of(&mut self, bytes: &[u8]) -> bool {
        let is_one = self.cursor.byte().is_some_and(|byte| bytes.contains(&byte));
        self.cursor.at += usize::from(is_one);
        is_one
    }

    fn word(&mut self, kind: Kind, word: &[u8]) -> Result<(), Unexpected> {
        let start = self.cursor.at;
        word.iter().try_for_each(|letter| self.cursor.expect(*letter))?;
        self.push(kind, start, false);
        Ok(())
    }

    fn push(&mut self, kind: Kind, start: usize, is_escaped: bool) {
        let end = position(self.cursor.at);
        self.nodes.push(Node { kind, is_escaped, start: position(start), end, inside: 0 });
    }
}

/// A place in a text whose length is known to fit.
fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
