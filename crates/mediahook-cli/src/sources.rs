//! The sources document, with the keys: what a command needs to act as a source's sender.

use mediahook::sources::Sources;
use mediahook_senders::secret::Secret;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;

/// A document that the functions would accept.
pub(crate) struct Document {
    /// The text, as it is in the secret.
    pub(crate) text: String,
    parsed: Sources,
    settings: Vec<(String, Settings)>,
}

/// One source: its settings with the keys, and what the functions make of it.
pub(crate) struct Source<'a> {
    pub(crate) name: &'a str,
    pub(crate) settings: &'a Settings,
    pub(crate) parsed: &'a mediahook::sources::Source,
}

/// The members of a source that a command uses. [`Sources`] has checked all of them.
#[derive(Deserialize)]
pub(crate) struct Settings {
    #[serde(default, alias = "auth_keys")]
    sign_keys: Vec<Secret>,
    #[serde(default)]
    pub(crate) path_tokens: Vec<Secret>,
    #[serde(default)]
    pub(crate) callback_urls: Vec<String>,
    #[serde(default)]
    pub(crate) pull: Option<Pull>,
}

/// The credentials at the sender, and which queue is meant there.
#[derive(Deserialize, Clone)]
pub(crate) struct Pull {
    #[serde(alias = "access_key_id")]
    pub(crate) secret_id: String,
    #[serde(alias = "access_key_secret")]
    pub(crate) secret_key: Secret,
    pub(crate) sub_app_id: Option<u64>,
    pub(crate) queue: Option<String>,
    pub(crate) endpoint: Option<String>,
}

impl Document {
    pub(crate) fn parse(text: String) -> Result<Self, Failure> {
        let invalid =
            |error: &dyn std::fmt::Display| Failure::Failed(format!("the sources document: {error}"));
        let parsed = Sources::parse(&text).map_err(|error| invalid(&error))?;
        let mut settings = Vec::new();
        for source in parsed.iter() {
            let document: std::collections::HashMap<String, &RawValue> =
                serde_json::from_str(&text).map_err(|_| invalid(&"not JSON"))?;
            let json = document.get(source.name()).map_or("{}", |json| json.get());
            // serde's own words may repeat a key.
            let read =
                serde_json::from_str(json).map_err(|_| invalid(&format!("{}: not read", source.name())))?;
            settings.push((source.name().to_owned(), read));
        }
        Ok(Self { text, parsed, settings })
    }

    /// The source of this name.
    pub(crate) fn get(&self, name: &str) -> Result<Source<'_>, Failure> {
        self.iter().find(|source| source.name == name).ok_or_else(|| {
            let known: Vec<_> = self.iter().map(|source| source.name).collect();
            Failure::Usage(format!("no source `{name}`; the sources are {}", known.join(", ")))
        })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Source<'_>> {
        self.settings
            .iter()
            .filter_map(|(name, settings)| Some(Source { name, settings, parsed: self.parsed.get(name)? }))
    }

    /// What the functions warn of when they read it.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = String> {
        self.parsed.warnings()
    }
}

impl Settings {
    /// The keys that its callbacks may be signed with. The first is the current one.
    pub(crate) fn keys(&self) -> &[Secret] {
        &self.sign_keys
    }
}

impl Source<'_> {
    /// The first half of its name.
    pub(crate) fn sender(&self) -> &'static str {
        self.parsed.sender().name()
    }

    /// The address that its sender posts to, at a receiver's address.
    pub(crate) fn url_at(&self, receiver: &str) -> String {
        let url = format!("{receiver}{}", self.name);
        match self.settings.path_tokens.first() {
            Some(token) => format!("{url}/{}", token.reveal()),
            None => url,
        }
    }

    /// The same, where the address is shown: without the token.
    pub(crate) fn shown_url_at(&self, receiver: &str) -> String {
        let token = if self.settings.path_tokens.is_empty() { "" } else { "/[TOKEN]" };
        format!("{receiver}{}{token}", self.name)
    }
}

/// What a key is called where it must not be shown: enough to tell two keys apart, too little to guess one.
pub(crate) fn fingerprint(key: &Secret) -> String {
    let digest = Sha256::digest(key.reveal().as_bytes());
    let start: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{start}")
}
