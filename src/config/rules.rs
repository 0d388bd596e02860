//! The rules for the value of a variable: AWS's own naming rules, as far as the text can be checked.

use std::fmt;
use std::net::Ipv4Addr;

use mediahook_senders::text::{Invisible, UrlProblem, invisible, url_path};

macro_rules! problems {
    ($($name:ident = $text:literal;)*) => {
        /// What is wrong with a variable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Problem {
            $(#[doc = concat!("The value ", $text, ".")] $name,)*
        }

        impl Problem {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// A text that follows the variable's name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

problems! {
    InvisibleAtStart = "begins with white space or an invisible character";
    InvisibleInside = "has white space or an invisible character in it";
    InvisibleAtEnd = "ends with white space or an invisible character (a newline?)";
    NotAUrl = "expected a URL that begins with https:// or http://";
    UrlWithCredentials = "has a user name or a password in the URL";
    UrlWithoutHost = "has no host in the URL, or one with characters that no host has";
    UrlWithBadPort = "has a port in the URL that is not from 1 to 65535";
    UrlWithQuery = "has a query or a fragment in the URL";
    NotAFifoQueue = "is not the URL of a FIFO queue, whose name ends in .fifo";
    NotABucket = "is not the name of a bucket: 3 to 63 of a-z 0-9 - . alone, no ARN, no s3://";
    NotATable = "is not the name or ARN of a table: 3 to 255 of A-Z a-z 0-9 - . _ alone";
    NotAnEventBus = "is not the name or ARN of an event bus: 1 to 256 of A-Z a-z 0-9 - . _ / alone";
    NotASecret = "is not the name or ARN of a secret: A-Z a-z 0-9 / _ + = . @ - alone";
    NotARegion = "is not a region such as eu-central-1";
    NotACredential = "has characters that no credential has";
    NotABoolean = "expected true or false";
    BesideSecret = "is set beside MEDIAHOOK_SOURCES_SECRET: which one counts?";
    NotALease = "expected a whole number of seconds from 1 to 43200";
    NotATtl = "expected a whole number of seconds from 1 to 315360000";
    TtlBelowLease = "is less than the lease (MEDIAHOOK_LEASE_S): an event would be forgotten while it is processed";
    NotOriginSecrets = "expected secrets of at least 32 letters and digits, separated by commas";
    NotAReceiveCount = "expected a whole number from 1 to 1000, as the queue has it";
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

type Checked = Result<(), Problem>;

fn check(is_good: bool, problem: Problem) -> Checked {
    if is_good { Ok(()) } else { Err(problem) }
}

pub(super) fn visible(text: &str) -> Checked {
    match invisible(text) {
        None => Ok(()),
        Some(Invisible::AtStart) => Err(Problem::InvisibleAtStart),
        Some(Invisible::Inside) => Err(Problem::InvisibleInside),
        Some(Invisible::AtEnd) => Err(Problem::InvisibleAtEnd),
    }
}

/// The path of a URL.
pub(super) fn url(url: &str) -> Result<&str, Problem> {
    url_path(url).map_err(|problem| match problem {
        UrlProblem::Scheme => Problem::NotAUrl,
        UrlProblem::Credentials => Problem::UrlWithCredentials,
        UrlProblem::Host => Problem::UrlWithoutHost,
        UrlProblem::Port => Problem::UrlWithBadPort,
        UrlProblem::Query => Problem::UrlWithQuery,
    })
}

/// `https://HOST/ACCOUNT/NAME.fifo`. Emulators have other paths before the name.
pub(super) fn fifo_queue_url(text: &str) -> Checked {
    let path = url(text)?;
    let name = path.rsplit_once('/').map_or("", |(_, name)| name);
    let is_name = |name: &str| (1..=75).contains(&name.len()) && all(name, "-_");
    check(name.strip_suffix(".fifo").is_some_and(is_name), Problem::NotAFifoQueue)
}

pub(super) fn bucket(name: &str) -> Checked {
    let is_good = (3..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
        && !name.starts_with(['-', '.'])
        && !name.ends_with(['-', '.'])
        && !name.contains("..")
        && name.parse::<Ipv4Addr>().is_err();
    check(is_good, Problem::NotABucket)
}

pub(super) fn table(name: &str) -> Checked {
    let name = resource(name, "dynamodb", "table/").ok_or(Problem::NotATable)?;
    check((3..=255).contains(&name.len()) && all(name, "-._"), Problem::NotATable)
}

pub(super) fn event_bus(name: &str) -> Checked {
    let name = resource(name, "events", "event-bus/").ok_or(Problem::NotAnEventBus)?;
    check((1..=256).contains(&name.len()) && all(name, "-._/"), Problem::NotAnEventBus)
}

pub(super) fn secret(name: &str) -> Checked {
    let name = resource(name, "secretsmanager", "secret:").ok_or(Problem::NotASecret)?;
    check((1..=512).contains(&name.len()) && all(name, "/_+=.@-"), Problem::NotASecret)
}

/// It becomes a part of the host's name.
pub(super) fn region(name: &str) -> Checked {
    let is_good = (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-');
    check(is_good, Problem::NotARegion)
}

/// It becomes a part of a header.
pub(super) fn credential(text: &str) -> Checked {
    check(text.bytes().all(|b| b.is_ascii_graphic()), Problem::NotACredential)
}

fn all(name: &str, others: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

/// The name in `arn:PARTITION:SERVICE:REGION:ACCOUNT:KIND NAME`, or the text itself if it is not an ARN; nothing if
/// it is the ARN of another kind of resource.
fn resource<'a>(name: &'a str, service: &str, kind: &str) -> Option<&'a str> {
    if !name.starts_with("arn:") {
        return Some(name);
    }
    let mut parts = name.splitn(6, ':').skip(1);
    let (partition, of, at, account) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_account = !account.is_empty() && account.bytes().all(|b| b.is_ascii_digit());
    let is_its = partition.starts_with("aws") && of == service && region(at).is_ok() && is_account;
    parts.next()?.strip_prefix(kind).filter(|_| is_its)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The results of a rule for valid and invalid texts.
    fn test(rule: impl Fn(&str) -> Checked, problem: Problem, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(rule(text), Ok(()), "{text}");
        }
        for text in bad {
            assert_eq!(rule(text), Err(problem), "{text}");
        }
    }

    #[test]
    fn names_are_those_that_aws_gives() {
        let long = "a".repeat(300);
        test(
            bucket,
            Problem::NotABucket,
            &["mediahook-test", "a.b.c", "123", "stack-bucket-1abc2def3"],
            &[
                "ab",
                "Upper",
                "a..b",
                "-ab",
                "ab.",
                "a_b",
                "a?b",
                "s3://bucket",
                "arn:aws:s3:::bucket",
                "10.0.0.1",
                "b/k",
                &long,
            ],
        );
        test(
            table,
            Problem::NotATable,
            &["mediahook-test", "Stack_Table.1", "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/media"],
            &["ab", "a b", "t/t", "arn:aws:sqs:eu-west-1:1:table/media", "arn:aws:dynamodb", &long],
        );
        test(
            event_bus,
            Problem::NotAnEventBus,
            &[
                "media",
                "default",
                "aws.partner/example.com/1",
                "arn:aws:events:us-east-1:123456789012:event-bus/media",
            ],
            &["a b", "bus:media", "arn:aws:events:us-east-1:123456789012:rule/media", &long],
        );
        test(
            secret,
            Problem::NotASecret,
            &[
                "mediahook/sources",
                "a@b",
                "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mediahook/sources-AbCdEf",
            ],
            &["a:b", "{}", "arn:aws:s3:::b"],
        );
        test(
            region,
            Problem::NotARegion,
            &["eu-central-1", "us-iso-east-1"],
            &["EU", "eu_west_1", "-eu", "eu-", "eu.west", "1"],
        );
        test(credential, Problem::NotACredential, &["AKIA", "a/b+c=="], &["schlüssel"]);
    }

    #[test]
    fn a_fifo_queue_shows_by_its_name() {
        test(
            fifo_queue_url,
            Problem::NotAFifoQueue,
            &[
                "https://sqs.eu-central-1.amazonaws.com/123456789012/callbacks.fifo",
                "http://localhost:4566/000000000000/a_b-c.fifo",
                "http://localhost:9324/queue/callbacks.fifo",
            ],
            &[
                "https://sqs.eu-central-1.amazonaws.com/123456789012/callbacks",
                "https://sqs.eu-central-1.amazonaws.com/123456789012/.fifo",
                "https://sqs.eu-central-1.amazonaws.com/123456789012/a.b.fifo",
                "https://sqs.eu-central-1.amazonaws.com/123456789012/callbacks.fifo/",
                "https://sqs.eu-central-1.amazonaws.com",
            ],
        );
        assert_eq!(fifo_queue_url("callbacks.fifo"), Err(Problem::NotAUrl));
        assert_eq!(fifo_queue_url("https://a:99999/x.fifo"), Err(Problem::UrlWithBadPort));
    }
}
