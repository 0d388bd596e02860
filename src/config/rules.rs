//! The rules for the value of a variable: only what would panic, leak or go somewhere else unnoticed. What AWS rejects
//! itself, in an error that the log shows, has no rule here.

use http::Uri;
use mediahook_senders::text::{Invisible, invisible};

use super::{BUCKET, DEAD_LETTER_QUEUE_URL, EVENT_BUS, QUEUE_URL, SOURCES_SECRET, TABLE};

/// What is wrong with a value, as a text that follows the variable's name.
pub type Problem = &'static str;

const NOT_A_URL: Problem =
    "expected a URL of https:// or http://, host and path alone, without a password, a query or a fragment";
const NOT_A_FIFO_QUEUE: Problem = "is not the URL of a FIFO queue, whose name ends in .fifo";
const NOT_A_BUCKET: Problem = "is not the name of a bucket: 3 to 63 of a-z 0-9 - . alone, no ARN, no s3://";

/// Checks a value by the rule for its variable.
pub(super) fn check(name: &str, value: &str) -> Result<(), Problem> {
    let rule = match name {
        QUEUE_URL | DEAD_LETTER_QUEUE_URL => fifo_queue_url,
        BUCKET => bucket,
        TABLE | EVENT_BUS | SOURCES_SECRET => |_: &str| Ok(()),
        "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN" => credential,
        _ if name.starts_with("AWS_ENDPOINT_URL") => url,
        // The SDK takes any other text for `false`.
        "AWS_USE_FIPS_ENDPOINT" | "AWS_USE_DUALSTACK_ENDPOINT" => |text: &str| {
            text.to_ascii_lowercase().parse::<bool>().map(drop).map_err(|_| "expected true or false")
        },
        _ => return Ok(()),
    };
    visible(value)?;
    rule(value)
}

fn visible(text: &str) -> Result<(), Problem> {
    match invisible(text) {
        None => Ok(()),
        Some(Invisible::AtStart) => Err("begins with white space or an invisible character"),
        Some(Invisible::Inside) => Err("has white space or an invisible character in it"),
        Some(Invisible::AtEnd) => Err("ends with white space or an invisible character (a newline?)"),
    }
}

/// Credentials and region become a part of a header: the SDK panics for another character.
fn credential(text: &str) -> Result<(), Problem> {
    let is_header = text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_header { Ok(()) } else { Err("has characters that no credential has") }
}

/// With an endpoint that is not a URL, the SDK puts the whole request into its error. It takes a port over 65535 for
/// none.
fn url(text: &str) -> Result<(), Problem> {
    let is_good = |uri: Uri| {
        let authority = uri.authority()?;
        let has_good_port = authority.as_str() == authority.host() || authority.port_u16()? > 0;
        let is_http = matches!(uri.scheme_str(), Some("https" | "http"));
        (is_http
            && has_good_port
            && !authority.host().is_empty()
            && uri.query().is_none()
            && !text.contains(['@', '#']))
        .then_some(())
    };
    text.parse().ok().and_then(is_good).ok_or(NOT_A_URL)
}

/// `https://HOST/ACCOUNT/NAME.fifo`. Emulators have other paths before the name. A standard queue takes no event.
fn fifo_queue_url(text: &str) -> Result<(), Problem> {
    url(text)?;
    let name = text.rsplit_once('/').map_or("", |(_, name)| name);
    let name = name.strip_suffix(".fifo").unwrap_or_default();
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if is_name { Ok(()) } else { Err(NOT_A_FIFO_QUEUE) }
}

/// It becomes a part of a URL and of every `dataref`.
fn bucket(name: &str) -> Result<(), Problem> {
    let is_good = (3..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
        && !name.contains("..");
    if is_good { Ok(()) } else { Err(NOT_A_BUCKET) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_scheme_host_and_port_alone() {
        for good in ["https://sqs.eu-central-1.amazonaws.com", "http://my_service:65535/a", "http://[::1]:1"]
        {
            assert_eq!(url(good), Ok(()), "{good}");
        }
        for bad in [
            "sqs.eu-central-1.amazonaws.com",
            "localhost:4566",
            "ftp://localhost",
            "https://",
            "https:///x",
            "https://:80",
            "https://ü",
            "http://[::1",
            "http://user:PASSWORD@[",
            "http://user@host",
            "http://host:99999",
            "http://host:0",
            "http://host:",
            "http://host?a=b",
            "http://host/a#b",
        ] {
            assert_eq!(url(bad), Err(NOT_A_URL), "{bad}");
        }
    }

    #[test]
    fn a_fifo_queue_shows_by_its_name() {
        for good in [
            "https://sqs.eu-central-1.amazonaws.com/123456789012/callbacks.fifo",
            "http://localhost:4566/000000000000/a_b-c.fifo",
            "http://localhost:9324/queue/callbacks.fifo",
        ] {
            assert_eq!(fifo_queue_url(good), Ok(()), "{good}");
        }
        for bad in [
            "https://sqs.eu-central-1.amazonaws.com/123456789012/callbacks",
            "https://sqs.eu-central-1.amazonaws.com/123456789012/.fifo",
            "https://sqs.eu-central-1.amazonaws.com/123456789012/a.b.fifo",
            "https://sqs.eu-central-1.amazonaws.com/123456789012/callbacks.fifo/",
            "https://sqs.eu-central-1.amazonaws.com",
        ] {
            assert_eq!(fifo_queue_url(bad), Err(NOT_A_FIFO_QUEUE), "{bad}");
        }
        assert_eq!(fifo_queue_url("callbacks.fifo"), Err(NOT_A_URL));
    }

    #[test]
    fn a_bucket_is_a_name_and_no_address() {
        for good in ["mediahook-test", "a.b.c", "123", "stack-bucket-1abc2def3"] {
            assert_eq!(bucket(good), Ok(()), "{good}");
        }
        for bad in ["ab", "Upper", "a..b", "a_b", "a?b", "s3://bucket", "arn:aws:s3:::bucket", "b/k"] {
            assert_eq!(bucket(bad), Err(NOT_A_BUCKET), "{bad}");
        }
    }
}
