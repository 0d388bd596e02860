//! URLs in the settings.

use http::Uri;

use crate::text::invisible;

/// The URL in a text: `http` or `https`, a host, no password, a valid port if any, no fragment: no request can have one.
pub(crate) fn parse_url(text: &str) -> Option<Uri> {
    let uri: Uri = text.parse().ok().filter(|_| invisible(text).is_none())?;
    let authority = uri.authority()?;
    let has_port = authority.as_str() != authority.host();
    let is_port = authority.port_u16().is_some_and(|port| port > 0);
    let is_url = matches!(uri.scheme_str(), Some("http" | "https"))
        && !authority.host().is_empty()
        && !authority.as_str().contains('@')
        && !text.contains('#')
        && (!has_port || is_port);
    is_url.then_some(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_scheme_host_and_port() {
        for url in [
            "https://a.example.com",
            "http://localhost:4566/",
            "http://[::1]:1",
            "https://a.example.com/点播?x=%20&y=1",
        ] {
            assert!(parse_url(url).is_some(), "{url}");
        }
        for url in [
            "a.example.com",
            "/path",
            "ftp://a",
            "https://",
            "https://:80",
            "http://user:PASSWORD@host",
            "http://host:99999",
            "http://host:0",
            "http://host:",
            "http://host/a\n",
            "http://host/a#b",
            "http://host/a?b=\"",
            "",
        ] {
            assert!(parse_url(url).is_none(), "{url}");
        }
    }
}
