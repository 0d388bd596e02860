//! What a configured text must be like, whatever it is for: no invisible characters, no placeholder, a URL that can be called.

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

/// What is wrong with a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlProblem {
    /// It begins neither with `https://` nor with `http://`.
    Scheme,
    /// It has a user name or a password.
    Credentials,
    /// It has no host, or one with characters that no host has.
    Host,
    /// Its port is not a number from 1 to 65535.
    Port,
    /// It has a query or a fragment.
    Query,
}

/// The path of a URL without query, with its slash; empty where it has none. The text has no invisible characters.
///
/// Clients differ in what they make of a URL that is not one: the AWS SDK puts it, and the request with it, into its error,
/// and takes a port over 65535 for none.
///
/// # Errors
/// [`UrlProblem`].
pub fn url_path(url: &str) -> Result<&str, UrlProblem> {
    let rest =
        url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).ok_or(UrlProblem::Scheme)?;
    let (authority, path) =
        rest.split_at_checked(rest.find(['/', '?', '#']).unwrap_or(rest.len())).unwrap_or((rest, ""));
    if authority.contains('@') {
        return Err(UrlProblem::Credentials);
    }
    let (host, port) = match authority.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
        Some((v6, after)) => {
            v6.parse::<std::net::Ipv6Addr>().map_err(|_| UrlProblem::Host)?;
            ("v6", after.strip_prefix(':').or((!after.is_empty()).then_some("")))
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let is_host = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    if host.is_empty() || !host.bytes().all(is_host) || host.starts_with('.') || host.contains("..") {
        return Err(UrlProblem::Host);
    }
    let is_port = |port: &str| {
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    if port.is_some_and(|port| !is_port(port)) {
        return Err(UrlProblem::Port);
    }
    if path.contains(['?', '#']) {
        return Err(UrlProblem::Query);
    }
    Ok(path)
}

/// How many letters have to be replaced, added or left out to make one text of the other (Levenshtein).
pub fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, of_a) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(row.first_mut().unwrap_or(&mut 0), i + 1);
        let mut left = i + 1;
        for (cell, of_b) in row.iter_mut().skip(1).zip(b.chars()) {
            let replaced = diagonal + usize::from(of_a != of_b);
            diagonal = *cell;
            *cell = replaced.min(left + 1).min(diagonal + 1);
            left = *cell;
        }
    }
    row.last().copied().unwrap_or_default()
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

    #[test]
    fn a_url_has_scheme_host_and_port() {
        for (url, path) in [
            ("https://sqs.eu-central-1.amazonaws.com", ""),
            ("http://localhost:4566/", "/"),
            ("http://my_service:65535/a/b.fifo", "/a/b.fifo"),
            ("http://[::1]:1", ""),
            ("https://[fe80::1]/x", "/x"),
        ] {
            assert_eq!(url_path(url), Ok(path), "{url}");
        }
        for (url, problem) in [
            ("sqs.eu-central-1.amazonaws.com", UrlProblem::Scheme),
            ("httpfoo", UrlProblem::Scheme),
            ("HTTP:/x", UrlProblem::Scheme),
            ("https://", UrlProblem::Host),
            ("https:///x", UrlProblem::Host),
            ("https://:80", UrlProblem::Host),
            ("https://a..b", UrlProblem::Host),
            ("https://ü", UrlProblem::Host),
            ("http://[::1", UrlProblem::Host),
            ("http://[1.2]", UrlProblem::Host),
            ("http://user:PASSWORD@[", UrlProblem::Credentials),
            ("http://user@host", UrlProblem::Credentials),
            ("http://host:99999", UrlProblem::Port),
            ("http://host:0", UrlProblem::Port),
            ("http://host:", UrlProblem::Port),
            ("http://host:+80", UrlProblem::Port),
            ("http://[::1]80", UrlProblem::Port),
            ("http://host?a=b", UrlProblem::Query),
            ("http://host/a#b", UrlProblem::Query),
        ] {
            assert_eq!(url_path(url), Err(problem), "{url}");
        }
    }

    #[test]
    fn the_distance_of_two_texts_is_counted_in_letters() {
        for (a, b, expected) in
            [("", "", 0), ("a", "", 1), ("", "ab", 2), ("kitten", "sitting", 3), ("BUKCET", "BUCKET", 2)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
