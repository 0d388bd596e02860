//! Which trace a call belongs to: what X-Ray's header and W3C's `traceparent` both say.

use std::fmt;

/// A trace, and where in it we were called. It is read strictly, for it goes into envelopes and on to other services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// The start of the trace as X-Ray has it, in seconds: the first 32 of W3C's 128 bits.
    epoch: u32,
    /// The other 96 bits.
    unique: u128,
    /// The segment that called; X-Ray knows traces without one.
    parent: Option<u64>,
    sampled: bool,
}

/// A trace's id, as X-Ray writes it: `1-5bef4de7-ad49b0e87f6ef6c87fc2e700`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId(Trace);

impl Trace {
    /// Reads X-Ray's header, `Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=53995c3f42cd8ad8;Sampled=1`, of which only
    /// `Root` must be there. Whatever else stands in it is passed over; nothing where a part that counts is malformed.
    pub fn from_xray(header: &str) -> Option<Self> {
        let (mut root, mut parent, mut sampled) = (None, None, None);
        for part in header.split(';') {
            let (name, value) = part.split_once('=')?;
            let place = match name.trim() {
                "Root" => &mut root,
                "Parent" => &mut parent,
                "Sampled" => &mut sampled,
                _ => continue,
            };
            if place.replace(value.trim()).is_some() {
                return None;
            }
        }
        let (epoch, unique) = root?.strip_prefix("1-")?.split_once('-')?;
        let parent = match parent {
            Some(parent) => Some(u64::try_from(hex(parent, 16)?).ok()?),
            None => None,
        };
        let sampled = match sampled {
            Some("1") => true,
            // `?` leaves it to us, and we take no samples of our own.
            Some("0" | "?") | None => false,
            Some(_) => return None,
        };
        Self { epoch: u32::try_from(hex(epoch, 8)?).ok()?, unique: hex(unique, 24)?, parent, sampled }.valid()
    }

    /// Reads a `traceparent` of version 00, the only one we write.
    pub fn from_traceparent(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("00-")?.split('-');
        let (trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let (epoch, unique) = trace.split_at_checked(8)?;
        let parent = Some(u64::try_from(hex(parent, 16)?).ok()?);
        let sampled = hex(flags, 2)? & 1 == 1;
        Self { epoch: u32::try_from(hex(epoch, 8)?).ok()?, unique: hex(unique, 24)?, parent, sampled }.valid()
    }

    /// W3C forbids ids of nothing but zeros.
    fn valid(self) -> Option<Self> {
        let is_null = (self.epoch == 0 && self.unique == 0) || self.parent == Some(0);
        (!is_null).then_some(self)
    }

    /// Its id.
    pub fn id(self) -> TraceId {
        TraceId(self)
    }

    /// W3C's `traceparent`; nothing without a parent, which it cannot be without.
    pub fn traceparent(self) -> Option<String> {
        let Self { epoch, unique, parent, sampled } = self;
        parent.map(|parent| format!("00-{epoch:08x}{unique:024x}-{parent:016x}-{:02x}", u8::from(sampled)))
    }

    /// X-Ray's header.
    pub fn xray(self) -> String {
        let (id, sampled) = (self.id(), u8::from(self.sampled));
        match self.parent {
            Some(parent) => format!("Root={id};Parent={parent:016x};Sampled={sampled}"),
            None => format!("Root={id};Sampled={sampled}"),
        }
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1-{:08x}-{:024x}", self.0.epoch, self.0.unique)
    }
}

/// So many digits, all of them lower case.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if is_hex { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const XRAY: &str = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=03995c3f42cd8ad8;Sampled=1";
    const TRACEPARENT: &str = "00-5bef4de7ad49b0e87f6ef6c87fc2e700-03995c3f42cd8ad8-01";

    #[test]
    fn both_say_the_same() {
        let trace = Trace::from_xray(XRAY).unwrap();
        assert_eq!(trace.traceparent().as_deref(), Some(TRACEPARENT));
        assert_eq!(Trace::from_traceparent(TRACEPARENT), Some(trace));
        assert_eq!(trace.xray(), XRAY);
        assert_eq!(trace.id().to_string(), "1-5bef4de7-ad49b0e87f6ef6c87fc2e700");
    }

    #[test]
    fn order_and_other_members_do_not_count() {
        for header in [
            "Sampled=1;Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=03995c3f42cd8ad8",
            "Self=1-2-3; Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700; Parent=03995c3f42cd8ad8; Sampled=1;Lineage=1:25:0",
        ] {
            assert_eq!(Trace::from_xray(header), Trace::from_xray(XRAY), "{header}");
        }
    }

    #[test]
    fn without_a_parent_there_is_a_header_and_no_traceparent() {
        let trace = Trace::from_xray("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700").unwrap();
        assert_eq!(trace.traceparent(), None);
        assert_eq!(trace.xray(), "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0");
    }

    #[test]
    fn what_is_malformed_is_none() {
        for header in [
            "",
            ";",
            "Root=",
            "Root=2-5bef4de7-ad49b0e87f6ef6c87fc2e700",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e70",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e70G",
            "Root=1-5BEF4DE7-ad49b0e87f6ef6c87fc2e700",
            "Root=1-+bef4de7-ad49b0e87f6ef6c87fc2e700",
            "Root=1-00000000-000000000000000000000000",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=0000000000000000",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=03995c3f42cd8ad8;Sampled=\"",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;é",
        ] {
            assert_eq!(Trace::from_xray(header), None, "{header}");
        }
        for text in [
            "",
            "00-",
            "01-5bef4de7ad49b0e87f6ef6c87fc2e700-03995c3f42cd8ad8-01",
            "00-5bef4de7ad49b0e87f6ef6c87fc2e700-03995c3f42cd8ad8",
            "00-5bef4de7ad49b0e87f6ef6c87fc2e700-03995c3f42cd8ad8-01-00",
            "00-5bef4de7ad49b0e87f6ef6c87fc2e700-0000000000000000-01",
            "00-5bef4dé7ad49b0e87f6ef6c87fc2e70-03995c3f42cd8ad8-01",
        ] {
            assert_eq!(Trace::from_traceparent(text), None, "{text}");
        }
    }
}
