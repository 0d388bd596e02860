//! What a configured text must be like, whatever it is for: no invisible characters, no placeholder.

/// Where in a text there is white space, a control character or an invisible character. A shell, an editor or a web
/// page puts them there, and a key or an address with one of them is another key or address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invisible {
    /// At its beginning.
    AtStart,
    /// Between its first and its last visible character.
    Inside,
    /// At its end: most often a newline.
    AtEnd,
}

/// The first place of such a character, by what is easiest to see; nothing where there is none.
pub fn invisible(text: &str) -> Option<Invisible> {
    if !text.contains(is_invisible) {
        None
    } else if text.ends_with(is_invisible) {
        Some(Invisible::AtEnd)
    } else if text.starts_with(is_invisible) {
        Some(Invisible::AtStart)
    } else {
        Some(Invisible::Inside)
    }
}

/// Whether there is nothing to see in a text.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_invisible)
}

/// White space of every script, control characters, and what has no width: soft hyphen, zero-width characters, marks of
/// direction, word joiner, byte order mark.
fn is_invisible(c: char) -> bool {
    let has_no_width = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    c.is_whitespace() || c.is_control() || has_no_width
}

/// Whether a text stands for a value that somebody was to fill in: `...`, `CHANGE_ME`, `<your key>`, `${KEY}`.
pub fn is_placeholder(text: &str) -> bool {
    let letters: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    letters.is_empty() || text.starts_with(['<', '$', '{']) || letters.eq_ignore_ascii_case("changeme")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_has_a_place() {
        for (text, place) in [
            ("key", None),
            ("schlüssel", None),
            ("key\n", Some(Invisible::AtEnd)),
            ("key\u{a0}", Some(Invisible::AtEnd)),
            ("\u{feff}key", Some(Invisible::AtStart)),
            (" key", Some(Invisible::AtStart)),
            ("k\u{200b}ey", Some(Invisible::Inside)),
            ("k\0ey", Some(Invisible::Inside)),
        ] {
            assert_eq!(invisible(text), place, "{text:?}");
        }
        assert!(is_blank("") && is_blank(" \u{a0}\u{200b}\n") && !is_blank(" x"));
    }

    #[test]
    fn placeholders_are_known() {
        for text in ["...", "CHANGE_ME", "change-me", "<sign key>", "${SIGN_KEY}", "{{key}}", "********"] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["CurrentKey1", "4c1f0e9b7a", "SecretSanta2026", "Mykey123", "钥匙钥匙钥匙"] {
            assert!(!is_placeholder(text), "{text}");
        }
    }
}
