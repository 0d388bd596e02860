//! The sources document: every app that may send events, and how its callbacks are authenticated.

#[cfg(feature = "functions")]
pub mod cache;

use std::fmt;

use serde::Deserialize;
use subtle::Choice;

use mediahook_senders::queue::SenderQueue;
use mediahook_senders::secret::Secret;
use mediahook_senders::settings::{Settings, SettingsError, is_unreserved, list};
use mediahook_senders::{SENDERS, Sender, Verify};

/// Every source of one deployment.
#[derive(Debug)]
pub struct Sources(Vec<Source>);

/// Where the sources come from.
#[derive(Debug)]
pub enum SourcesFrom {
    /// They are in the environment.
    Document(Sources),
    /// They are kept in the secret of this name or ARN.
    Secret(String),
}

/// One app of one sender.
pub struct Source {
    name: String,
    sender: &'static dyn Sender,
    path_tokens: Vec<PathToken>,
    verifier: Option<Box<dyn Verify>>,
    unauthenticated: bool,
    queue: Option<Box<dyn SenderQueue>>,
}

/// The settings of a source that do not depend on its sender, except for its `pull` section.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EverySource {
    #[serde(default, deserialize_with = "list")]
    path_tokens: Vec<PathToken>,
    #[serde(default)]
    unauthenticated: bool,
}

/// A secret at the end of a callback's path.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct PathToken(Secret);

impl TryFrom<String> for PathToken {
    type Error = &'static str;

    fn try_from(token: String) -> Result<Self, Self::Error> {
        const MIN_CHARS: usize = 8;
        let token = Secret::try_from(token)?;
        let is_token = is_path_segment(token.reveal()) && token.reveal().len() >= MIN_CHARS;
        if is_token { Ok(Self(token)) } else { Err("expected at least 8 of A-Z a-z 0-9 - . _ ~") }
    }
}

impl Sources {
    /// Reads the document: an object from `SENDER/APP` to that source's settings.
    ///
    /// # Errors
    /// [`SettingsError`]: a member is empty, unknown, mistyped or given twice. It names source and member, never a
    /// value.
    pub fn parse(document: &str) -> Result<Self, SettingsError> {
        Self::parse_with(document, SENDERS)
    }

    /// The same, with other senders than [`SENDERS`].
    ///
    /// # Errors
    /// [`SettingsError`], as for [`Sources::parse`].
    pub fn parse_with(document: &str, senders: &[&'static dyn Sender]) -> Result<Self, SettingsError> {
        let (mut sources, mut errors) = (Vec::new(), Vec::new());
        for (name, json) in Settings::parse("sources", document)?.entries() {
            match Source::read(name, json, senders) {
                Ok(source) => sources.push(source),
                Err(error) => errors.push(error),
            }
        }
        if let Some(errors) = SettingsError::all(errors) {
            return Err(errors);
        }
        if sources.is_empty() {
            return Err(SettingsError::new("sources", "no source in it"));
        }
        Ok(Self(sources))
    }

    /// The source of that name.
    pub fn get(&self, name: &str) -> Option<&Source> {
        self.0.iter().find(|source| source.name == name)
    }

    /// All of them, in the document's order.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }

    /// The warnings that are logged when the document is read.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(Source::warning)
    }
}

impl Source {
    fn read(name: String, json: &str, senders: &[&'static dyn Sender]) -> Result<Self, SettingsError> {
        let sender = sender_of(&name, senders).map_err(|problem| SettingsError::new(&name, problem))?;
        let mut settings = Settings::parse(&name, json)?;
        let EverySource { path_tokens, unauthenticated } =
            settings.split_off(&["path_tokens", "unauthenticated"]).read()?;
        let pull = settings.section("pull")?;
        let source = Self {
            sender,
            path_tokens,
            verifier: sender.verifier(settings)?,
            unauthenticated,
            queue: pull.map(|pull| sender.queue(pull)).transpose()?,
            name,
        };
        if source.unauthenticated && source.is_authenticated() {
            let place = format!("{}: unauthenticated", source.name);
            return Err(SettingsError::new(place, "contradicts the keys or tokens beside it"));
        }
        Ok(source)
    }

    /// `SENDER/APP`: the path on the function URL, and the envelope's `source`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The sender of its events.
    pub fn sender(&self) -> &'static dyn Sender {
        self.sender
    }

    /// Verifies its callbacks' signatures, if it has keys.
    pub fn verifier(&self) -> Option<&dyn Verify> {
        self.verifier.as_deref()
    }

    /// The client of its queue at the sender, if it has a `pull` section.
    pub fn queue(&self) -> Option<&dyn SenderQueue> {
        self.queue.as_deref()
    }

    /// Whether its callbacks must have a token in their path.
    pub fn has_path_tokens(&self) -> bool {
        !self.path_tokens.is_empty()
    }

    /// Whether the source can authorize any callback.
    pub fn takes_push(&self) -> bool {
        self.unauthenticated || self.is_authenticated()
    }

    /// Compares with every token in constant time, so that the duration shows no partial match.
    pub fn accepts_token(&self, given: &str) -> bool {
        self.path_tokens.iter().fold(Choice::from(0), |any, token| any | token.0.matches(given)).into()
    }

    fn is_authenticated(&self) -> bool {
        self.verifier.is_some() || self.has_path_tokens()
    }

    fn warning(&self) -> Option<String> {
        let warning = match (self.unauthenticated, self.is_authenticated()) {
            (true, _) => "unauthenticated: anybody who finds the URL can send events",
            (false, false) => "neither keys nor path tokens: takes no push",
            (false, true) => return None,
        };
        Some(format!("{}: {warning}", self.name))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

fn sender_of(name: &str, senders: &[&'static dyn Sender]) -> Result<&'static dyn Sender, String> {
    let (sender, app) = name.split_once('/').ok_or("expected a name of the form SENDER/APP")?;
    if !is_path_segment(app) {
        return Err("the name after the slash is one path segment of A-Z a-z 0-9 - . _ ~".to_owned());
    }
    let known = || senders.iter().map(|s| s.name()).collect::<Vec<_>>().join(", ");
    let found = senders.iter().copied().find(|s| s.name() == sender);
    found.ok_or_else(|| format!("unknown sender, expected one of {}", known()))
}

/// Only characters that no client, proxy or gateway rewrites: unreserved ones, and not `.` or `..` alone.
fn is_path_segment(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && text.bytes().all(is_unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(document: &str) -> String {
        Sources::parse(document).unwrap_err().to_string()
    }

    #[test]
    fn the_documented_example_is_valid() {
        let sources = Sources::parse(
            r#"{
            "tencent-vod/main": {
              "sign_keys": ["CurrentKey1", "PreviousKey0"],
              "path_tokens": ["4c1f0e9b7a"],
              "pull": { "secret_id": "AKID1", "secret_key": "ExampleKey1", "sub_app_id": 1500012345, "endpoint": "https://vod.intl.tencentcloudapi.com" }
            },
            "alibaba-ims/prod": {
              "auth_keys": ["CurrentKey1", "PreviousKey0"],
              "callback_urls": ["https://hooks.example.com/alibaba-ims/prod"],
              "pull": { "access_key_id": "LTAI1", "access_key_secret": "ExampleKey2", "queue": "ice-callback-prod", "endpoint": "https://1234.mns.cn-shanghai.aliyuncs.com" }
            },
            "tencent-vod/pulled": { "pull": { "secret_id": "AKID1", "secret_key": "ExampleKey1" } },
            "tencent-vod/open": { "unauthenticated": true }
          }"#,
        )
        .unwrap();
        let main = sources.get("tencent-vod/main").unwrap();
        assert!(main.takes_push() && main.accepts_token("4c1f0e9b7a") && !main.accepts_token("4c1f0e9b7b"));
        assert!(!sources.get("tencent-vod/pulled").unwrap().takes_push());
        assert!(sources.get("tencent-vod/open").unwrap().takes_push());
        assert_eq!(
            sources.warnings().collect::<Vec<_>>(),
            [
                "tencent-vod/pulled: neither keys nor path tokens: takes no push",
                "tencent-vod/open: unauthenticated: anybody who finds the URL can send events"
            ]
        );
    }

    /// A document, and its error.
    const MISTAKES: &[(&str, &str)] = &[
        ("", "sources: not JSON: line 1, column 0"),
        ("[]", "sources: expected an object"),
        ("{}", "sources: no source in it"),
        (r#"{"main":{}}"#, "main: expected a name of the form SENDER/APP"),
        (
            r#"{"aws-ivs/a":{}}"#,
            "aws-ivs/a: unknown sender, expected one of tencent-vod, alibaba-ims, alibaba-vod",
        ),
        (
            r#"{"tencent-vod/a/b":{}}"#,
            "tencent-vod/a/b: the name after the slash is one path segment of A-Z a-z 0-9 - . _ ~",
        ),
        (
            r#"{"tencent-vod/..":{}}"#,
            "tencent-vod/..: the name after the slash is one path segment of A-Z a-z 0-9 - . _ ~",
        ),
        (r#"{"tencent-vod/a":{},"tencent-vod/a":{}}"#, "sources: tencent-vod/a: given twice"),
        (r#"{"tencent-vod/a":[]}"#, "tencent-vod/a: expected an object"),
        (r#"{"tencent-vod/a":{"sign_key":["S3cret"]}}"#, "tencent-vod/a: sign_key: unknown or wrong"),
        (r#"{"tencent-vod/a":{"sign_keys":"S3cret"}}"#, "tencent-vod/a: sign_keys: unknown or wrong"),
        (r#"{"tencent-vod/a":{"sign_keys":[]}}"#, "tencent-vod/a: sign_keys: unknown or wrong"),
        (
            r#"{"alibaba-ims/a":{"auth_keys":["S3cret", ""]}}"#,
            "alibaba-ims/a: auth_keys[1]: unknown or wrong",
        ),
        (
            r#"{"alibaba-ims/a":{"auth_keys":["TestKey1"],"callback_urls":["hooks.example.com"]}}"#,
            "alibaba-ims/a: callback_urls[0]: unknown or wrong",
        ),
        (
            r#"{"tencent-vod/a":{"path_tokens":["S3/cret"]}}"#,
            "tencent-vod/a: path_tokens[0]: unknown or wrong",
        ),
        (
            r#"{"tencent-vod/a":{"path_tokens":["S3cretx"]}}"#,
            "tencent-vod/a: path_tokens[0]: unknown or wrong",
        ),
        (r#"{"tencent-vod/a":{"sign_keys":["S3cre"]}}"#, "tencent-vod/a: sign_keys[0]: unknown or wrong"),
        (
            "{\"tencent-vod/a\":{\"sign_keys\":[\"S3cret\\n\"]}}",
            "tencent-vod/a: sign_keys[0]: unknown or wrong",
        ),
        (
            r#"{"tencent-vod/a":{"sign_keys":["TestKey1","CHANGE_ME"]}}"#,
            "tencent-vod/a: sign_keys[1]: unknown or wrong",
        ),
        ("\u{feff}{}", "sources: not JSON: line 1, column 1"),
        (
            r#"{"tencent-vod/a":{"sign_keys":[]},"alibaba-ims/b":{"auth_keys":["TestKey1"]},"c":{}}"#,
            "tencent-vod/a: sign_keys: unknown or wrong; c: expected a name of the form SENDER/APP",
        ),
        (
            r#"{"tencent-vod/a":{"unauthenticated":"yes"}}"#,
            "tencent-vod/a: unauthenticated: unknown or wrong",
        ),
        (
            r#"{"tencent-vod/a":{"unauthenticated":true,"sign_keys":["S3cret"]}}"#,
            "tencent-vod/a: unauthenticated: contradicts the keys or tokens beside it",
        ),
        (
            r#"{"tencent-vod/a":{"sign_keys":["TestKey1", {"expected S3cret":1}]}}"#,
            "tencent-vod/a: sign_keys[1]: unknown or wrong",
        ),
        (
            r#"{"tencent-vod/a":{"sign_keys":["TestKey1"],"sign_keys":["S3cret"]}}"#,
            "tencent-vod/a: sign_keys: given twice",
        ),
        (r#"{"tencent-vod/a":{"sign_keys":null}}"#, "tencent-vod/a: sign_keys: unknown or wrong"),
        (r#"{"tencent-vod/a":{"unauthenticated":null}}"#, "tencent-vod/a: unauthenticated: unknown or wrong"),
        (r#"{"tencent-vod/a":{"pull":["x","S3cret"]}}"#, "tencent-vod/a: pull: expected an object"),
        (r#"{"tencent-vod/a":{"pull":null}}"#, "tencent-vod/a: pull: expected an object"),
        (r#"{"tencent-vod/a":{"pull":{"secret_id":"x"}}}"#, "tencent-vod/a: pull: a member is missing"),
        (
            r#"{"tencent-vod/a":{"pull":{"secret_id":"x","secret_key":" "}}}"#,
            "tencent-vod/a: pull: secret_key: unknown or wrong",
        ),
        (
            r#"{"tencent-vod/a":{"pull":{"secret_id":"x","secret_key":"S3cret","sub_app_id":null}}}"#,
            "tencent-vod/a: pull: sub_app_id: unknown or wrong",
        ),
        (
            r#"{"tencent-vod/a":{"pull":{"secret_id":"x","secret_key":"S3cret","endpoint":null}}}"#,
            "tencent-vod/a: pull: endpoint: unknown or wrong",
        ),
        (
            r#"{"tencent-vod/a":{"pull":{"secret_id":"x","secret_key":"S3cret","sub_app_id":"1"}}}"#,
            "tencent-vod/a: pull: sub_app_id: unknown or wrong",
        ),
        (
            r#"{"tencent-vod/a":{"pull":{"secret_id":"x","secret_key":"S3cret","endpoint":"http://vod.example.com"}}}"#,
            "tencent-vod/a: pull: endpoint: unknown or wrong",
        ),
        (
            r#"{"tencent-vod/a":{"pull":{"secret_id":"x","secret_key":"S3cret","endpoint":"https://vod.example.com/v2"}}}"#,
            "tencent-vod/a: pull: endpoint: unknown or wrong",
        ),
        (
            r#"{"tencent-vod/a":{"pull":{"secret_id":"x y","secret_key":"S3cret"}}}"#,
            "tencent-vod/a: pull: secret_id: unknown or wrong",
        ),
        (
            r#"{"alibaba-ims/a":{"pull":{"access_key_id":"x","access_key_secret":"S3cret","queue":"q/r","endpoint":"https://1.mns.example.com"}}}"#,
            "alibaba-ims/a: pull: queue: unknown or wrong",
        ),
        (
            r#"{"alibaba-ims/a":{"pull":{"access_key_id":"x","access_key_secret":"S3cret","queue":"q","endpoint":"https://1.mns.example.com","region":"x"}}}"#,
            "alibaba-ims/a: pull: region: unknown or wrong",
        ),
    ];

    #[test]
    fn an_error_names_the_member_and_never_the_value() {
        for (document, expected) in MISTAKES {
            assert_eq!(error(document), *expected, "{document}");
            assert!(!expected.contains("S3cret"));
        }
    }

    #[test]
    fn twice_as_many_sources_take_twice_as_long_to_read() {
        let document = |number: usize| {
            let sources: Vec<_> = (0..number).map(|n| format!(r#""tencent-vod/app-{n}":{{}}"#)).collect();
            format!("{{{}}}", sources.join(","))
        };
        let time = |document: &str| {
            let read = || {
                let began = std::time::Instant::now();
                assert!(Sources::parse(document).is_ok());
                began.elapsed()
            };
            (0..3).map(|_| read()).min().unwrap()
        };
        let (few, many) = (time(&document(2_000)), time(&document(32_000)));
        assert!(many < few * 64, "16 times as many took {few:?} and {many:?}");
    }

    #[test]
    fn no_key_shows_in_debug() {
        let sources =
            Sources::parse(r#"{"tencent-vod/a":{"sign_keys":["S3cret"],"path_tokens":["T0kenMark"]}}"#);
        let debug = format!("{:?}", sources.unwrap());
        assert!(
            debug.contains("tencent-vod/a") && !debug.contains("S3cret") && !debug.contains("T0ken"),
            "{debug}"
        );
    }
}
